//! What the control API and tests do to files.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Content, Drive, Files, Item, Kind};
use crate::{ids, random};

/// A change to one item of a drive, or a new item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileChange {
    /// Id of the drive.
    pub drive: String,
    /// Id of the item, deleted or not; without it a new one is made, in `parent` and with `name`.
    pub item: Option<String>,
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Id of another folder; a new item is put into the root without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Other contents. A new item without it is a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Into the recycle bin, with everything below it, or back from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// Delta tokens given out so far are too old from now on.
    pub resync: bool,
}

/// Why files cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No drive has this id.
    #[error("there is no drive {0:?}: use an id of the README or of Graph's /drives")]
    UnknownDrive(String),
    /// The drive has no such item.
    #[error("the drive has no item {0:?}")]
    UnknownItem(String),
    /// A new item has a name.
    #[error("say which \"item\", or the \"name\" of a new one")]
    Nameless,
}

impl Files {
    /// Makes the change; answers with the item's id, unless it was about the drive alone.
    pub(crate) fn change(
        &mut self,
        change: &FileChange,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, FileError> {
        let sequence = self.sequence + 1;
        let drive = self.drives.iter_mut().find(|drive| drive.id == change.drive);
        let drive = drive.ok_or_else(|| FileError::UnknownDrive(change.drive.clone()))?;
        if let Some(parent) = change.parent.as_ref().filter(|parent| drive.item(parent).is_none()) {
            return Err(FileError::UnknownItem(parent.clone()));
        }
        let id = match &change.item {
            Some(id) => Some(id.clone()),
            None if change.resync && change.name.is_none() => None,
            None => Some(drive.make(change, now)?),
        };
        if let Some(id) = &id {
            drive.alter(id, change, now, sequence)?;
        }
        self.sequence = sequence;
        if change.resync {
            self.resync_before = sequence;
        }
        Ok(id)
    }
}

impl Drive {
    fn make(&mut self, change: &FileChange, now: DateTime<Utc>) -> Result<String, FileError> {
        let name = change.name.clone().ok_or(FileError::Nameless)?;
        let kind = match &change.text {
            None => Kind::Folder,
            Some(_) => Kind::File(Content::new(&name, Vec::new())),
        };
        let id = ids::item(&random::uuid().simple().to_string().to_uppercase());
        let parent = self.items.first().map(|root| root.id.clone());
        self.items.push(Item {
            id: id.clone(),
            guid: random::uuid(),
            parent,
            name,
            kind,
            created: now,
            modified: now,
            version: 0,
            changed: 0,
            is_deleted: false,
        });
        Ok(id)
    }

    fn alter(
        &mut self,
        id: &str,
        change: &FileChange,
        now: DateTime<Utc>,
        sequence: u64,
    ) -> Result<(), FileError> {
        let below: Vec<String> =
            self.items.iter().filter(|item| self.is_below(item, id)).map(|item| item.id.clone()).collect();
        let item = self.items.iter_mut().find(|item| item.id == id);
        let item = item.ok_or_else(|| FileError::UnknownItem(id.to_owned()))?;
        item.name = change.name.clone().unwrap_or(std::mem::take(&mut item.name));
        if item.parent.is_some() {
            item.parent = change.parent.clone().or(item.parent.take());
        }
        if let Some(text) = &change.text {
            item.kind = Kind::File(Content::new(&item.name, text.as_bytes()));
        }
        (item.modified, item.changed, item.version) = (now, sequence, item.version + 1);
        if let Some(deleted) = change.deleted {
            for item in self.items.iter_mut().filter(|item| item.id == id || below.contains(&item.id)) {
                (item.is_deleted, item.changed) = (deleted, sequence);
            }
        }
        Ok(())
    }
}

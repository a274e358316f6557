//! What Graph and SharePoint send, as far as it is read, and what becomes of it. Members that are missing or of
//! another kind than documented make a thing poorer and not a list unreadable.

use chrono::{DateTime, Utc};
use domain::sharepoint::{Drive, DriveId, DriveItem, ItemId, ItemKind, SharePointList, Site, SiteId};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::address::decoded;

/// A page.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub value: Vec<T>,
    #[serde(rename = "@odata.nextLink", alias = "odata.nextLink")]
    pub next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub later: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SiteWire {
    id: String,
    name: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    web_url: Option<String>,
    created_date_time: Option<DateTime<Utc>>,
    last_modified_date_time: Option<DateTime<Utc>>,
}

impl SiteWire {
    /// `None` when it has no id that could be asked for.
    pub(super) fn site(self) -> Option<Site> {
        Some(Site {
            id: SiteId::parse(&self.id)?,
            name: self.name,
            display_name: self.display_name,
            description: text(self.description),
            web_url: self.web_url.and_then(address_for_people),
            created_at: self.created_date_time,
            last_modified_at: self.last_modified_date_time,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DriveWire {
    id: String,
    name: Option<String>,
    description: Option<String>,
    drive_type: Option<String>,
    web_url: Option<String>,
}

impl DriveWire {
    pub(super) fn drive(self) -> Option<Drive> {
        Some(Drive {
            id: DriveId::parse(&self.id)?,
            name: self.name,
            description: text(self.description),
            drive_type: self.drive_type,
            web_url: self.web_url.and_then(address_for_people),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parent {
    drive_id: Option<String>,
    site_id: Option<String>,
    id: Option<String>,
    path: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FileFacet {
    mime_type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FolderFacet {
    child_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemWire {
    id: String,
    name: Option<String>,
    web_url: Option<String>,
    size: Option<i64>,
    e_tag: Option<String>,
    c_tag: Option<String>,
    created_date_time: Option<DateTime<Utc>>,
    last_modified_date_time: Option<DateTime<Utc>>,
    #[serde(default)]
    parent_reference: Parent,
    file: Option<FileFacet>,
    folder: Option<FolderFacet>,
    package: Option<Value>,
    deleted: Option<Value>,
    root: Option<Value>,
}

impl ItemWire {
    pub(super) fn item(self) -> Option<DriveItem> {
        let kind = if self.deleted.is_some() {
            ItemKind::Deleted
        } else if let Some(file) = self.file {
            ItemKind::File { mime_type: file.mime_type }
        } else if self.package.is_some() {
            ItemKind::Package
        } else if let Some(folder) = self.folder {
            ItemKind::Folder { child_count: folder.child_count }
        } else {
            ItemKind::Other
        };
        let path = match (&self.root, &self.name) {
            (Some(_), _) => Some("/".to_owned()),
            (None, Some(name)) => self.parent_reference.path.as_deref().and_then(|path| below(path, name)),
            (None, None) => None,
        };
        Some(DriveItem {
            id: ItemId::parse(&self.id)?,
            drive_id: self.parent_reference.drive_id.as_deref().and_then(DriveId::parse),
            site_id: self.parent_reference.site_id.as_deref().and_then(SiteId::parse),
            parent_id: self.parent_reference.id.as_deref().and_then(ItemId::parse),
            kind,
            name: self.name,
            path,
            web_url: self.web_url.and_then(address_for_people),
            size: self.size.and_then(|size| u64::try_from(size).ok()),
            etag: self.e_tag,
            content_tag: self.c_tag,
            created_at: self.created_date_time,
            last_modified_at: self.last_modified_date_time,
        })
    }
}

/// The path of an item: what follows `root:` in its parent's path (`/drives/{id}/root:/Reports`, percent-encoded), and
/// its name.
fn below(parent: &str, name: &str) -> Option<String> {
    let (_, folder) = parent.split_once("root:")?;
    Some(format!("{}/{name}", decoded(folder).trim_end_matches('/')))
}

/// SharePoint's own form (`application/json;odata=nometadata`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListWire {
    id: Uuid,
    title: String,
    description: Option<String>,
    item_count: Option<u64>,
    base_template: Option<u32>,
    #[serde(default)]
    hidden: bool,
    created: Option<DateTime<Utc>>,
}

impl ListWire {
    pub(super) fn list(self) -> SharePointList {
        SharePointList {
            id: self.id,
            title: self.title,
            description: text(self.description),
            item_count: self.item_count,
            template: self.base_template,
            is_hidden: self.hidden,
            created_at: self.created,
        }
    }
}

/// Microsoft sends empty texts for what nobody said.
fn text(given: Option<String>) -> Option<String> {
    given.filter(|text| !text.is_empty())
}

/// An address that may be a link on a page: not `javascript:`, whoever put it there.
fn address_for_people(text: String) -> Option<String> {
    Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https")).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(value: Value) -> Option<DriveItem> {
        serde_json::from_value::<ItemWire>(value).unwrap().item()
    }

    #[test]
    fn an_item_has_its_path_from_the_root_of_its_drive() {
        let made = item(json!({
            "id": "01ABC", "name": "Plan #1.docx", "size": 5, "eTag": "\"{X},1\"",
            "parentReference": { "driveId": "b!d", "id": "01P", "path": "/drives/b!d/root:/Re%20ports/Q1" },
            "file": { "mimeType": "text/plain" }, "webUrl": "https://contoso.sharepoint.com/x",
            "createdDateTime": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        assert_eq!(made.path.as_deref(), Some("/Re ports/Q1/Plan #1.docx"));
        assert_eq!(made.kind, ItemKind::File { mime_type: Some("text/plain".to_owned()) });
        let at_root = item(json!({ "id": "a", "name": "b", "parentReference": { "path": "/drive/root:" } }));
        assert_eq!(at_root.unwrap().path.as_deref(), Some("/b"));
        let root =
            item(json!({ "id": "a", "name": "root", "root": {}, "folder": { "childCount": 2 } })).unwrap();
        assert_eq!(root.path.as_deref(), Some("/"));
        assert_eq!(root.kind, ItemKind::Folder { child_count: Some(2) });
    }

    #[test]
    fn what_is_deleted_has_an_id_and_little_else() {
        let gone = item(json!({ "id": "01ABC", "deleted": { "state": "deleted" }, "file": {} })).unwrap();
        assert_eq!((gone.kind, gone.name, gone.path), (ItemKind::Deleted, None, None));
    }

    #[test]
    fn an_id_that_is_a_path_and_an_address_that_is_a_program_are_left_out() {
        assert!(item(json!({ "id": "../x" })).is_none());
        let scripted = item(json!({ "id": "a", "webUrl": "javascript:alert(1)" })).unwrap();
        assert_eq!(scripted.web_url, None);
    }
}

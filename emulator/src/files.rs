//! What the tenants keep in SharePoint and OneDrive: sites, lists, drives, folders and documents.
//!
//! An item's id is unique in its drive and nowhere else: several drives have an item of the same id, as they may.

mod change;
mod content;
mod id;
mod seed;
mod seed_drives;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::change::{FileChange, FileError};
pub(crate) use self::{
    content::{Content, quick_xor_hash},
    id::{drive_id, guid_of, in_a_path},
};
use crate::directory::User;

static AS_SHIPPED: LazyLock<Files> = LazyLock::new(seed::all);

/// Everything of all tenants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) sites: Vec<Site>,
    pub(crate) drives: Vec<Drive>,
    /// Grows with each change; an item knows that of its last one.
    pub(crate) sequence: u64,
    /// Delta tokens of before are too old.
    pub(crate) resync_before: u64,
}

/// A site: a site collection with one web.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) tenant: Uuid,
    /// `contoso.sharepoint.com`.
    pub(crate) host: String,
    /// `sites/marketing`; empty for the root.
    pub(crate) path: String,
    pub(crate) collection: Uuid,
    pub(crate) web: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) access: Access,
    pub(crate) lists: Vec<List>,
}

/// Which users see a site.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// All members of the organization, but no guests.
    Organization,
    /// These, by handle.
    Only(Vec<&'static str>),
}

/// A list of a site, which is a document library when a drive has its id.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    /// Titles of its rows, whose ids are 1, 2, 3 …; empty for a library.
    pub(crate) rows: Vec<String>,
    pub(crate) is_library: bool,
}

/// A document library, or somebody's OneDrive.
#[derive(Debug, Clone)]
pub(crate) struct Drive {
    pub(crate) id: String,
    pub(crate) tenant: Uuid,
    /// The web it belongs to.
    pub(crate) web: Uuid,
    /// The list it shows.
    pub(crate) list: Uuid,
    /// Handle of whose OneDrive it is.
    pub(crate) owner: Option<&'static str>,
    pub(crate) name: String,
    /// Of its root folder: `https://contoso.sharepoint.com/sites/marketing/Shared%20Documents`.
    pub(crate) url: String,
    /// The root first.
    pub(crate) items: Vec<Item>,
}

/// A folder, a document, or a notebook.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// What `SharePoint` knows it by, in its `ETag`: another in each drive.
    pub(crate) guid: Uuid,
    /// `None` for the root.
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// Counts its contents.
    pub(crate) version: u32,
    /// [`Files::sequence`] of its last change.
    pub(crate) changed: u64,
    pub(crate) is_deleted: bool,
}

/// Exactly one of these is an item.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Folder,
    File(Content),
    /// Something that is a folder inside, such as a `oneNote` notebook.
    Package(&'static str),
}

impl Files {
    /// As at the start.
    pub(crate) fn as_shipped() -> Self {
        AS_SHIPPED.clone()
    }

    pub(crate) fn drive(&self, tenant: Uuid, id: &str) -> Option<&Drive> {
        self.drives.iter().find(|drive| drive.tenant == tenant && drive.id == id)
    }

    pub(crate) fn sites_of(&self, tenant: Uuid) -> impl Iterator<Item = &Site> {
        self.sites.iter().filter(move |site| site.tenant == tenant)
    }

    /// The site a drive is in; none for a OneDrive.
    pub(crate) fn site_of(&self, drive: &Drive) -> Option<&Site> {
        self.sites.iter().find(|site| site.web == drive.web)
    }

    /// Whether somebody sees what is in the drive; an app, which is nobody, sees all.
    pub(crate) fn may_open(&self, drive: &Drive, user: Option<&User>) -> bool {
        match (user, drive.owner, self.site_of(drive)) {
            (None, _, _) => true,
            (Some(user), Some(owner), _) => user.handle == owner,
            (Some(user), None, Some(site)) => site.is_open_to(Some(user)),
            (Some(_), None, None) => false,
        }
    }
}

impl Site {
    /// As Graph names it: host, site collection, web.
    pub(crate) fn id(&self) -> String {
        format!("{},{},{}", self.host, self.collection, self.web)
    }

    pub(crate) fn url(&self) -> String {
        if self.path.is_empty() {
            format!("https://{}", self.host)
        } else {
            format!("https://{}/{}", self.host, self.path)
        }
    }

    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether somebody sees it; an app, which is nobody, sees all.
    pub(crate) fn is_open_to(&self, user: Option<&User>) -> bool {
        let Some(user) = user else { return true };
        match &self.access {
            Access::Organization => user.home.is_none(),
            Access::Only(handles) => handles.contains(&user.handle.as_str()),
        }
    }
}

impl Drive {
    /// What is there, the root included.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.is_deleted)
    }

    pub(crate) fn item(&self, id: &str) -> Option<&Item> {
        self.present().find(|item| item.id == id)
    }

    pub(crate) fn root(&self) -> Option<&Item> {
        self.items.first()
    }

    /// By name, as a folder shows them.
    pub(crate) fn children(&self, folder: &str) -> Vec<&Item> {
        let mut children: Vec<&Item> =
            self.present().filter(|item| item.parent.as_deref() == Some(folder)).collect();
        children.sort_by_key(|item| item.name.to_lowercase());
        children
    }

    /// The item at a path from the root; case does not matter.
    pub(crate) fn at_path(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self.root()?, |folder, name| {
            let wanted = name.to_lowercase();
            self.present()
                .find(|item| item.parent.as_deref() == Some(&folder.id) && item.name.to_lowercase() == wanted)
        })
    }

    /// Names from the root down to the item, the root left out.
    pub(crate) fn path_of(&self, item: &Item) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = self.items.iter().find(|known| known.id == item.id);
        while let Some(here) = at {
            let Some(parent) = &here.parent else { break };
            names.push(here.name.as_str());
            at = self.items.iter().find(|known| known.id == *parent);
        }
        names.reverse();
        names
    }

    /// Whether `item` lies below `folder`, at any depth.
    pub(crate) fn is_below(&self, item: &Item, folder: &str) -> bool {
        let mut at = item.parent.as_deref();
        while let Some(id) = at {
            if id == folder {
                return true;
            }
            at = self.items.iter().find(|known| known.id == id).and_then(|known| known.parent.as_deref());
        }
        false
    }

    /// Bytes of the item and of all below.
    pub(crate) fn size_of(&self, item: &Item) -> usize {
        match &item.kind {
            Kind::File(content) => content.bytes.len(),
            Kind::Package(_) => 0,
            Kind::Folder => self.children(&item.id).iter().map(|child| self.size_of(child)).sum(),
        }
    }
}

impl Item {
    pub(crate) fn etag(&self) -> String {
        let id = self.guid.to_string().to_uppercase();
        format!("\"{{{id}}},{}\"", self.version)
    }

    pub(crate) fn ctag(&self) -> String {
        let id = self.guid.to_string().to_uppercase();
        format!("\"c:{{{id}}},{}\"", self.version)
    }
}

//! `/api/sharepoint/drives/{driveId}`: files and folders.

use chrono::{DateTime, Utc};
use domain::sharepoint::{DriveId, DriveItem, ItemId, ItemKind, Read};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{Upstream, id::MsId};
use crate::{
    auth::Delegated,
    error::ApiError,
    http::{Data, Listed},
    openapi::Tag,
};

/// What an item is.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "camelCase")]
pub(crate) enum ItemType {
    File,
    Folder,
    /// Many files that look like one, such as a notebook.
    Package,
    /// It is gone; only lists of changes have it.
    Deleted,
    /// Something else.
    Other,
}

impl From<&ItemKind> for ItemType {
    fn from(kind: &ItemKind) -> Self {
        match kind {
            ItemKind::File { .. } => Self::File,
            ItemKind::Folder { .. } => Self::Folder,
            ItemKind::Package => Self::Package,
            ItemKind::Deleted => Self::Deleted,
            ItemKind::Other => Self::Other,
        }
    }
}

/// A file or folder.
#[derive(Debug, Object)]
#[oai(rename = "DriveItem", rename_all = "camelCase")]
struct DriveItemView {
    /// As Microsoft Graph names it; unique within its drive.
    id: String,
    /// The drive it is in.
    drive_id: Option<String>,
    /// The folder it is in; `null` for the root, and where Microsoft does not say.
    parent_id: Option<String>,
    #[oai(rename = "type")]
    kind: ItemType,
    /// `null` for what is deleted.
    name: Option<String>,
    /// From the drive's root, with the name.
    path: Option<String>,
    /// Where a person sees it.
    web_url: Option<String>,
    /// In bytes.
    size: Option<u64>,
    /// What a file is; `null` for what is none.
    mime_type: Option<String>,
    /// How much is in a folder; `null` for what is none.
    child_count: Option<u64>,
    created_at: Option<DateTime<Utc>>,
    last_modified_at: Option<DateTime<Utc>>,
}

impl From<DriveItem> for DriveItemView {
    fn from(item: DriveItem) -> Self {
        let (mime_type, child_count) = match &item.kind {
            ItemKind::File { mime_type } => (mime_type.clone(), None),
            ItemKind::Folder { child_count } => (None, *child_count),
            ItemKind::Package | ItemKind::Deleted | ItemKind::Other => (None, None),
        };
        Self {
            id: item.id.to_string(),
            drive_id: item.drive_id.map(|id| id.to_string()),
            parent_id: item.parent_id.map(|id| id.to_string()),
            kind: (&item.kind).into(),
            name: item.name,
            path: item.path,
            web_url: item.web_url,
            size: item.size,
            mime_type,
            child_count,
            created_at: item.created_at,
            last_modified_at: item.last_modified_at,
        }
    }
}

/// A page of a drive's changes.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct DriveChanges {
    /// An item may come more than once, on later pages too: the last counts.
    data: Vec<DriveItemView>,
    /// What to send as `cursor` for the next page; `null` on the last.
    next_cursor: Option<String>,
    /// On the last page: what to send as `cursor` later, for what has changed until then.
    delta_cursor: Option<String>,
}

/// Files and folders that the caller may see.
pub(crate) struct ItemsApi(pub Upstream);

#[OpenApi(tag = "Tag::SharePoint")]
impl ItemsApi {
    /// List a drive's root
    ///
    /// What is in the root folder of a drive.
    #[oai(path = "/api/sharepoint/drives/:driveId/items", method = "get", operation_id = "listDriveItems")]
    async fn root(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<DriveItemView>>, ApiError> {
        let drive = drive.0.0;
        let listing = self.0.pages.of_caller("listDriveItems", &caller, drive.as_str());
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let items = self.0.sharepoint.children(caller.on_behalf_of(), &drive, None, page).await?;
        Ok(Json(listing.graph_listed(items, DriveItemView::from)))
    }

    /// Get an item
    ///
    /// A file or folder; `root` is the drive's root folder.
    #[oai(
        path = "/api/sharepoint/drives/:driveId/items/:itemId",
        method = "get",
        operation_id = "getDriveItem"
    )]
    async fn get(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        #[oai(name = "itemId")] item: Path<MsId<ItemId>>,
    ) -> Result<Json<Data<DriveItemView>>, ApiError> {
        let item = self.0.sharepoint.item(caller.on_behalf_of(), &drive.0.0, &item.0.0).await?;
        Ok(Json(Data { data: item.into() }))
    }

    /// List a folder
    ///
    /// What is in a folder. For a file the list is empty.
    #[oai(
        path = "/api/sharepoint/drives/:driveId/items/:itemId/children",
        method = "get",
        operation_id = "listChildren"
    )]
    async fn children(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        #[oai(name = "itemId")] folder: Path<MsId<ItemId>>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<DriveItemView>>, ApiError> {
        let (drive, folder) = (drive.0.0, folder.0.0);
        let listing = self.0.pages.of_caller("listChildren", &caller, &format!("{drive}\n{folder}"));
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let items = self.0.sharepoint.children(caller.on_behalf_of(), &drive, Some(&folder), page).await?;
        Ok(Json(listing.graph_listed(items, DriveItemView::from)))
    }

    /// Search a drive
    ///
    /// Files and folders whose name, metadata or text fit some words, wherever in the drive they are. What was added a
    /// moment ago may not be found yet.
    #[oai(
        path = "/api/sharepoint/drives/:driveId/search",
        method = "get",
        operation_id = "listFoundDriveItems"
    )]
    async fn search(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        /// Words.
        #[oai(validator(min_length = 1, max_length = 200))]
        q: Query<String>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<DriveItemView>>, ApiError> {
        let drive = drive.0.0;
        let listing = self.0.pages.of_caller("listFoundDriveItems", &caller, &format!("{drive}\n{}", q.0));
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let items = self.0.sharepoint.search(caller.on_behalf_of(), &drive, &q.0, page).await?;
        Ok(Json(listing.graph_listed(items, DriveItemView::from)))
    }

    /// Follow a drive's changes
    ///
    /// Without a cursor all items of the drive, page by page; the last page has a `deltaCursor`. Sent later as
    /// `cursor`, that gives what has changed since, deleted items included. When too much has changed, the answer is
    /// `410 RESYNC_REQUIRED`: begin again without a cursor.
    #[oai(path = "/api/sharepoint/drives/:driveId/delta", method = "get", operation_id = "listDriveChanges")]
    async fn changes(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before, or `deltaCursor` of an earlier last page.
        cursor: Query<Option<String>>,
    ) -> Result<Json<DriveChanges>, ApiError> {
        let drive = drive.0.0;
        let listing = self.0.pages.of_caller("listDriveChanges", &caller, drive.as_str());
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let changes = self.0.sharepoint.changes(caller.on_behalf_of(), &drive, page).await?;
        Ok(Json(DriveChanges {
            next_cursor: changes.next.map(|link| listing.link(&link)),
            delta_cursor: changes.later.map(|link| listing.link(&link)),
            data: changes.items.into_iter().map(DriveItemView::from).collect(),
        }))
    }
}

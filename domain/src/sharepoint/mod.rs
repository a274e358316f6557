//! SharePoint and OneDrive, on behalf of the caller: sites, drives, items and lists, which belong to Microsoft 365.
//!
//! Nothing of it is kept here. What the caller sees is what Microsoft lets that person see, so that isolation is
//! Microsoft's as well as ours: the token asks in the tenant and in the name of the caller and of nobody else.

mod drive;
mod id;
mod item;
mod list;
mod site;

use async_trait::async_trait;

pub use self::{
    drive::Drive,
    id::{DriveId, ItemId, SiteId},
    item::{ByteRange, Content, ContentBody, DriveItem, ItemKind, ItemLookup, PartPlace},
    list::SharePointList,
    site::Site,
};
use crate::{
    access::{OnBehalfOf, permission},
    graph::{GraphError, GraphItems, GraphPage},
    page::{Page, PageRequest},
};

permission!(
    /// Reads SharePoint and OneDrive, as far as Microsoft lets the caller.
    Read = "sharepoint:read"
);

/// SharePoint and OneDrive as one person sees them. Every method asks in that person's name.
#[async_trait]
pub trait SharePoint: Send + Sync {
    /// Sites that fit some words; `*` for all that the index has.
    async fn sites(
        &self,
        caller: &OnBehalfOf,
        search: &str,
        page: GraphPage,
    ) -> Result<GraphItems<Site>, GraphError>;

    /// The drives (document libraries) of a site.
    async fn drives(
        &self,
        caller: &OnBehalfOf,
        site: &SiteId,
        page: GraphPage,
    ) -> Result<GraphItems<Drive>, GraphError>;

    /// One file or folder.
    async fn item(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        item: &ItemId,
    ) -> Result<DriveItem, GraphError>;

    /// What is in a folder; in the drive's root without one.
    async fn children(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        folder: Option<&ItemId>,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError>;

    /// Files and folders of a drive whose name, metadata or text fit some words.
    async fn search(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        words: &str,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError>;

    /// All items of a drive, and then, from `later` on, what changed. An item may come more than once: the last
    /// counts.
    async fn changes(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError>;

    /// The bytes of a file, or a part of them.
    async fn content(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        item: &ItemId,
        range: Option<ByteRange>,
    ) -> Result<Content, GraphError>;

    /// What there is to know of several items at once, in their order. An item that cannot be seen is an answer; an
    /// error is only that nothing could be asked.
    async fn look_up(
        &self,
        caller: &OnBehalfOf,
        items: &[(DriveId, ItemId)],
    ) -> Result<Vec<ItemLookup>, GraphError>;

    /// The lists of a site (the root site without one), by id, from SharePoint's own interface at the tenant's own host.
    async fn lists(
        &self,
        caller: &OnBehalfOf,
        site: Option<&SiteId>,
        page: PageRequest,
    ) -> Result<Page<SharePointList>, GraphError>;
}

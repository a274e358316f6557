//! The port of SharePoint and OneDrive, by Microsoft Graph v1.0.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::{GraphError, GraphItems, GraphPage},
    page::{Page, PageRequest},
    sharepoint::{
        ByteRange, Content, Drive, DriveId, DriveItem, ItemId, ItemLookup, SharePoint, SharePointList, Site,
        SiteId,
    },
};
use serde::de::DeserializeOwned;

use super::{
    address::{Root, literal},
    client::{Call, GraphClient},
    rest::SharePointRest,
    wire::{self, DriveWire, ItemWire, SiteWire},
};

/// The members of an item that are read. `@microsoft.graph.downloadUrl` is not among them: it is as good as a password.
pub(super) const ITEM_MEMBERS: &str = "id,name,webUrl,size,eTag,cTag,createdDateTime,lastModifiedDateTime,\
                                       parentReference,file,folder,package,deleted,root";
const SITE_MEMBERS: &str = "id,name,displayName,description,webUrl,createdDateTime,lastModifiedDateTime";
const DRIVE_MEMBERS: &str = "id,name,description,driveType,webUrl";

/// SharePoint and OneDrive at Microsoft.
pub struct GraphSharePoint {
    client: Arc<GraphClient>,
    rest: SharePointRest,
}

impl GraphSharePoint {
    pub fn new(client: Arc<GraphClient>, hosts: super::SharePointHosts) -> Self {
        let rest = SharePointRest::new(Arc::clone(&client), hosts);
        Self { client, rest }
    }

    /// A page of what is at a place below the root of Graph.
    async fn list<W: DeserializeOwned, T>(
        &self,
        name: &'static str,
        caller: &OnBehalfOf,
        (segments, query): (&[&str], &[(&str, &str)]),
        page: GraphPage,
        made: impl Fn(W) -> Option<T>,
    ) -> Result<GraphItems<T>, GraphError> {
        let url = match page {
            GraphPage::First { limit } => {
                let limit = limit.to_string();
                self.client.root.at(segments, &[query, &[("$top", limit.as_str())]].concat())?
            }
            GraphPage::Next(link) => self.client.root.follow(&link)?,
        };
        let call =
            Call { name, caller, resource: &Resource::Graph, url, accept: "application/json", body: None };
        items(&self.client.root, self.client.json(&call).await?, made)
    }
}

/// A page with its links, which must be ours: a list that cannot go on is not shown as one that ends.
pub(super) fn items<W, T>(
    root: &Root,
    page: wire::Page<W>,
    made: impl Fn(W) -> Option<T>,
) -> Result<GraphItems<T>, GraphError> {
    let pin = |link: Option<String>| {
        let pinned = link.map(|link| root.pin(&link)).transpose();
        pinned.map_err(|_| {
            tracing::warn!("Microsoft gave a link that leads elsewhere; it is not followed");
            GraphError::Unusable("a link that leads elsewhere")
        })
    };
    let (next, later) = (pin(page.next)?, pin(page.later)?);
    Ok(GraphItems { items: page.value.into_iter().filter_map(made).collect(), next, later })
}

#[async_trait]
impl SharePoint for GraphSharePoint {
    async fn sites(
        &self,
        caller: &OnBehalfOf,
        search: &str,
        page: GraphPage,
    ) -> Result<GraphItems<Site>, GraphError> {
        let place: (&[_], &[_]) = (&["sites"], &[("search", search), ("$select", SITE_MEMBERS)]);
        self.list("sites", caller, place, page, SiteWire::site).await
    }

    async fn drives(
        &self,
        caller: &OnBehalfOf,
        site: &SiteId,
        page: GraphPage,
    ) -> Result<GraphItems<Drive>, GraphError> {
        let place: (&[_], &[_]) = (&["sites", site.as_str(), "drives"], &[("$select", DRIVE_MEMBERS)]);
        self.list("drives", caller, place, page, DriveWire::drive).await
    }

    async fn item(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        item: &ItemId,
    ) -> Result<DriveItem, GraphError> {
        let segments = ["drives", drive.as_str(), "items", item.as_str()];
        let url = self.client.root.at(&segments, &[("$select", ITEM_MEMBERS)])?;
        let call = Call {
            name: "item",
            caller,
            resource: &Resource::Graph,
            url,
            accept: "application/json",
            body: None,
        };
        let wire: ItemWire = self.client.json(&call).await?;
        wire.item().ok_or(GraphError::Unusable("an item without an id"))
    }

    async fn children(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        folder: Option<&ItemId>,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError> {
        let of_folder = folder.map(|folder| ["drives", drive.as_str(), "items", folder.as_str(), "children"]);
        let of_root = ["drives", drive.as_str(), "root", "children"];
        let segments = of_folder.as_ref().map_or(&of_root[..], |segments| &segments[..]);
        let place: (&[_], &[_]) = (segments, &[("$select", ITEM_MEMBERS)]);
        self.list("children", caller, place, page, ItemWire::item).await
    }

    async fn search(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        words: &str,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError> {
        let function = format!("search(q={})", literal(words));
        let segments = ["drives", drive.as_str(), "root", &function];
        let place: (&[_], &[_]) = (&segments, &[("$select", ITEM_MEMBERS)]);
        self.list("search", caller, place, page, ItemWire::item).await
    }

    async fn changes(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        page: GraphPage,
    ) -> Result<GraphItems<DriveItem>, GraphError> {
        let segments = ["drives", drive.as_str(), "root", "delta"];
        let place: (&[_], &[_]) = (&segments, &[("$select", ITEM_MEMBERS)]);
        self.list("changes", caller, place, page, ItemWire::item).await
    }

    async fn content(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        item: &ItemId,
        range: Option<ByteRange>,
    ) -> Result<Content, GraphError> {
        self.client.content(caller, drive, item, range).await
    }

    async fn look_up(
        &self,
        caller: &OnBehalfOf,
        items: &[(DriveId, ItemId)],
    ) -> Result<Vec<ItemLookup>, GraphError> {
        self.client.look_up(caller, items).await
    }

    async fn lists(
        &self,
        caller: &OnBehalfOf,
        site: Option<&SiteId>,
        page: PageRequest,
    ) -> Result<Page<SharePointList>, GraphError> {
        // SharePoint gives all of them at once: its lists have no pages of their own.
        let mut lists = self.rest.lists(caller, site).await?;
        lists.retain(|list| page.after.is_none_or(|after| list.id > after));
        lists.sort_unstable_by_key(|list| list.id);
        Ok(Page::from_surplus(lists, page.limit, |list| list.id))
    }
}

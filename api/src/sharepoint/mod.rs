//! `/api/sharepoint`: SharePoint and OneDrive as Microsoft shows them to the caller.

mod content;
mod drives;
mod error;
mod id;
mod items;
mod lists;
mod sites;

use std::sync::Arc;

use domain::sharepoint::SharePoint;

pub(crate) use self::{items::ItemType, sites::SitesApi};
pub(crate) use content::ContentApi;
pub(crate) use drives::DrivesApi;
pub(crate) use items::ItemsApi;
pub(crate) use lists::ListsApi;

use crate::http::PageQuery;

/// What all of it needs.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub sharepoint: Arc<dyn SharePoint>,
    pub pages: PageQuery,
}

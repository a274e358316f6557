//! `/api/sharepoint/sites/{siteId}/drives`.

use domain::sharepoint::{Drive, Read, SiteId};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{Upstream, id::MsId};
use crate::{auth::Delegated, error::ApiError, http::Listed, openapi::Tag};

/// A document library.
#[derive(Debug, Object)]
#[oai(rename = "Drive", rename_all = "camelCase")]
struct DriveView {
    /// As Microsoft Graph names it.
    id: String,
    name: Option<String>,
    /// `null` where nobody said.
    description: Option<String>,
    /// `documentLibrary`, `business` or `personal`.
    drive_type: Option<String>,
    /// Where a person sees it.
    web_url: Option<String>,
}

impl From<Drive> for DriveView {
    fn from(drive: Drive) -> Self {
        Self {
            id: drive.id.to_string(),
            name: drive.name,
            description: drive.description,
            drive_type: drive.drive_type,
            web_url: drive.web_url,
        }
    }
}

/// Document libraries that the caller may see.
pub(crate) struct DrivesApi(pub Upstream);

#[OpenApi(tag = "Tag::SharePoint")]
impl DrivesApi {
    /// List a site's drives
    ///
    /// The document libraries of a site.
    #[oai(path = "/api/sharepoint/sites/:siteId/drives", method = "get", operation_id = "listDrives")]
    async fn list(
        &self,
        caller: Delegated<Read>,
        /// The site's id, as a search gives it; `root` for the tenant's first site.
        #[oai(name = "siteId")]
        site: Path<MsId<SiteId>>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<DriveView>>, ApiError> {
        let site = site.0.0;
        let listing = self.0.pages.of_caller("listDrives", &caller, site.as_str());
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let drives = self.0.sharepoint.drives(caller.on_behalf_of(), &site, page).await?;
        Ok(Json(listing.graph_listed(drives, DriveView::from)))
    }
}

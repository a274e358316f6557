//! `/api/sharepoint/sites`.

use chrono::{DateTime, Utc};
use domain::sharepoint::{Read, Site};
use poem_openapi::{Object, OpenApi, param::Query, payload::Json};

use super::Upstream;
use crate::{auth::Delegated, error::ApiError, http::Listed, openapi::Tag};

/// A SharePoint site.
#[derive(Debug, Object)]
#[oai(rename = "Site", rename_all = "camelCase")]
struct SiteView {
    /// As Microsoft Graph names it: host, site collection and web.
    id: String,
    /// The last part of its address.
    name: Option<String>,
    display_name: Option<String>,
    /// `null` where nobody said.
    description: Option<String>,
    /// Where a person sees it.
    web_url: Option<String>,
    created_at: Option<DateTime<Utc>>,
    last_modified_at: Option<DateTime<Utc>>,
}

impl From<Site> for SiteView {
    fn from(site: Site) -> Self {
        Self {
            id: site.id.to_string(),
            name: site.name,
            display_name: site.display_name,
            description: site.description,
            web_url: site.web_url,
            created_at: site.created_at,
            last_modified_at: site.last_modified_at,
        }
    }
}

/// Sites that the caller may see.
pub(crate) struct SitesApi(pub Upstream);

#[OpenApi(tag = "Tag::SharePoint")]
impl SitesApi {
    /// Search sites
    ///
    /// SharePoint sites of the caller's tenant that the caller may see, by words of their names and descriptions; `*`
    /// for all that Microsoft's index has. A new site may take some minutes to be found.
    #[oai(path = "/api/sharepoint/sites", method = "get", operation_id = "listSites")]
    async fn search(
        &self,
        caller: Delegated<Read>,
        /// Words, or `*`.
        #[oai(validator(min_length = 1, max_length = 200))]
        search: Query<String>,
        /// How many at the most; 50 if absent. It counts with the first page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<SiteView>>, ApiError> {
        let listing = self.0.pages.of_caller("listSites", &caller, &search.0);
        let page = listing.graph_page(limit.0, cursor.0.as_deref())?;
        let sites = self.0.sharepoint.sites(caller.on_behalf_of(), &search.0, page).await?;
        Ok(Json(listing.graph_listed(sites, SiteView::from)))
    }
}

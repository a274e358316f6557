//! `/api/sharepoint/lists`: by SharePoint's own interface.

use chrono::{DateTime, Utc};
use domain::sharepoint::{Read, SharePointList, SiteId};
use poem_openapi::{Enum, Object, OpenApi, param::Query, payload::Json};
use uuid::Uuid;

use super::{Upstream, id::MsId};
use crate::{auth::Delegated, error::ApiError, http::Listed, openapi::Tag};

/// Which of Microsoft's interfaces is asked.
#[derive(Debug, Enum)]
#[oai(rename_all = "camelCase")]
enum ListResource {
    /// SharePoint's own (`_api`), at the tenant's own host.
    Sharepoint,
}

/// A list or document library.
#[derive(Debug, Object)]
#[oai(rename = "SharePointList", rename_all = "camelCase")]
struct ListView {
    /// As SharePoint names it.
    id: Uuid,
    title: String,
    /// `null` where nobody said.
    description: Option<String>,
    item_count: Option<u64>,
    /// What it was made from: 100 is a list, 101 a document library.
    template: Option<u32>,
    /// Not shown to people.
    is_hidden: bool,
    created_at: Option<DateTime<Utc>>,
}

impl From<SharePointList> for ListView {
    fn from(list: SharePointList) -> Self {
        Self {
            id: list.id,
            title: list.title,
            description: list.description,
            item_count: list.item_count,
            template: list.template,
            is_hidden: list.is_hidden,
            created_at: list.created_at,
        }
    }
}

/// Lists that the caller may see.
pub(crate) struct ListsApi(pub Upstream);

#[OpenApi(tag = "Tag::SharePoint")]
impl ListsApi {
    /// List a site's lists
    ///
    /// Asks SharePoint itself, at the tenant's own host and with a token for that host, not Microsoft Graph: another
    /// audience, which needs consent of its own. Ordered by id.
    #[oai(path = "/api/sharepoint/lists", method = "get", operation_id = "listSharePointLists")]
    async fn list(
        &self,
        caller: Delegated<Read>,
        /// Which interface is asked. There is one so far.
        resource: Query<ListResource>,
        /// Of this site; of the tenant's first one if absent.
        #[oai(name = "siteId")]
        site: Query<Option<MsId<SiteId>>>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<ListView>>, ApiError> {
        let ListResource::Sharepoint = resource.0;
        let site = site.0.map(|id| id.0);
        let of = site.as_ref().map_or("root", SiteId::as_str);
        let listing = self.0.pages.of_caller("listSharePointLists", &caller, of);
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let lists = self.0.sharepoint.lists(caller.on_behalf_of(), site.as_ref(), page).await?;
        Ok(Json(listing.listed(lists, ListView::from)))
    }
}

//! `/api/sharepoint/lists`: by SharePoint's own interface.

use chrono::{DateTime, Utc};
use domain::sharepoint::{Read, SharePointList, SiteId};
use poem_openapi::{Enum, Object, OpenApi, param::Query, payload::Json};

use super::{Upstream, id::MsId};
use crate::{auth::Delegated, error::ApiError, http::Data, openapi::Tag};

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
    id: String,
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
            id: list.id.to_string(),
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
    /// audience, which needs consent of its own. All of them come at once.
    #[oai(path = "/api/sharepoint/lists", method = "get", operation_id = "listSharePointLists")]
    async fn list(
        &self,
        caller: Delegated<Read>,
        /// Which interface is asked. There is one so far.
        resource: Query<ListResource>,
        /// Of this site; of the tenant's first one if absent.
        #[oai(name = "siteId")]
        site: Query<Option<MsId<SiteId>>>,
    ) -> Result<Json<Data<Vec<ListView>>>, ApiError> {
        let ListResource::Sharepoint = resource.0;
        let site = site.0.map(|id| id.0);
        let lists = self.0.sharepoint.lists(caller.on_behalf_of(), site.as_ref()).await?;
        Ok(Json(Data { data: lists.into_iter().map(ListView::from).collect() }))
    }
}

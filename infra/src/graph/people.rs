//! The caller's picture and the name of the caller's tenant.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::{GraphError, People, Photo},
    id::{OrgId, UserId},
};
use moka::future::Cache;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

use super::client::{Answer, Call, GraphClient, read, text};

/// The longest picture that is shown; Microsoft's largest (648 × 648) has about a tenth of it.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// All remembered pictures together.
const REMEMBERED_BYTES: u64 = 32 * 1024 * 1024;
/// For how long a picture is waited for, with all pauses and repetitions.
const PATIENCE: Duration = Duration::from_secs(3);
/// For how long a picture, or that there is none, is remembered.
const REMEMBERED: Duration = Duration::from_mins(30);

/// What pictures may be: no document that could hold a program.
const KINDS: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// People and their tenants at Microsoft.
pub struct GraphPeople {
    client: Arc<GraphClient>,
    /// By organization and member, who alone is shown it.
    photos: Cache<(OrgId, UserId), Option<Photo>>,
}

#[derive(Deserialize)]
struct Organizations {
    value: Vec<Organization>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    display_name: Option<String>,
}

impl GraphPeople {
    pub fn new(client: Arc<GraphClient>) -> Self {
        let photos = Cache::builder()
            .max_capacity(REMEMBERED_BYTES)
            .weigher(|_, photo: &Option<Photo>| {
                let bytes = photo.as_ref().map_or(0, |photo| photo.bytes.len());
                u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(256)
            })
            .time_to_live(REMEMBERED)
            .build();
        Self { client, photos }
    }

    async fn fetch(&self, caller: &OnBehalfOf) -> Result<Option<Photo>, GraphError> {
        let url = self.client.root.at(&["me", "photo", "$value"], &[])?;
        let call =
            Call { name: "photo", caller, resource: &Resource::Graph, url, accept: "image/*", body: None };
        let Answer { response, place: _place, .. } = match self.client.send(&call).await {
            Ok(answer) if answer.response.status().is_success() => answer,
            Ok(_) => return Err(GraphError::Unusable("a redirect")),
            Err(GraphError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = text(response.headers(), CONTENT_TYPE).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let Some(content_type) = KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(essence)) else {
            return Ok(None);
        };
        let bytes = read(response, MOST_BYTES).await?;
        Ok((!bytes.is_empty()).then(|| Photo { content_type, bytes: Bytes::from(bytes) }))
    }
}

#[async_trait]
impl People for GraphPeople {
    async fn photo(&self, caller: &OnBehalfOf) -> Result<Option<Photo>, Arc<GraphError>> {
        let key = (caller.org_id(), caller.user_id());
        // Who asks at once shares one question, and nobody waits longer for a picture than a page may stay without.
        let fetched = async {
            let fetched = tokio::time::timeout(PATIENCE, self.fetch(caller)).await;
            fetched.unwrap_or(Err(GraphError::TimedOut))
        };
        self.photos.try_get_with(key, fetched).await
    }

    async fn organization_name(&self, caller: &OnBehalfOf) -> Result<Option<String>, GraphError> {
        let url = self.client.root.at(&["organization"], &[("$select", "id,displayName")])?;
        let call = Call {
            name: "organization",
            caller,
            resource: &Resource::Graph,
            url,
            accept: "application/json",
            body: None,
        };
        let found: Organizations = self.client.json(&call).await?;
        let name = found.value.into_iter().next().and_then(|organization| organization.display_name);
        Ok(name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()))
    }
}

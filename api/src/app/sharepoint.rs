//! Microsoft 365 in the callers' names, put together.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    access::OnBehalfOf,
    delegation::{ClaimsChallenge, DelegatedToken, DelegatedTokens, DelegationError, Resource},
    graph::People,
    sharepoint::SharePoint,
};
use infra::graph::{GraphClient, GraphPeople, GraphPorts, GraphSettings, GraphSharePoint, SharePointHosts};

use url::Url;

use super::Parts;
use crate::{
    config::SharePointConfig,
    http::PageQuery,
    organizations::PhotoApi,
    sharepoint::{ContentApi, DrivesApi, ItemsApi, ListsApi, SitesApi, Upstream},
};

/// The operations that ask Microsoft 365.
pub(super) type Microsoft365Api = (PhotoApi, SitesApi, DrivesApi, ItemsApi, ContentApi, ListsApi);

/// The ports that ask Microsoft 365.
#[derive(Clone)]
pub(super) struct Microsoft365 {
    pub sharepoint: Arc<dyn SharePoint>,
    pub people: Arc<dyn People>,
    /// Whether there is a credential to ask with; otherwise every question ends in an error.
    is_connected: bool,
}

impl Microsoft365 {
    /// `is_connected`: whether the service has a credential, without which there are no tokens.
    pub(super) fn new(
        config: &SharePointConfig,
        graph_url: &Url,
        parts: &Parts,
        tokens: Arc<dyn DelegatedTokens>,
        is_connected: bool,
    ) -> anyhow::Result<Self> {
        let settings = GraphSettings { graph_url: graph_url.clone(), timeout: config.graph_timeout };
        let ports = GraphPorts {
            tokens,
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
            pauses: Arc::clone(&parts.pauses),
        };
        let client = Arc::new(GraphClient::new(&settings, ports)?);
        let hosts = SharePointHosts {
            endings: config.domains.iter().map(|domain| format!(".{domain}")).collect(),
            address: config.url.clone(),
        };
        Ok(Self {
            sharepoint: Arc::new(GraphSharePoint::new(Arc::clone(&client), hosts)),
            people: Arc::new(GraphPeople::new(client)),
            is_connected,
        })
    }

    /// For the document, which is the same wherever Microsoft is.
    pub(super) fn unconnected(parts: &Parts) -> anyhow::Result<Self> {
        let nowhere = Url::parse("https://graph.microsoft.com")?;
        let config = SharePointConfig {
            graph_timeout: std::time::Duration::ZERO,
            domains: Vec::new(),
            url: String::new(),
        };
        Self::new(&config, &nowhere, parts, Arc::new(NoCredential), false)
    }

    /// Where annotations look for items: nowhere without a credential, so that they can be made all the same.
    pub(super) fn of_annotations(&self) -> Option<Arc<dyn SharePoint>> {
        self.is_connected.then(|| Arc::clone(&self.sharepoint))
    }

    pub(super) fn api(&self, pages: &PageQuery) -> Microsoft365Api {
        let upstream = Upstream { sharepoint: Arc::clone(&self.sharepoint), pages: pages.clone() };
        (
            PhotoApi { people: Arc::clone(&self.people) },
            SitesApi(upstream.clone()),
            DrivesApi(upstream.clone()),
            ItemsApi(upstream.clone()),
            ContentApi(upstream.clone()),
            ListsApi(upstream),
        )
    }
}

/// Has no tokens to give.
struct NoCredential;

#[async_trait]
impl DelegatedTokens for NoCredential {
    async fn token(
        &self,
        _caller: &OnBehalfOf,
        _resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        Err(DelegationError::Misconfigured)
    }

    async fn refused(
        &self,
        _caller: &OnBehalfOf,
        _resource: &Resource,
        _token: &DelegatedToken,
        _challenge: Option<&ClaimsChallenge>,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        Err(DelegationError::Misconfigured)
    }
}

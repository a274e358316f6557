//! Microsoft 365 in the callers' names, put together.

use std::sync::Arc;

use domain::{
    annotations::Annotations, delegation::DelegatedTokens, graph::People, id::Ids, sharepoint::SharePoint,
    store::Store,
};
use infra::graph::{GraphClient, GraphPeople, GraphPorts, GraphSettings, GraphSharePoint, SharePointHosts};

use url::Url;

use super::Parts;
use crate::{
    config::{Config, SharePointConfig},
    http::PageQuery,
    organizations::PhotoApi,
    sharepoint::{ContentApi, DrivesApi, ItemsApi, ListsApi, SitesApi, Upstream},
};

/// The operations that ask Microsoft 365.
pub(super) type Microsoft365Api = (PhotoApi, SitesApi, DrivesApi, ItemsApi, ContentApi, ListsApi);

/// The ports that ask Microsoft 365.
pub(super) struct Microsoft365 {
    sharepoint: Arc<dyn SharePoint>,
    people: Arc<dyn People>,
    checks_items: bool,
}

impl Microsoft365 {
    /// Without a credential every question ends in an error, so that annotations ask none.
    pub(super) fn new(
        config: &Config,
        parts: &Parts,
        tokens: Arc<dyn DelegatedTokens>,
        has_credential: bool,
    ) -> anyhow::Result<Self> {
        let made = Self::at(&config.delegation.graph_url, &config.sharepoint, parts, tokens)?;
        Ok(Self { checks_items: made.checks_items && has_credential, ..made })
    }

    fn at(
        graph_url: &Url,
        config: &SharePointConfig,
        parts: &Parts,
        tokens: Arc<dyn DelegatedTokens>,
    ) -> anyhow::Result<Self> {
        let settings = GraphSettings { graph_url: graph_url.clone(), timeout: config.graph_timeout };
        let needed = GraphPorts {
            tokens,
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
            pauses: Arc::clone(&parts.pauses),
        };
        let client = Arc::new(GraphClient::new(&settings, needed)?);
        let hosts = SharePointHosts {
            endings: config.domains.iter().map(|domain| format!(".{domain}")).collect(),
            address: config.url.clone(),
        };
        Ok(Self {
            sharepoint: Arc::new(GraphSharePoint::new(Arc::clone(&client), hosts)),
            people: Arc::new(GraphPeople::new(client)),
            checks_items: config.checks_items,
        })
    }

    pub(super) fn annotations(&self, store: Arc<dyn Store>, ids: Ids) -> Annotations {
        Annotations::new(store, ids, Arc::clone(&self.sharepoint), self.checks_items)
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

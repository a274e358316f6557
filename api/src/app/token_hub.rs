//! How tokens of connections are handed to automations, put together.

use std::sync::Arc;

use domain::{
    connections::{CompatiblePorts, CompatibleTokens, ConnectionTokens},
    proxy::CredentialProxy,
};
use infra::{
    connections::SeenMemory,
    crypto::CompatibleWire,
    db::Database,
    graph::{GraphProxy, GraphSettings, SharePointHosts},
};

use super::Parts;
use crate::{
    auth::Gate,
    config::Config,
    external_tokens::ExternalTokensApi,
    oauth::{TOKEN_PATH, TokenEndpoint},
    proxy::ProxyApi,
    routes::Beside,
};

/// How much memory tokens may take that were encrypted by a wire key.
const WIRE_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The operations that only API keys open.
pub(super) type HandingApi = (ExternalTokensApi, ProxyApi);

/// What stands behind them.
pub(super) struct Handing {
    compatible: CompatibleTokens,
    proxy: CredentialProxy,
}

impl Handing {
    pub(super) fn new(
        config: &Config,
        parts: &Parts,
        database: &Database,
        tokens: &ConnectionTokens,
    ) -> anyhow::Result<Self> {
        let settings = GraphSettings {
            graph_url: config.delegation.graph_url.clone(),
            timeout: config.sharepoint.graph_timeout,
        };
        let hosts = SharePointHosts {
            endings: config.sharepoint.domains.iter().map(|domain| format!(".{domain}")).collect(),
            address: config.sharepoint.url.clone(),
        };
        let shared = config.shared_wire_key();
        let needed = CompatiblePorts {
            store: Arc::new(database.clone()),
            epochs: Arc::new(database.epochs()),
            seen: Arc::new(SeenMemory::default()),
            tokens: tokens.clone(),
            secrets: Arc::new(database.clone()),
            wire: Arc::new(CompatibleWire::new(Arc::clone(&parts.entropy), WIRE_CACHE_BYTES)),
            clock: Arc::clone(&parts.clock),
        };
        let microsoft = GraphProxy::new(&settings, hosts, Arc::clone(&parts.clock))?;
        Ok(Self {
            compatible: CompatibleTokens::new(needed, shared),
            proxy: CredentialProxy::new(tokens.clone(), Arc::new(microsoft)),
        })
    }

    pub(super) fn api(self) -> HandingApi {
        (ExternalTokensApi { tokens: self.compatible }, ProxyApi { proxy: self.proxy })
    }
}

/// The token endpoint, which is no part of the API's document: its form is OAuth's.
pub(super) fn mount(
    beside: Beside,
    parts: &Parts,
    gate: &Arc<Gate>,
    database: &Database,
    tokens: &ConnectionTokens,
) -> Beside {
    let endpoint = TokenEndpoint {
        gate: Arc::clone(gate),
        store: Arc::new(database.clone()),
        tokens: tokens.clone(),
        clock: Arc::clone(&parts.clock),
    };
    beside.at(TOKEN_PATH, endpoint)
}

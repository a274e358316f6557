//! What connected accounts are put together from.

use std::sync::Arc;

use domain::{
    connections::{
        Connecting, ConnectingPorts, ConnectingScopes, ConnectionTokens, Connections, ConsentLink,
        DeviceCodes, Devices, Grants, HandOuts, RefreshPorts, Refresher, ResourceNames,
    },
    store::Store,
};
use infra::{
    connections::{ConnectionMemory, GraphHosts, SpawnedFlights},
    crypto::JweEncryption,
    db::Database,
    entra::{Authority, AuthorityKeys, EntraAllowedTenants, EntraDeviceCodes},
};
use url::Url;

use super::{Parts, consent_url};
use crate::{
    config::Config,
    connections::{ConnectionsApi, DevicesApi},
    http::PageQuery,
};

/// The use-cases of connected accounts.
pub(super) struct Hub {
    pub(super) tokens: ConnectionTokens,
    pub(super) connections: Connections,
    pub(super) connecting: Connecting,
    devices: Devices,
    pub(super) hand_outs: HandOuts,
    pub(super) refresher: Refresher,
    public_url: Url,
    consent: ConsentLink,
}

impl Hub {
    pub(super) fn new(
        config: &Config,
        parts: &Parts,
        database: &Database,
        grants: Arc<dyn Grants>,
        keys: &Arc<AuthorityKeys>,
    ) -> anyhow::Result<Self> {
        let authority = Authority::new(config.entra.authority_host.clone(), config.entra.tenant.clone());
        let (listed, http) = (config.tenants.allowed.clone(), infra::http::client()?);
        let allowed = EntraAllowedTenants::new(listed, &authority, http, Arc::clone(&parts.clock));
        let store: Arc<dyn Store> = Arc::new(database.clone());
        let needed = RefreshPorts {
            store: Arc::clone(&store),
            queue: Arc::new(database.clone()),
            log: Arc::new(database.clone()),
            grants,
            secrets: Arc::new(database.clone()),
            epochs: Arc::new(database.epochs()),
            flights: Arc::new(SpawnedFlights::default()),
            ids: parts.ids(),
            entropy: Arc::clone(&parts.entropy),
        };
        let consent = ConsentLink::new(&consent_url(config));
        let names = ResourceNames { graph: config.delegation.graph_resource.clone() };
        let refresher = Refresher::new(needed, config.connections.refresh, names, consent.clone());
        let flights = Arc::new(SpawnedFlights::default());
        let hand_outs = HandOuts::new(Arc::clone(&store), flights, parts.ids());
        let tokens = ConnectionTokens::new(
            Arc::clone(&store),
            Arc::new(database.clone()),
            Arc::new(database.epochs()),
            Arc::new(ConnectionMemory::new(Arc::clone(&parts.clock))),
            Arc::new(SpawnedFlights::default()),
            refresher.clone(),
            hand_outs.clone(),
        );
        let needed = ConnectingPorts {
            store: Arc::clone(&store),
            allowed_tenants: Arc::new(allowed),
            hosts: Arc::new(GraphHosts::new(infra::http::client()?, &config.delegation.graph_url)),
            ids: parts.ids(),
        };
        let scopes = ConnectingScopes {
            graph: config.connections.graph_scopes.clone(),
            share_point: config.connections.sharepoint_scopes.clone(),
        };
        let connecting = Connecting::new(needed, refresher.clone(), config.tenants.policy, scopes);
        let devices = Devices::new(
            Arc::clone(&store),
            Arc::new(database.clone()),
            Arc::new(database.clone()),
            Arc::new(SpawnedFlights::default()),
            device_codes(config, parts, keys)?,
            connecting.clone(),
            parts.ids(),
        );
        Ok(Self {
            tokens,
            connections: Connections::new(store, refresher.clone()),
            connecting,
            devices,
            hand_outs,
            refresher,
            public_url: config.process.public_url.clone(),
            consent,
        })
    }

    pub(super) fn devices_api(&self, parts: &Parts) -> DevicesApi {
        DevicesApi { devices: self.devices.clone(), clock: Arc::clone(&parts.clock) }
    }

    pub(super) fn api(&self, store: Arc<dyn Store>, parts: &Parts, pages: PageQuery) -> ConnectionsApi {
        ConnectionsApi {
            store,
            connections: self.connections.clone(),
            tokens: self.tokens.clone(),
            encryption: Arc::new(JweEncryption::new(Arc::clone(&parts.entropy))),
            pages,
            clock: Arc::clone(&parts.clock),
            public_url: self.public_url.clone(),
            consent: self.consent.clone(),
        }
    }
}

/// For devices without a browser, where there is a client for them.
fn device_codes(
    config: &Config,
    parts: &Parts,
    keys: &Arc<AuthorityKeys>,
) -> anyhow::Result<Option<Arc<dyn DeviceCodes>>> {
    let Some(client_id) = config.entra.public_client else { return Ok(None) };
    let (http, clock) = (infra::http::client()?, Arc::clone(&parts.clock));
    Ok(Some(Arc::new(EntraDeviceCodes::new(client_id, Arc::clone(keys), http, clock))))
}

//! What connected accounts are put together from.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    access::{AllowedTenants, TenantPolicy},
    connections::{
        Connecting, ConnectingPorts, ConnectingScopes, ConnectionTokens, Connections, GrantError, Granted,
        Grants, HandOuts, RefreshPolicy, RefreshPorts, Refresher, ResourceNames,
    },
    store::Store,
};
use infra::{
    connections::{ConnectionMemory, GraphHosts, SpawnedFlights},
    crypto::JweEncryption,
    db::Database,
    entra::{Authority, EntraAllowedTenants},
};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::{Parts, consent_url};
use crate::{config::Config, connections::ConnectionsApi, http::PageQuery};

/// The use-cases of connected accounts.
pub(super) struct Hub {
    pub(super) tokens: ConnectionTokens,
    pub(super) connections: Connections,
    pub(super) connecting: Connecting,
    pub(super) hand_outs: HandOuts,
    pub(super) refresher: Refresher,
    public_url: Url,
    consent_url: String,
}

/// Where Microsoft is, and what it is asked for.
struct Place {
    graph_url: Url,
    names: ResourceNames,
    scopes: ConnectingScopes,
    policy: RefreshPolicy,
    tenants: (TenantPolicy, Arc<dyn AllowedTenants>),
    public_url: Url,
    consent_url: String,
}

impl Hub {
    pub(super) fn new(
        config: &Config,
        parts: &Parts,
        database: &Database,
        grants: Arc<dyn Grants>,
    ) -> anyhow::Result<Self> {
        let authority = Authority::new(config.entra.authority_host.clone(), config.entra.tenant.clone());
        let (listed, http) = (config.tenants.allowed.clone(), infra::http::client()?);
        let allowed = EntraAllowedTenants::new(listed, &authority, http, Arc::clone(&parts.clock));
        let place = Place {
            graph_url: config.delegation.graph_url.clone(),
            names: ResourceNames { graph: config.delegation.graph_resource.clone() },
            scopes: ConnectingScopes {
                graph: config.connections.graph_scopes.clone(),
                share_point: config.connections.sharepoint_scopes.clone(),
            },
            policy: config.connections.refresh,
            tenants: (config.tenants.policy, Arc::new(allowed)),
            public_url: config.process.public_url.clone(),
            consent_url: consent_url(config),
        };
        Self::at(place, parts, database, grants)
    }

    /// For the document, which is the same wherever Microsoft is.
    pub(super) fn unconnected(database: &Database, parts: &Parts) -> anyhow::Result<Self> {
        let nowhere = Url::parse("https://graph.microsoft.com")?;
        let authority = Authority::new(nowhere.clone(), domain::access::TenantSelector::Common);
        let http = infra::http::client()?;
        let allowed = EntraAllowedTenants::new(Vec::new(), &authority, http, Arc::clone(&parts.clock));
        let place = Place {
            names: ResourceNames { graph: "https://graph.microsoft.com".to_owned() },
            scopes: ConnectingScopes { graph: Vec::new(), share_point: Vec::new() },
            policy: RefreshPolicy::default(),
            tenants: (TenantPolicy::Open, Arc::new(allowed)),
            public_url: nowhere.clone(),
            consent_url: String::new(),
            graph_url: nowhere,
        };
        Self::at(place, parts, database, Arc::new(NoGrants))
    }

    fn at(place: Place, parts: &Parts, database: &Database, grants: Arc<dyn Grants>) -> anyhow::Result<Self> {
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
        let refresher = Refresher::new(needed, place.policy, place.names);
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
        let (policy, allowed_tenants) = place.tenants;
        let needed = ConnectingPorts {
            store: Arc::clone(&store),
            allowed_tenants,
            hosts: Arc::new(GraphHosts::new(infra::http::client()?, &place.graph_url)),
            ids: parts.ids(),
        };
        Ok(Self {
            tokens,
            connections: Connections::new(store, refresher.clone()),
            connecting: Connecting::new(needed, refresher.clone(), policy, place.scopes),
            hand_outs,
            refresher,
            public_url: place.public_url,
            consent_url: place.consent_url,
        })
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
            consent_url: self.consent_url.clone(),
        }
    }
}

/// For a document without a service that could answer.
struct NoGrants;

#[async_trait]
impl Grants for NoGrants {
    async fn refresh(&self, _: Uuid, _: &SecretString, _: &[String]) -> Result<Granted, GrantError> {
        Err(GrantError::OwnRegistration)
    }
}

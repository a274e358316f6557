//! How customers' tenants come and go, put together.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    access::OnBehalfOf,
    delegation::{AppTokens, ClaimsChallenge, DelegatedToken, DelegatedTokens, DelegationError, Resource},
    organizations::{
        Imports, Leaving,
        onboarding::{Onboarding, OnboardingPorts, OnboardingSettings, Tenants},
    },
    store::Store,
};
use infra::{
    crypto::{KeyRing, SealedTexts},
    db::Database,
    entra::{Authority, EntraAllowedTenants},
    onboarding::GraphTenants,
};
use url::Url;

use super::{Parts, consent_url};
use crate::{
    config::Config,
    onboarding::{Browser, BrowserSettings, OnboardingApi},
    organizations::{ImportApi, LeavingApi},
};

/// The operations about coming and going.
pub(super) type CustomersApi = (OnboardingApi, ImportApi, LeavingApi);

/// The use-cases of coming and going.
pub(super) struct Customers {
    pub(super) onboarding: Onboarding,
    pub(super) imports: Imports,
    pub(super) leaving: Leaving,
    store: Arc<dyn Store>,
    consent_url: String,
}

/// What they are made from.
pub(super) struct Needed<'a> {
    pub(super) database: &'a Database,
    pub(super) parts: &'a Parts,
    pub(super) tokens: Arc<dyn AppTokens>,
}

impl Customers {
    pub(super) fn new(config: &Config, needed: &Needed<'_>) -> anyhow::Result<Self> {
        let settings = OnboardingSettings {
            permissions: config.onboarding.permissions.clone(),
            policy: config.tenants.policy,
        };
        let authority = Authority::new(config.entra.authority_host.clone(), config.entra.tenant.clone());
        let listed = config.tenants.allowed.clone();
        Self::at(needed, settings, &config.delegation.graph_url, (&authority, listed), consent_url(config))
    }

    fn at(
        needed: &Needed<'_>,
        settings: OnboardingSettings,
        graph_url: &Url,
        (authority, listed): (&Authority, Vec<domain::access::AllowedTenant>),
        consent_url: String,
    ) -> anyhow::Result<Self> {
        let Needed { database, parts, tokens } = needed;
        let clock = || Arc::clone(&parts.clock);
        let store: Arc<dyn Store> = Arc::new((*database).clone());
        let http = infra::http::client()?;
        let tenants: Arc<dyn Tenants> =
            Arc::new(GraphTenants::new(http.clone(), Arc::clone(tokens), graph_url.clone(), clock()));
        let ports = OnboardingPorts {
            store: Arc::clone(&store),
            directory: Arc::new((*database).clone()),
            attempts: Arc::new((*database).clone()),
            invitations: Arc::new((*database).clone()),
            tenants: Arc::clone(&tenants),
            allowed_tenants: Arc::new(EntraAllowedTenants::new(listed, authority, http, clock())),
            ids: parts.ids(),
            entropy: Arc::clone(&parts.entropy),
        };
        Ok(Self {
            onboarding: Onboarding::new(ports, settings),
            imports: Imports::new(Arc::clone(&store), tenants, parts.ids()),
            leaving: Leaving::new(
                Arc::clone(&store),
                Arc::new((*database).clone()),
                Arc::new((*database).clone()),
                clock(),
            ),
            store,
            consent_url,
        })
    }

    pub(super) fn api(&self) -> CustomersApi {
        let onboarding = self.onboarding.clone();
        (
            OnboardingApi { onboarding, consent_url: self.consent_url.clone() },
            ImportApi { store: Arc::clone(&self.store), imports: self.imports.clone() },
            LeavingApi { store: Arc::clone(&self.store), leaving: self.leaving.clone() },
        )
    }

    /// The steps of a browser.
    pub(super) fn browser(&self, config: &Config, parts: &Parts, ring: &KeyRing) -> Browser {
        let settings = BrowserSettings {
            authority_host: config.entra.authority_host.clone(),
            authority_tenant: config.entra.tenant.clone(),
            client_id: config.entra.client_id,
            scope: config.onboarding.scope.clone(),
            public_url: config.process.public_url.clone(),
            origins: config.http.cors_origins.clone(),
        };
        let seal = Arc::new(SealedTexts::new(ring, Arc::clone(&parts.entropy)));
        Browser::new(self.onboarding.clone(), seal, Arc::clone(&parts.clock), settings)
    }
}

/// Tokens in callers' names, watched: where Microsoft refuses one for want of consent, the tenant is looked at.
pub(super) struct Watched {
    pub(super) tokens: Arc<dyn DelegatedTokens>,
    pub(super) onboarding: Onboarding,
}

impl Watched {
    async fn noticed<T>(
        &self,
        caller: &OnBehalfOf,
        result: Result<T, DelegationError>,
    ) -> Result<T, DelegationError> {
        if result.as_ref().is_err_and(DelegationError::is_missing_consent)
            && let Err(error) = self.onboarding.suspect(caller).await
        {
            // The look of every day is still to come.
            tracing::warn!(
                error = crate::auth::chain(&error),
                "a tenant could not be marked to be looked at"
            );
        }
        result
    }
}

#[async_trait]
impl DelegatedTokens for Watched {
    async fn token(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        let result = self.tokens.token(caller, resource).await;
        self.noticed(caller, result).await
    }

    async fn refused(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
        token: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError> {
        let result = self.tokens.refused(caller, resource, token, challenge).await;
        self.noticed(caller, result).await
    }
}

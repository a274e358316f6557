//! The sources of tokens for Microsoft 365, put together.

use std::sync::Arc;

use anyhow::Context;
use domain::{
    access::Epochs,
    connections::Grants,
    delegation::{AppTokens, DelegatedTokens},
};
use infra::{
    cache::SharedRedis,
    crypto::{CacheSeal, KeyRing},
    entra::{
        SignInSettings,
        token_client::{
            AppTokenSource, ClientCertificate, ClientCredential, Credentials, DelegatedTokenSettings,
            DelegatedTokenSource, ManagedIdentity, RefreshTokenGrants, ResourceNames, SharedTokens,
            TokenEndpoint,
        },
    },
};

use super::{Parts, consent_url, credential_ends::CredentialEnd, sign_in::sign_in_place};
use crate::config::{Config, MachineIdentity};

/// What is needed to ask Entra ID for tokens.
pub(super) struct TokenSources {
    endpoint: Arc<TokenEndpoint>,
    credentials: Arc<Credentials>,
    names: ResourceNames,
    ends: Vec<CredentialEnd>,
}

impl TokenSources {
    pub(super) fn new(config: &Config, parts: &Parts) -> anyhow::Result<Self> {
        let client = infra::http::client()?;
        let host = config.entra.authority_host.clone();
        let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
        let endpoint = Arc::new(TokenEndpoint::new(client, host, clock, entropy));
        let list = credentials(config, &endpoint)?;
        let ends = list.iter().filter_map(|credential| end(credential, config)).collect();
        let credentials = Arc::new(Credentials::new(config.entra.client_id, list));
        let names = ResourceNames { graph: config.delegation.graph_resource.clone() };
        Ok(Self { endpoint, credentials, names, ends })
    }

    /// In callers' names; replicas share them where there is a Redis.
    pub(super) fn delegated(
        &self,
        config: &Config,
        parts: &Parts,
        epochs: Arc<dyn Epochs>,
        shared: Option<(Arc<SharedRedis>, &KeyRing)>,
    ) -> Arc<dyn DelegatedTokens> {
        let settings = DelegatedTokenSettings {
            names: self.names.clone(),
            graph_scopes: config.delegation.graph_scopes.clone(),
            sign_in: sign_in_place(config),
            consent_url: consent_url(config),
        };
        let clock = || Arc::clone(&parts.clock);
        let shared = shared.map(|(redis, ring)| {
            SharedTokens::new(redis, CacheSeal::new(ring, Arc::clone(&parts.entropy)), clock())
        });
        let (endpoint, credentials) = (Arc::clone(&self.endpoint), Arc::clone(&self.credentials));
        Arc::new(DelegatedTokenSource::new(endpoint, credentials, settings, epochs, clock(), shared))
    }

    /// For the service itself.
    pub(super) fn app_only(&self) -> Arc<dyn AppTokens> {
        let (endpoint, credentials) = (Arc::clone(&self.endpoint), Arc::clone(&self.credentials));
        Arc::new(AppTokenSource::new(endpoint, credentials, self.names.clone()))
    }

    /// For connected accounts.
    pub(super) fn grants(&self) -> Arc<dyn Grants> {
        Arc::new(RefreshTokenGrants::new(Arc::clone(&self.endpoint), Arc::clone(&self.credentials)))
    }

    /// For signing in by this registration; `None` where nothing proves who we are.
    pub(super) fn sign_in_settings(&self, redirect_uri: String) -> Option<SignInSettings> {
        let (endpoint, credentials) = (Arc::clone(&self.endpoint), Arc::clone(&self.credentials));
        (!credentials.kinds().is_empty()).then_some(SignInSettings { credentials, endpoint, redirect_uri })
    }

    /// When the ways in which we prove who we are end, where that is known.
    pub(super) fn ends(&self) -> &[CredentialEnd] {
        &self.ends
    }

    /// The ways in which we prove who we are, in words.
    pub(super) fn credentials(&self) -> Vec<&'static str> {
        self.credentials.kinds()
    }
}

fn end(credential: &ClientCredential, config: &Config) -> Option<CredentialEnd> {
    let at = match credential {
        ClientCredential::Certificate(certificate) => certificate.expires_at(),
        ClientCredential::Secret(_) => config.delegation.secret_expires_at,
        ClientCredential::FederatedFile(_) | ClientCredential::ManagedIdentity(_) => None,
    };
    at.map(|at| CredentialEnd { credential: credential.kind(), at })
}

/// Those without a secret that could leak come first.
fn credentials(config: &Config, endpoint: &Arc<TokenEndpoint>) -> anyhow::Result<Vec<ClientCredential>> {
    let delegation = &config.delegation;
    let mut list = Vec::new();
    list.extend(delegation.federated_token_file.clone().map(ClientCredential::FederatedFile));
    if let Some(identity) = delegation.managed_identity {
        let client_id = match identity {
            MachineIdentity::System => None,
            MachineIdentity::User(id) => Some(id),
        };
        let identity = ManagedIdentity::new(client_id, delegation.token_exchange, Arc::clone(endpoint))?;
        list.push(ClientCredential::ManagedIdentity(identity));
    }
    if let Some(text) = &delegation.certificate {
        let certificate = ClientCertificate::parse(&text.pem, text.key.as_ref())
            .context("the client certificate (AZURE_CLIENT_CERTIFICATE) cannot be used")?;
        list.push(ClientCredential::Certificate(certificate));
    }
    list.extend(delegation.secret.clone().map(ClientCredential::Secret));
    Ok(list)
}

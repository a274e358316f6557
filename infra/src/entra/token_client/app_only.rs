//! The service's own tokens, by `azure_identity`: one credential for each tenant, all over one transport. Each keeps
//! its tokens, renews them before they end, and asks once for those who ask together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential},
    error::ErrorKind,
    http::{ClientMethodOptions, Transport},
    time::OffsetDateTime,
};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use chrono::TimeDelta;
use domain::delegation::{AppToken, AppTokenError, AppTokens, Resource};
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    ClientCredential, Credentials, ResourceNames, TokenEndpoint, credential::Proof, endpoint::TokenFailure,
    pauses::Pauses, refusal::Meaning, transport,
};

/// So many tenants' credentials are kept, with their tokens.
const MOST: u64 = 10_000;
/// A credential that nobody asked is dropped, and its tokens with it.
const IDLE: Duration = Duration::from_hours(2);

/// Gives the service's own tokens.
pub struct AppTokenSource {
    endpoint: Arc<TokenEndpoint>,
    credentials: Arc<Credentials>,
    names: ResourceNames,
    transport: Transport,
    made: Cache<(usize, Uuid), Arc<dyn TokenCredential>>,
    /// What was asked for too often, by tenant and scope.
    looping: Pauses<(Uuid, String)>,
    is_misconfigured: AtomicBool,
}

impl AppTokenSource {
    pub fn new(endpoint: Arc<TokenEndpoint>, credentials: Arc<Credentials>, names: ResourceNames) -> Self {
        let transport = transport::over(Arc::clone(&endpoint));
        let made = Cache::builder().max_capacity(MOST).time_to_idle(IDLE).build();
        let (looping, is_misconfigured) = (Pauses::default(), AtomicBool::new(false));
        Self { endpoint, credentials, names, transport, made, looping, is_misconfigured }
    }

    /// Tries the credentials in their order.
    async fn ask(&self, tenant: Uuid, resource: &Resource) -> Result<AccessToken, TokenFailure> {
        let scope = self.names.default_scope(resource);
        let wanted = (tenant, scope.clone());
        if let Some(retry_after) = self.looping.left(&wanted, self.endpoint.clock().now()) {
            return Err(TokenFailure::Looping { retry_after });
        }
        for (index, credential) in self.credentials.usable(tenant, &self.endpoint) {
            let made = self.made.try_get_with((index, tenant), async { self.make(credential, tenant) }).await;
            let Ok(made) = made else {
                self.credentials.gave_none(index, tenant, &self.endpoint, "it cannot be used");
                continue;
            };
            let token = made.get_token(&[scope.as_str()], None).await;
            let token = token.map_err(|error| transport::failure(&error));
            if let Err(TokenFailure::Looping { retry_after }) = &token {
                self.looping.pause(wanted.clone(), self.endpoint.clock().now(), *retry_after);
            }
            if matches!(token, Err(TokenFailure::NoCredential)) {
                self.credentials.gave_none(index, tenant, &self.endpoint, "it gives no proof");
            }
            if !self.credentials.is_to_blame(index, tenant, &self.endpoint, &token) {
                return token;
            }
        }
        Err(self.credentials.exhausted(tenant, &self.endpoint))
    }

    fn make(
        &self,
        credential: &Arc<ClientCredential>,
        tenant: Uuid,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let client_id = self.credentials.client_id;
        self::credential(credential, client_id, tenant, &self.endpoint, &self.transport)
    }

    fn refused(&self, failure: TokenFailure) -> AppTokenError {
        let error = match failure {
            TokenFailure::Refused(refusal) => match refusal.meaning() {
                Meaning::Consent | Meaning::ApplicationUnknown => AppTokenError::NotConsented,
                // Policies for workloads forbid an application what they forbid people.
                Meaning::ApplicationDisabled | Meaning::PolicyBlocked => AppTokenError::DisabledByTenant,
                Meaning::NoSuchTenant => AppTokenError::NoSuchTenant,
                Meaning::NoSuchResource => AppTokenError::NoSuchResource,
                Meaning::OurCredential
                | Meaning::OurMistake
                | Meaning::Interaction
                | Meaning::AssertionRejected
                | Meaning::AccountBlocked
                | Meaning::Throttled
                | Meaning::Looping
                | Meaning::Transient => {
                    if !self.is_misconfigured.swap(true, Ordering::Relaxed) {
                        tracing::error!(%refusal, "Entra ID refuses the service's own token requests as wrong");
                    }
                    return AppTokenError::Misconfigured;
                }
            },
            TokenFailure::NoCredential => return AppTokenError::Misconfigured,
            TokenFailure::Throttled { retry_after }
            | TokenFailure::LeftAlone { retry_after }
            | TokenFailure::Looping { retry_after } => AppTokenError::Throttled { retry_after },
            TokenFailure::Unavailable { retry_after, .. } | TokenFailure::NoProof { retry_after } => {
                AppTokenError::Unavailable { retry_after }
            }
            TokenFailure::Timeout => AppTokenError::Timeout,
        };
        tracing::info!(%error, "no token for the service itself");
        error
    }
}

#[async_trait]
impl AppTokens for AppTokenSource {
    async fn token(&self, tenant: Uuid, resource: &Resource) -> Result<Arc<AppToken>, AppTokenError> {
        let token = self.ask(tenant, resource).await.map_err(|failure| self.refused(failure))?;
        self.is_misconfigured.store(false, Ordering::Relaxed);
        // The library goes by the machine's clock; we count from ours.
        let left = (token.expires_on - OffsetDateTime::now_utc()).whole_seconds();
        Ok(Arc::new(AppToken {
            secret: SecretString::from(token.token.secret()),
            expires_at: self.endpoint.clock().now() + TimeDelta::seconds(left),
        }))
    }

    async fn forget(&self, tenant: Uuid) {
        for (index, _) in self.credentials.usable(tenant, &self.endpoint) {
            self.made.invalidate(&(index, tenant)).await;
        }
    }
}

/// The library's form of a credential of ours.
pub(super) fn credential(
    credential: &Arc<ClientCredential>,
    client_id: Uuid,
    tenant: Uuid,
    endpoint: &Arc<TokenEndpoint>,
    transport: &Transport,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let client_options = transport::options(endpoint, transport);
    match credential.as_ref() {
        ClientCredential::Secret(secret) => {
            let secret = Secret::new(secret.expose_secret().to_owned());
            let options = ClientSecretCredentialOptions { client_options };
            let (tenant, client_id) = (tenant.to_string(), client_id.to_string());
            let made = ClientSecretCredential::new(&tenant, client_id, secret, Some(options))?;
            Ok(made)
        }
        ClientCredential::Certificate(_)
        | ClientCredential::FederatedFile(_)
        | ClientCredential::ManagedIdentity(_) => {
            let (credential, endpoint) = (Arc::clone(credential), Arc::clone(endpoint));
            let assertion = Assertion { credential, endpoint, client_id, tenant };
            let options = ClientAssertionCredentialOptions { client_options };
            let (tenant, client_id) = (tenant.to_string(), client_id.to_string());
            let made = ClientAssertionCredential::new(tenant, client_id, assertion, Some(options))?;
            Ok(made)
        }
    }
}

/// A credential of ours as the proof that `azure_identity` sends.
#[derive(Clone)]
struct Assertion {
    credential: Arc<ClientCredential>,
    endpoint: Arc<TokenEndpoint>,
    client_id: Uuid,
    tenant: Uuid,
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertion").field("kind", &self.credential.kind()).finish_non_exhaustive()
    }
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        match self.credential.proof(&self.endpoint, self.client_id, &self.endpoint.url(self.tenant)).await {
            Ok(Proof::Assertion(assertion)) => Ok(assertion.expose_secret().to_owned()),
            Ok(Proof::Secret(_)) => {
                Err(azure_core::Error::with_message(ErrorKind::Credential, "a secret is no assertion"))
            }
            Err(_) => Err(azure_core::Error::new(ErrorKind::Credential, TokenFailure::NoCredential)),
        }
    }
}

//! How we prove that we are our application: several ways, tried in their order.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Transport},
};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

use super::{ClientCertificate, TokenEndpoint, endpoint::TokenFailure, pauses::Pauses, refusal::Meaning};

/// How long a credential that failed for a tenant is passed over while there is another one.
const PASSED_OVER: Duration = Duration::from_mins(1);
/// And while there is none: a file that was just being replaced is there again, and so may a machine's service be.
const LAST_PASSED_OVER: Duration = Duration::from_secs(2);
/// The metadata service of a machine answers at once, or is not there.
const MACHINE_PATIENCE: Duration = Duration::from_secs(5);
/// No token of an issuer is as long.
const LONGEST_TOKEN: usize = 64 * 1024;

/// One way of proving who we are (Microsoft identity platform, "OAuth 2.0 client credentials flow").
#[derive(Debug)]
pub enum ClientCredential {
    /// A token that another issuer wrote into a file, such as Kubernetes; read for each request, since it is
    /// replaced by the hour.
    FederatedFile(PathBuf),
    /// The token of this machine's managed identity, which the registration trusts.
    ManagedIdentity(ManagedIdentity),
    Certificate(ClientCertificate),
    Secret(SecretString),
}

/// The identity that Azure gave this machine.
#[derive(Debug)]
pub struct ManagedIdentity {
    credential: Arc<ManagedIdentityCredential>,
    /// What its tokens must be for to be taken as a proof.
    scope: String,
}

/// There is no managed identity here that can be used.
#[derive(Debug, thiserror::Error)]
#[error("the managed identity cannot be used")]
pub struct ManagedIdentityError(#[source] azure_core::Error);

impl ManagedIdentity {
    /// The machine's own identity, or the one of several that has the client id. `exchange` is the audience that the
    /// cloud takes such tokens for (`api://AzureADTokenExchange`).
    pub fn new(
        client_id: Option<Uuid>,
        exchange: &str,
        endpoint: Arc<TokenEndpoint>,
    ) -> Result<Self, ManagedIdentityError> {
        Self::over(client_id, exchange, super::transport::over(endpoint))
    }

    pub(super) fn over(
        client_id: Option<Uuid>,
        exchange: &str,
        transport: Transport,
    ) -> Result<Self, ManagedIdentityError> {
        let mut options = ManagedIdentityCredentialOptions {
            client_options: ClientOptions { transport: Some(transport), ..Default::default() },
            ..Default::default()
        };
        options.user_assigned_id = client_id.map(|id| UserAssignedId::ClientId(id.to_string()));
        let credential = ManagedIdentityCredential::new(Some(options)).map_err(ManagedIdentityError)?;
        Ok(Self { credential, scope: format!("{exchange}/.default") })
    }

    pub(super) async fn token(&self) -> Result<SecretString, String> {
        let scope = [self.scope.as_str()];
        let asked = self.credential.get_token(&scope, None);
        match tokio::time::timeout(MACHINE_PATIENCE, asked).await {
            Ok(Ok(token)) => Ok(SecretString::from(token.token.secret())),
            Ok(Err(error)) => Err(format!("no token of the managed identity: {}", error.kind())),
            Err(_) => Err("the managed identity's service does not answer".to_owned()),
        }
    }
}

/// What goes into a request.
pub(in crate::entra) enum Proof {
    Secret(SecretString),
    Assertion(SecretString),
}

impl ClientCredential {
    /// The word for logs and reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FederatedFile(_) => "federated token file",
            Self::ManagedIdentity(_) => "managed identity",
            Self::Certificate(_) => "certificate",
            Self::Secret(_) => "secret",
        }
    }

    /// A proof for one address of the token endpoint; otherwise why there is none, in words for the log.
    pub(in crate::entra) async fn proof(
        &self,
        endpoint: &TokenEndpoint,
        client_id: Uuid,
        audience: &Url,
    ) -> Result<Proof, String> {
        match self {
            Self::Secret(secret) => Ok(Proof::Secret(secret.clone())),
            Self::Certificate(certificate) => certificate
                .assertion(client_id, audience, endpoint.clock(), endpoint.entropy())
                .map(Proof::Assertion)
                .map_err(|error| error.to_string()),
            Self::FederatedFile(path) => {
                let text = tokio::fs::read_to_string(path).await;
                let text =
                    text.map_err(|error| format!("the token file cannot be read: {}", error.kind()))?;
                let token = text.trim();
                if token.is_empty() || token.len() > LONGEST_TOKEN {
                    return Err("the token file holds no token".to_owned());
                }
                Ok(Proof::Assertion(SecretString::from(token)))
            }
            Self::ManagedIdentity(identity) => identity.token().await.map(Proof::Assertion),
        }
    }
}

impl Proof {
    /// As members of the request's form.
    pub(in crate::entra) fn members(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Secret(secret) => vec![("client_secret", secret.expose_secret())],
            Self::Assertion(assertion) => vec![
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion.expose_secret()),
            ],
        }
    }
}

/// The credentials of our application, in the order in which they are tried.
pub struct Credentials {
    pub(in crate::entra) client_id: Uuid,
    list: Vec<Entry>,
    /// What the authority refused.
    refused: Pauses<(usize, Uuid)>,
    /// What gave no proof.
    mute: Pauses<(usize, Uuid)>,
    is_broken: AtomicBool,
}

struct Entry {
    credential: Arc<ClientCredential>,
    has_failed: AtomicBool,
}

impl Credentials {
    pub fn new(client_id: Uuid, list: Vec<ClientCredential>) -> Self {
        let entry =
            |credential| Entry { credential: Arc::new(credential), has_failed: AtomicBool::new(false) };
        let list = list.into_iter().map(entry).collect();
        let (refused, mute) = (Pauses::default(), Pauses::default());
        Self { client_id, list, refused, mute, is_broken: AtomicBool::new(false) }
    }

    /// The words of what there is, in order.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.list.iter().map(|entry| entry.credential.kind()).collect()
    }

    /// Those that may be tried for a tenant, in order. One that failed there a moment ago is passed over; it is a
    /// matter of the tenant too, since what one of them refuses must not take a credential away from the others.
    pub(in crate::entra) fn usable(
        &self,
        tenant: Uuid,
        endpoint: &TokenEndpoint,
    ) -> impl Iterator<Item = (usize, &Arc<ClientCredential>)> {
        let now = endpoint.clock().now();
        let entries = self.list.iter().enumerate();
        entries
            .filter(move |(index, _)| {
                let key = (*index, tenant);
                self.refused.left(&key, now).is_none() && self.mute.left(&key, now).is_none()
            })
            .map(|(index, entry)| (index, &entry.credential))
    }

    /// Notes how an attempt with a credential ended, and says whether the next one is to be tried.
    pub(in crate::entra) fn is_to_blame<T>(
        &self,
        index: usize,
        tenant: Uuid,
        endpoint: &TokenEndpoint,
        attempt: &Result<T, TokenFailure>,
    ) -> bool {
        match attempt {
            Err(TokenFailure::Refused(refusal)) if refusal.meaning() == Meaning::OurCredential => {
                self.refused.pause((index, tenant), endpoint.clock().now(), PASSED_OVER);
                self.tell(index, &refusal.to_string());
                true
            }
            Err(TokenFailure::NoCredential) => true,
            Ok(_) => {
                if let Some(entry) = self.list.get(index)
                    && entry.has_failed.swap(false, Ordering::Relaxed)
                {
                    tracing::info!(credential = entry.credential.kind(), "a client credential works again");
                }
                self.is_broken.store(false, Ordering::Relaxed);
                false
            }
            Err(_) => false,
        }
    }

    /// Notes that a credential gives no proof for now.
    pub(in crate::entra) fn gave_none(
        &self,
        index: usize,
        tenant: Uuid,
        endpoint: &TokenEndpoint,
        reason: &str,
    ) {
        self.mute.pause((index, tenant), endpoint.clock().now(), PASSED_OVER);
        self.tell(index, reason);
    }

    fn tell(&self, index: usize, reason: &str) {
        if let Some(entry) = self.list.get(index)
            && !entry.has_failed.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                credential = entry.credential.kind(),
                reason,
                "a client credential cannot be used; the next one is tried"
            );
        }
    }

    /// Nothing was left to try. All of them are tried again soon: what failed a moment ago, in a tenant or for a moment
    /// here, must not be an outage of a minute. Where one gave no proof, that may have passed by then; that all were
    /// refused is said once, as an error, until something works again.
    pub(in crate::entra) fn exhausted(&self, tenant: Uuid, endpoint: &TokenEndpoint) -> TokenFailure {
        let now = endpoint.clock().now();
        let keys = (0..self.list.len()).map(|index| (index, tenant));
        for key in keys.clone() {
            self.refused.shorten(&key, now, LAST_PASSED_OVER);
            self.mute.shorten(&key, now, LAST_PASSED_OVER);
        }
        if let Some(retry_after) = keys.filter_map(|key| self.mute.left(&key, now)).min() {
            return TokenFailure::NoProof { retry_after };
        }
        if !self.is_broken.swap(true, Ordering::Relaxed) {
            tracing::error!(
                configured = ?self.kinds(),
                "no client credential is accepted by Entra ID: nothing can be asked of Microsoft 365 until that is mended"
            );
        }
        TokenFailure::NoCredential
    }
}

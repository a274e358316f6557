//! Who the service is where it uses what belongs to whoever runs it, such as a vault: no matter of a customer's tenant.

use std::{sync::Arc, time::Duration};

use azure_core::{credentials::TokenCredential, http::Transport};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    ClientCredential, ManagedIdentity, ManagedIdentityError, TokenEndpoint, app_only, endpoint::TokenFailure,
    transport,
};

/// An identity of the service's own, which asks for tokens by `azure_identity`.
pub struct OwnIdentity(Kind);

enum Kind {
    /// The machine's, as it is: not as a proof for an application.
    Machine { client_id: Option<Uuid>, transport: Transport },
    /// An application in the tenant of whoever runs the service.
    Application {
        client_id: Uuid,
        tenant: Uuid,
        credential: Arc<ClientCredential>,
        endpoint: Arc<TokenEndpoint>,
        transport: Transport,
    },
}

/// There is no token.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct NoOwnToken {
    /// In words for whoever runs the service, without anything secret.
    pub reason: String,
    /// After how long it may be different; `None` when asking again is of no use.
    pub again_after: Option<Duration>,
}

/// What failed without saying for how long.
const SOON: Duration = Duration::from_secs(1);

impl OwnIdentity {
    /// The managed identity of this machine: its own, or the one of several that has the client id.
    pub fn machine(client_id: Option<Uuid>, endpoint: Arc<TokenEndpoint>) -> Self {
        Self(Kind::Machine { client_id, transport: transport::over(endpoint) })
    }

    #[cfg(test)]
    pub(crate) fn machine_at(
        client_id: Option<Uuid>,
        endpoint: Arc<TokenEndpoint>,
        machine: url::Url,
    ) -> Self {
        Self(Kind::Machine { client_id, transport: transport::with_machine_at(endpoint, machine) })
    }

    /// An application, by one proof of who it is.
    pub fn application(
        client_id: Uuid,
        tenant: Uuid,
        credential: ClientCredential,
        endpoint: Arc<TokenEndpoint>,
    ) -> Self {
        let (credential, transport) = (Arc::new(credential), transport::over(Arc::clone(&endpoint)));
        Self(Kind::Application { client_id, tenant, credential, endpoint, transport })
    }

    /// A token for a resource, by its identifier (`https://vault.azure.net`). It is asked for each time.
    pub(crate) async fn token(&self, resource: &str) -> Result<SecretString, NoOwnToken> {
        match &self.0 {
            Kind::Machine { client_id, transport } => {
                let identity = ManagedIdentity::over(*client_id, resource, transport.clone());
                let identity = identity.map_err(|error| for_good(unusable(&error)))?;
                let token = identity.token().await;
                token.map_err(|reason| NoOwnToken { reason, again_after: Some(SOON) })
            }
            Kind::Application { client_id, tenant, credential, endpoint, transport } => {
                // What cannot be proven is told here, in words; the library would only say that it was not.
                let proof = credential.proof(endpoint, *client_id, &endpoint.url(*tenant)).await;
                proof.map_err(|reason| {
                    for_good(format!("the {} gives no proof: {reason}", credential.kind()))
                })?;
                let made = app_only::credential(credential, *client_id, *tenant, endpoint, transport);
                let made: Arc<dyn TokenCredential> =
                    made.map_err(|_| for_good(format!("the {} cannot be used", credential.kind())))?;
                let token = made.get_token(&[format!("{resource}/.default").as_str()], None).await;
                let token = token.map_err(|error| told(&transport::failure(&error)))?;
                Ok(SecretString::from(token.token.secret()))
            }
        }
    }
}

fn unusable(error: &ManagedIdentityError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

fn for_good(reason: String) -> NoOwnToken {
    NoOwnToken { reason, again_after: None }
}

/// The endpoint has tried more than once by then.
fn told(failure: &TokenFailure) -> NoOwnToken {
    let again_after = match failure {
        TokenFailure::Refused(_) | TokenFailure::NoCredential => None,
        TokenFailure::Throttled { retry_after }
        | TokenFailure::LeftAlone { retry_after }
        | TokenFailure::Looping { retry_after }
        | TokenFailure::Unavailable { retry_after, .. }
        | TokenFailure::NoProof { retry_after } => Some(*retry_after),
        TokenFailure::Timeout => Some(SOON),
    };
    NoOwnToken { reason: failure.to_string(), again_after }
}

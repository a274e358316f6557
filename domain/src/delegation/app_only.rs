//! The port of tokens for the service itself (client credentials), tenant by tenant.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::Resource;

/// An access token for one resource in one tenant, for the service itself. Opaque, like every token that is not
/// addressed to us.
pub struct AppToken {
    /// The bearer.
    pub secret: SecretString,
    /// When the resource stops accepting it.
    pub expires_at: DateTime<Utc>,
}

/// Says nothing.
impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppToken")
    }
}

/// Gives the service's own tokens. They act on a whole tenant: whoever asks has made sure that the tenant is the one
/// they work for.
#[async_trait]
pub trait AppTokens: Send + Sync {
    /// A token that is good for at least the next moments. Concurrent calls for one tenant and resource cause one
    /// request; failures are not kept.
    async fn token(&self, tenant: Uuid, resource: &Resource) -> Result<Arc<AppToken>, AppTokenError>;

    /// Forgets what is kept for a tenant, so that the next token has the permissions of today.
    async fn forget(&self, tenant: Uuid);
}

/// Why there is no token. Decided by the members of the authority's error body; numbers in it only refine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppTokenError {
    /// The tenant does not know our application: consent was never given or was withdrawn, or it was given a moment
    /// ago and has not reached every server yet (minutes).
    #[error("the tenant has not consented")]
    NotConsented,
    /// An administrator of the tenant has disabled our application there.
    #[error("the application is disabled in the tenant")]
    DisabledByTenant,
    /// There is no such tenant in this cloud.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The resource does not exist in the tenant, such as SharePoint without a licence.
    #[error("the tenant has no such resource")]
    NoSuchResource,
    /// Our secret or certificate is wrong, expired or missing, or our registration is. It has been logged; it says
    /// nothing about the tenant.
    #[error("the service is misconfigured")]
    Misconfigured,
    /// The authority wants fewer requests.
    #[error("the authority throttles")]
    Throttled { retry_after: Duration },
    /// The authority is down or answers with something else than OAuth.
    #[error("the authority is not available")]
    Unavailable { retry_after: Duration },
    /// The authority did not answer in time.
    #[error("the authority did not answer in time")]
    Timeout,
}

//! The port of tokens in the caller's name, and why there may be none.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

use super::{ClaimsChallenge, DelegatedToken, Resource};
use crate::{
    access::OnBehalfOf,
    connections::{ConnectionTokenError, Trouble},
    id::ConnectionId,
};

/// Gives tokens for a resource in the name of a caller: for their own token (OAuth 2.0 on-behalf-of), or, in a session,
/// of their own connection.
///
/// One source for all: concurrent calls for the same caller and resource cause one request, and what was had serves
/// that caller, with that very assertion, until it expires or somebody it depends on is revoked. Failures are not
/// kept: the next call asks again.
#[async_trait]
pub trait DelegatedTokens: Send + Sync {
    /// A token that is good for at least the next moments.
    async fn token(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError>;

    /// To be called when the resource answered `401` to `token`: it is not served again. `challenge` is the `claims`
    /// parameter of `error="insufficient_claims"`, if there was one.
    ///
    /// `Ok` is a newer token to repeat the request with, once: a `401` to that one too is not a matter of tokens. `None`
    /// says so already: one was had in place of a refused one some minutes ago, and no more is asked for until they are
    /// over, so that a resource that refuses every token does not cause a request for one with each call.
    /// `Err` is to be passed on to the caller; with a challenge it is always that, since only the caller's client
    /// can answer it.
    async fn refused(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
        token: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError>;
}

/// Where the caller's client goes for what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPlace {
    /// The authorization endpoint.
    pub authorization_uri: String,
    /// Our own application there: what the client needs a new token for.
    pub client_id: Uuid,
}

/// Why there is no token. Decided by the members of the authority's error body; numbers in it only refine.
///
/// Only `InteractionRequired`, `ConsentRequired`, `NotConnected`, `Unusable`, `AssertionRejected` and the two `Blocked`
/// ones say anything about the caller; nothing else may change what is known of a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelegationError {
    /// A policy wants more of the person (a second factor, a newer sign-in). Their client signs in again, with the
    /// claims if there are any. They are for clients that can act on them.
    #[error("the user has to interact")]
    InteractionRequired { claims: Option<ClaimsChallenge>, scopes: Vec<String>, sign_in: SignInPlace },
    /// Nobody has consented to what we ask of the resource.
    #[error("consent is missing")]
    ConsentRequired { scopes: Vec<String>, consent_url: String, sign_in: SignInPlace },
    /// The caller is in a session, and has not connected the account that they signed in with.
    #[error("the caller has not connected their account")]
    NotConnected,
    /// The caller's own connection gives no token; `trouble` says what is to be done.
    #[error("the caller's connection gives no token: {}", .trouble.as_str())]
    Unusable {
        connection: ConnectionId,
        trouble: Trouble,
        /// What the next sign-in has to show.
        claims: Option<ClaimsChallenge>,
        /// Where an administrator of the account's tenant consents, if that mends it.
        consent_url: Option<String>,
    },
    /// The caller's own token is not accepted any more: they must get a new one.
    #[error("the assertion was rejected")]
    AssertionRejected,
    /// The account is disabled, removed or not assigned; only its administrator can mend that.
    #[error("the account is blocked in its tenant")]
    AccountBlocked,
    /// A policy of the tenant shuts the person out, and no interaction helps.
    #[error("a policy of the tenant forbids it")]
    BlockedByPolicy,
    /// The resource does not exist in the tenant: no licence, or another tenant's host.
    #[error("the tenant has no such resource")]
    NoSuchResource,
    /// Our registration or credential is wrong. It has been logged; no user is to blame.
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
    /// A failure of this service while it looked for the caller's connection.
    #[error(transparent)]
    Failed(#[from] OwnFailure),
}

impl DelegationError {
    /// Whether it may be that an administrator has taken the tenant's consent back, or never gave it.
    pub fn is_missing_consent(&self) -> bool {
        match self {
            Self::ConsentRequired { .. } => true,
            Self::Unusable { trouble, .. } => trouble.is_mended_by_admin_consent(),
            Self::InteractionRequired { .. }
            | Self::NotConnected
            | Self::AssertionRejected
            | Self::AccountBlocked
            | Self::BlockedByPolicy
            | Self::NoSuchResource
            | Self::Misconfigured
            | Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Timeout
            | Self::Failed(_) => false,
        }
    }
}

/// A failure of this service, for all who wait for it. It is equal to itself alone.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the caller's connection could not be used")]
pub struct OwnFailure(#[source] pub Arc<ConnectionTokenError>);

impl PartialEq for OwnFailure {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OwnFailure {}

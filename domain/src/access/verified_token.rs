//! What the verification of an Entra ID access token says: plain claims, or the name of the check that refused.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Whether a token speaks for a person or for an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// Delegated: a person, through a client (`scp`).
    Delegated,
    /// App-only: an application for itself (`idtyp` is `app`, or there is no `scp`).
    App,
}

/// The claims of a token whose signature, times, issuer, version and audience are right. What it may do here is not
/// yet decided: see `AdmissionPolicy`.
#[derive(Clone, Debug, Default)]
pub struct VerifiedToken {
    /// `tid`: the tenant signed in to.
    pub tenant: Uuid,
    /// `oid`: the person or service principal in that tenant.
    pub object_id: Uuid,
    /// `iat`.
    pub issued_at: DateTime<Utc>,
    /// `auth_time`, when there is one: when the person last showed who they are. `iat` is of the token and says nothing
    /// of that. A time to come is none.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// `nbf`, when there is one.
    pub not_before: Option<DateTime<Utc>>,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
    /// `idtyp`, an optional claim.
    pub identity_type: Option<String>,
    /// `scp`, split at spaces.
    pub scopes: Vec<String>,
    /// `roles`.
    pub app_roles: Vec<String>,
    /// `wids`: template ids of directory roles.
    pub directory_roles: Vec<Uuid>,
    /// `azp` (v2.0) or `appid` (v1.0): the calling client.
    pub client_id: Option<Uuid>,
    /// `email`, else `preferred_username` or `upn` where it has the form of an address. For display only: it can
    /// be changed and reused, and identifies nobody.
    pub email: Option<String>,
    /// `xms_edov`: the owner of the e-mail's domain vouches for it. Speaks of `email` alone.
    pub email_domain_owner_verified: bool,
    /// `name`.
    pub display_name: Option<String>,
    /// A guest of the tenant (`acct` is 1, or `idp` names another issuer).
    pub is_guest: bool,
    /// `xms_cc` has `cp1`: the client handles claims challenges. An optional claim.
    pub handles_claims: bool,
    /// The key that signed it (`kid`).
    pub key_id: String,
}

impl VerifiedToken {
    /// The kind of caller, by the rules for a resource that may not have asked for `idtyp`
    /// (Microsoft identity platform, "Access token claims reference"). `None` when the claims contradict each other.
    pub fn kind(&self) -> Option<IdentityKind> {
        match (self.identity_type.as_deref(), self.scopes.is_empty()) {
            (Some("app") | None, true) => Some(IdentityKind::App),
            (Some("user") | None, false) => Some(IdentityKind::Delegated),
            _ => None,
        }
    }
}

/// The check that refused a token. For logs and metrics; the client is told `401 UNAUTHORIZED` whichever it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    #[error("malformed")]
    Malformed,
    #[error("too_large")]
    TooLarge,
    #[error("algorithm")]
    Algorithm,
    #[error("unknown_key")]
    UnknownKey,
    #[error("signature")]
    Signature,
    #[error("expired")]
    Expired,
    #[error("not_yet_valid")]
    NotYetValid,
    #[error("tenant_claim")]
    TenantClaim,
    #[error("object_id")]
    ObjectId,
    #[error("issuer")]
    Issuer,
    #[error("key_issuer")]
    KeyIssuer,
    #[error("version")]
    Version,
    #[error("audience")]
    Audience,
    #[error("tenant_not_allowed")]
    TenantNotAllowed,
    #[error("permission_claims")]
    PermissionClaims,
    #[error("client_not_allowed")]
    ClientNotAllowed,
    /// A token of ours, of another kind than was asked for.
    #[error("token_kind")]
    TokenKind,
    /// An ID token that was not made for this sign-in.
    #[error("nonce")]
    Nonce,
    /// An ID token that does not say that the person signed in as lately as was asked (`auth_time`).
    #[error("authentication_time")]
    AuthenticationTime,
}

/// Why there is no verified token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VerificationError {
    /// The token is wrong.
    #[error("the token was rejected: {0}")]
    Rejected(#[from] Rejection),
    /// The authority's keys have never been had, or not for too long: the token cannot be judged.
    #[error("the authority's signing keys are not available")]
    Unavailable { retry_after: Duration },
}

/// Turns a token string into claims; the one place where that happens.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Checks form, algorithm, key, signature, times, tenant, issuer, key issuer, version and audience, in that
    /// order. May await one refresh of the authority's keys when the token's key is unknown.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerificationError>;

    /// Whether a key that once verified a token is still among the authority's keys. Reads memory only.
    fn trusts(&self, key_id: &str) -> bool;
}

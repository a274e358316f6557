//! What a session's tokens say, and the ports that make and read them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    access::{Rejection, Role},
    id::{AccountId, OrgId, SessionId, UserId},
};

/// How every token of a session begins: the start of a header that names `EdDSA`, which no authority of ours signs with.
pub const SESSION_TOKEN_PREFIX: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIs";

/// The claims of an access token. It may be read by whoever has our public keys, so nothing in it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    pub session: SessionId,
    pub account: AccountId,
    pub organization: OrgId,
    pub user: UserId,
    /// For display.
    pub email: Option<String>,
    /// As of when it was issued; what the caller may do is looked up, not read here.
    pub role: Option<Role>,
    /// The word of the sign-in method.
    pub login_provider: String,
    pub is_email_verified: bool,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The claims of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshClaims {
    pub session: SessionId,
    /// Which of the session's refresh tokens it is.
    pub id: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Makes and reads the tokens of sessions. Each kind names its kind, and is refused as any other.
pub trait SessionTokens: Send + Sync {
    fn access(&self, claims: &AccessClaims) -> Result<SecretString, CannotSign>;

    fn refresh(&self, claims: &RefreshClaims) -> Result<SecretString, CannotSign>;

    /// Checks form, key, signature, kind, issuer, audience and times.
    fn read_access(&self, token: &str) -> Result<AccessClaims, Rejection>;

    /// The same for a refresh token.
    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Rejection>;
}

/// The key could not sign. It does not happen with a key that was checked when it was made.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed")]
pub struct CannotSign;

/// Values that a page sends with each change, to show that it is one of ours (signed double submit; OWASP
/// "Cross-Site Request Forgery Prevention Cheat Sheet").
pub trait CsrfTokens: Send + Sync {
    /// A value for a session.
    fn issue(&self, session: SessionId) -> String;

    /// Whether the value was issued for the session.
    fn is_of(&self, session: SessionId, value: &str) -> bool;
}

/// What a client gets when a session begins or goes on.
#[derive(Debug)]
pub struct IssuedTokens {
    pub session: SessionId,
    pub access: SecretString,
    pub access_expires_at: DateTime<Utc>,
    pub refresh: SecretString,
    pub refresh_expires_at: DateTime<Utc>,
}

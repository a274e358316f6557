//! Sign-in at Microsoft, as the service needs it: where to send a browser, and what comes back of a code.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::access::{Rejection, VerifiedToken};

/// What a browser is sent to Microsoft with.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest<'a> {
    pub state: &'a str,
    pub nonce: &'a str,
    /// The secret whose S256 challenge is sent (RFC 7636).
    pub verifier: &'a str,
    /// Besides those of `OpenID` Connect.
    pub scopes: &'a [String],
    pub prompt: Option<&'a str>,
    /// Whoever signed in longer ago than this has to show again who they are.
    pub max_age: Option<Duration>,
    pub login_hint: Option<&'a str>,
    pub domain_hint: Option<&'a str>,
    /// A claims challenge to be met (JSON).
    pub claims: Option<&'a str>,
}

/// What a browser brought back, and what was kept of the request.
#[derive(Clone, Debug)]
pub struct Redemption<'a> {
    pub code: &'a str,
    pub verifier: &'a str,
    pub nonce: &'a str,
    /// Of one resource; empty for whatever was asked for, where that is one.
    pub scopes: &'a [String],
    /// As it was asked for: the ID token must prove it.
    pub max_age: Option<Duration>,
}

/// Tokens for Microsoft's own resources.
#[derive(Debug)]
pub struct MicrosoftTokens {
    pub access: SecretString,
    /// Only where `offline_access` was asked for.
    pub refresh: Option<SecretString>,
    pub expires_in: Option<Duration>,
    pub scopes: Vec<String>,
}

/// Somebody who has just signed in at Microsoft: who they are, and the tokens that they gave.
#[derive(Debug)]
pub struct MicrosoftArrival {
    /// The claims of the verified ID token. It names no scopes: those are of [`MicrosoftTokens`].
    pub identity: VerifiedToken,
    pub tokens: MicrosoftTokens,
}

/// Why a code gave no identity.
#[derive(Debug, thiserror::Error)]
pub enum RedemptionError {
    /// Microsoft refused the code; the codes are of its documentation ("Microsoft Entra authentication and
    /// authorization error codes").
    #[error("the authority refused the code ({error}, {codes:?})")]
    Refused { error: String, codes: Vec<u32> },
    /// It refused us: the secret is wrong or expired.
    #[error("the authority refused this application's own credential ({codes:?})")]
    OwnCredential { codes: Vec<u32> },
    /// The ID token does not hold.
    #[error("the ID token was rejected: {0}")]
    Rejected(#[from] Rejection),
    /// No answer, or none that could be understood.
    #[error("the authority did not answer")]
    Unavailable,
}

/// Microsoft's side of a sign-in.
#[async_trait]
pub trait MicrosoftSignIn: Send + Sync {
    /// Where to send the browser.
    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> String;

    /// Redeems a code, and verifies the ID token that comes for it: signature, the key's own issuer, issuer of the
    /// tenant, audience, times, nonce, and the time of the sign-in if an age was asked for.
    async fn redeem(&self, redemption: Redemption<'_>) -> Result<MicrosoftArrival, RedemptionError>;
}

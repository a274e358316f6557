//! Why a secret could not be read, and what to do about it.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::entra::token_client::NoOwnToken;

/// The secret could not be read. The text says which, why, and what helps; never what the vault answered.
#[derive(Debug, thiserror::Error)]
#[error("the secret {secret} cannot be read: {reason}")]
pub struct KeyVaultError {
    pub(super) secret: Url,
    pub(super) reason: Reason,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error(
        "there is no token for the vault ({0}); check TOKEN_KEYS_VAULT_CREDENTIAL and what it names, and \
         AZURE_AUTHORITY_HOST"
    )]
    NoToken(String),
    #[error(
        "the vault does not take our token (401); the identity must be of the vault's own tenant: the machine's, or for \
         the others the one of TOKEN_KEYS_VAULT_TENANT_ID"
    )]
    Unauthorized,
    #[error(
        "we may not read it (403{}); give the identity the role \"Key Vault Secrets User\" on the vault (new roles \
         take some minutes), or, in a vault with access policies, the secret permission Get",
        in_words(.0.as_deref())
    )]
    Forbidden(Option<String>),
    #[error(
        "the vault does not let us in from here (403); allow this network in the vault's networking, or where it has a \
         private endpoint let its name lead there (private DNS)"
    )]
    Firewall,
    #[error("it, or its version, is disabled (403); enable it, or name another version")]
    Disabled,
    #[error("the vault has no such secret (404); check its name and version, and that it was not deleted")]
    NotFound,
    #[error("the vault throttles (429); start again later")]
    Throttled,
    #[error("the vault answers {0}; start again later")]
    ServerError(u16),
    #[error("the vault answers {0}, which is no answer to this; check the address")]
    Unexpected(u16),
    #[error(
        "the vault cannot be reached; check its name, DNS (a private endpoint has its own), and firewalls on the way"
    )]
    NotReached,
    #[error("the vault does not answer in time; check firewalls and proxies on the way")]
    TimedOut,
    #[error("the answer is longer than that of a vault; check the address")]
    TooLong,
    #[error("the answer has no secret in it; check the address")]
    NoSecretInAnswer,
}

fn in_words(code: Option<&str>) -> String {
    code.map(|code| format!(", {code}")).unwrap_or_default()
}

/// An attempt that gave no secret.
pub(super) struct Missed {
    pub(super) reason: Reason,
    /// The least wait before the next attempt; `None` when that is of no use.
    pub(super) again_after: Option<Duration>,
}

impl Missed {
    pub(super) fn soon(reason: Reason) -> Self {
        Self { reason, again_after: Some(Duration::ZERO) }
    }

    pub(super) fn for_good(reason: Reason) -> Self {
        Self { reason, again_after: None }
    }
}

impl From<NoOwnToken> for Missed {
    fn from(NoOwnToken { reason, again_after }: NoOwnToken) -> Self {
        Self { reason: Reason::NoToken(reason), again_after }
    }
}

/// What an answer means that is no success.
pub(super) fn refused(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Missed {
    let again_after = Some(retry_after.unwrap_or_default());
    match status {
        StatusCode::UNAUTHORIZED => Missed::for_good(Reason::Unauthorized),
        StatusCode::FORBIDDEN => Missed::for_good(forbidden(body)),
        StatusCode::NOT_FOUND => Missed::for_good(Reason::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Missed { reason: Reason::Throttled, again_after },
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Missed { reason: Reason::ServerError(status.as_u16()), again_after }
        }
        status => Missed::for_good(Reason::Unexpected(status.as_u16())),
    }
}

/// "Azure Key Vault REST API error codes", HTTP 403.
fn forbidden(body: &[u8]) -> Reason {
    #[derive(Deserialize)]
    struct Body {
        error: Code,
    }
    #[derive(Deserialize)]
    struct Code {
        code: Option<String>,
        innererror: Option<Box<Code>>,
    }
    let code = serde_json::from_slice(body).ok().and_then(|Body { error }| match error.innererror {
        Some(inner) => inner.code,
        None => error.code,
    });
    match code.as_deref().and_then(word) {
        Some(code) if code == "ForbiddenByFirewall" || code == "ForbiddenByConnection" => Reason::Firewall,
        Some(code) if code == "SecretDisabled" => Reason::Disabled,
        code => Reason::Forbidden(code),
    }
}

/// Something short for the log, and nothing else.
pub(super) fn word(text: &str) -> Option<String> {
    let is_word = (1..=64).contains(&text.len()) && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_word.then(|| text.to_owned())
}

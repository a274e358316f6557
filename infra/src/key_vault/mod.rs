//! One secret of an Azure Key Vault: what the service must have before it starts.
//!
//! It is one GET ("Get Secret - Azure Key Vault REST API"), by the service's own client: nothing is followed anywhere, the
//! answer and the value are wiped when they were read, and only what can pass is asked for again.

mod error;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    clock::{Clock, Pauses},
    entropy::Entropy,
};
use reqwest::header::ACCEPT;
use secrecy::{SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Deserializer};
use url::Url;

pub use self::error::KeyVaultError;
use self::error::{Missed, Reason};
use crate::{
    entra::token_client::OwnIdentity,
    http::{jittered, retry_after},
};

/// The version of the interface that every cloud has.
const API_VERSION: &str = "7.4";
/// So often the vault is asked, the token for it included.
const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Who is told to wait longer gives up: whatever starts the service tries again by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
struct Limits {
    attempt: Duration,
    /// Of the answer, in bytes; a secret has at most 25 KB.
    size: usize,
}

impl Limits {
    const STANDARD: Self = Self { attempt: Duration::from_secs(5), size: 64 * 1024 };
}

/// Which secret, and where tokens for its vault are good.
#[derive(Clone, Debug)]
pub struct KeyVaultSettings {
    /// The secret's identifier, with its version or without: `https://{vault}.vault.azure.net/secrets/{name}`.
    pub secret: Url,
    /// What tokens are asked for, such as `https://vault.azure.net`; each cloud has its own.
    pub resource: String,
}

/// A secret of a vault, and who reads it.
pub struct KeyVaultSecret {
    settings: KeyVaultSettings,
    identity: OwnIdentity,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pauses: Arc<dyn Pauses>,
    limits: Limits,
}

/// What the vault gave.
#[derive(Debug)]
pub struct SecretValue {
    pub value: SecretString,
    /// The version's id, where the vault tells it.
    pub version: Option<String>,
    /// The vault gives a secret that has expired all the same ("About Azure Key Vault secrets", date-time controlled
    /// operations).
    pub expires_at: Option<DateTime<Utc>>,
}

impl KeyVaultSecret {
    pub fn new(
        settings: KeyVaultSettings,
        identity: OwnIdentity,
        client: reqwest::Client,
        (clock, entropy, pauses): (Arc<dyn Clock>, Arc<dyn Entropy>, Arc<dyn Pauses>),
    ) -> Self {
        Self { settings, identity, client, clock, entropy, pauses, limits: Limits::STANDARD }
    }

    /// Reads the secret. Lost connections, throttling, server errors and time-outs are repeated, three times in all and
    /// within about a minute; what the vault said about us or about the secret never is.
    pub async fn read(&self) -> Result<SecretValue, KeyVaultError> {
        let mut attempt = 1;
        loop {
            let missed = match self.ask().await {
                Ok(value) => return Ok(value),
                Err(missed) => missed,
            };
            let wait = jittered(FIRST_WAIT * 2_u32.pow(attempt - 1), self.entropy.as_ref());
            let wait = missed.again_after.map(|asked_for| asked_for.max(wait));
            let error = KeyVaultError { secret: self.settings.secret.clone(), reason: missed.reason };
            match wait.filter(|wait| attempt < ATTEMPTS && *wait <= LONGEST_WAIT) {
                Some(wait) => {
                    tracing::warn!(%error, wait_ms = wait.as_millis(), "the key vault is asked again");
                    self.pauses.pause(wait).await;
                }
                None => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn ask(&self) -> Result<SecretValue, Missed> {
        let token = self.identity.token(&self.settings.resource).await.map_err(Missed::from)?;
        let asked = tokio::time::timeout(self.limits.attempt, self.send(&token));
        asked.await.unwrap_or(Err(Missed::soon(Reason::TimedOut)))
    }

    async fn send(&self, token: &SecretString) -> Result<SecretValue, Missed> {
        use secrecy::ExposeSecret;
        let lost = |_: reqwest::Error| Missed::soon(Reason::NotReached);
        let mut url = self.settings.secret.clone();
        url.query_pairs_mut().append_pair("api-version", API_VERSION);
        let asked = self.client.get(url).header(ACCEPT, "application/json");
        let mut response = asked.bearer_auth(token.expose_secret()).send().await.map_err(lost)?;
        let (status, wait) = (response.status(), retry_after(response.headers(), self.clock.now()));
        // As large as it can become, so that no piece of it is left behind where it grew.
        let mut body = Zeroizing::new(Vec::with_capacity(self.limits.size));
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > self.limits.size {
                // What is no success says enough by its status.
                if status.is_success() {
                    return Err(Missed::for_good(Reason::TooLong));
                }
                break;
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() { value(&body) } else { Err(error::refused(status, &body, wait)) }
    }
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(deserialize_with = "secret")]
    value: SecretString,
    id: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    exp: Option<i64>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// What is wrong with a body is not told: the words of the parser may have the value in them.
fn value(body: &[u8]) -> Result<SecretValue, Missed> {
    let bundle: Bundle =
        serde_json::from_slice(body).map_err(|_| Missed::for_good(Reason::NoSecretInAnswer))?;
    let version = bundle.id.as_deref().and_then(|id| id.rsplit('/').next()).and_then(error::word);
    let expires_at = bundle.attributes.exp.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok(SecretValue { value: bundle.value, version, expires_at })
}

//! Reading one JSON document of the authority, with bounds on time and size.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

/// Bounds of what is read from the authority.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For one document.
    pub document: Duration,
    /// For all documents of one refresh together.
    pub refresh: Duration,
    /// Of one document, in bytes.
    pub size: usize,
}

impl Limits {
    pub(super) const STANDARD: Self =
        Self { document: Duration::from_secs(5), refresh: Duration::from_secs(10), size: 1024 * 1024 };
}

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the request failed")]
    Transport(#[from] reqwest::Error),
    #[error("the answer was not there in time")]
    TimedOut,
    /// `error` is the member of that name in an OAuth error body (RFC 6749 §5.2).
    #[error("the answer was {status} ({})", error.as_deref().unwrap_or("no error code"))]
    Status { status: u16, error: Option<String> },
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the answer is not the expected document")]
    NotTheDocument(#[source] serde_json::Error),
    #[error("the document is unusable: {0}")]
    Unusable(&'static str),
}

/// Reads one JSON document. A redirect is an answer like any other that is not a success: it is not followed.
pub(super) async fn get_json<T: DeserializeOwned>(
    client: &reqwest::Client,
    address: &Url,
    limits: Limits,
) -> Result<T, FetchError> {
    let reading = read(client, address, limits.size);
    let body = tokio::time::timeout(limits.document, reading).await.map_err(|_| FetchError::TimedOut)??;
    serde_json::from_slice(&body).map_err(FetchError::NotTheDocument)
}

async fn read(client: &reqwest::Client, address: &Url, size: usize) -> Result<Vec<u8>, FetchError> {
    let mut response = client.get(address.clone()).header(ACCEPT, "application/json").send().await?;
    if response.url() != address {
        return Err(FetchError::Unusable("it was redirected"));
    }
    let status = response.status();
    let is_json = is_json(&response);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > size {
            return Err(FetchError::TooLong(size));
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        return Err(FetchError::Status { status: status.as_u16(), error: error_code(&body) });
    }
    if is_json { Ok(body) } else { Err(FetchError::NotJson) }
}

/// Whether the answer says it is JSON (`application/json`, `application/jwk-set+json`), or says nothing.
fn is_json(response: &reqwest::Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_none_or(|value| {
        let text = value.to_str().unwrap_or_default();
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    })
}

fn error_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OAuthError {
        error: String,
    }
    let OAuthError { mut error } = serde_json::from_slice(body).ok()?;
    // It goes into the log.
    error.retain(|c| c.is_ascii_alphanumeric() || c == '_');
    error.truncate(64);
    Some(error)
}

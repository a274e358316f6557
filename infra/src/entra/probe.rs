//! One question to the authority, for an operator who wants to know whether it can be reached.

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;
use reqwest::header::DATE;

use super::{
    authority::Authority,
    fetch::{FetchError, Limits, get_json},
};

/// Why the authority could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("it cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("its metadata cannot be had")]
    Metadata(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<FetchError> for ProbeError {
    fn from(error: FetchError) -> Self {
        Self::Metadata(Box::new(error))
    }
}

/// Asks for the metadata. The answer is by how much this clock is ahead of the authority's, where its `Date` says.
pub async fn probe(
    client: &reqwest::Client,
    authority: &Authority,
    clock: &dyn Clock,
) -> Result<Option<TimeDelta>, ProbeError> {
    let address = authority.v2_metadata();
    let _: serde_json::Value = get_json(client, &address, Limits::STANDARD).await?;
    let asked_at = clock.now();
    let response = client.get(address).send().await?;
    let answered_at = clock.now();
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let date: Option<DateTime<Utc>> =
        date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc());
    // `Date` has whole seconds: half of one is the best guess.
    let here = asked_at + (answered_at - asked_at) / 2;
    Ok(date.map(|there| here - there - TimeDelta::milliseconds(500)))
}

//! What an authority says about itself: issuers and signing keys, fetched together.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::{
    Authority,
    fetch::{FetchError, Limits, get_json},
    issuer::{Issuer, TokenVersion},
    jwks::{JwksDocument, KeySet},
};

/// The issuer of v1.0 tokens, if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum V1Issuer {
    Known(Issuer),
    /// The authority has no v1.0 endpoint.
    None,
    /// The document could not be had, and never was: a v1.0 token cannot be judged.
    NotHad,
}

/// All that the verification of a token needs of the authority, as of one moment.
pub(super) struct Snapshot {
    pub v2: Issuer,
    pub v1: V1Issuer,
    /// `cloud_instance_name` of the v2.0 metadata.
    pub cloud_instance_name: Option<String>,
    pub keys: KeySet,
    pub fetched_at: DateTime<Utc>,
    /// Something optional could not be had this time; worth another try before the next regular one.
    pub is_partial: bool,
}

impl Snapshot {
    /// The issuer that tokens of this version come from.
    pub(super) fn issuer(&self, version: TokenVersion) -> Option<&Issuer> {
        match (version, &self.v1) {
            (TokenVersion::V2, _) => Some(&self.v2),
            (TokenVersion::V1, V1Issuer::Known(issuer)) => Some(issuer),
            (TokenVersion::V1, V1Issuer::None | V1Issuer::NotHad) => None,
        }
    }
}

#[derive(Deserialize)]
struct V2Document {
    issuer: String,
    jwks_uri: Url,
    cloud_instance_name: Option<String>,
}

#[derive(Deserialize)]
struct V1Document {
    issuer: String,
}

/// Reads everything anew. `previous` gives the v1.0 issuer when its document cannot be had this time.
pub(super) async fn fetch_snapshot(
    client: &reqwest::Client,
    authority: &Authority,
    limits: Limits,
    now: DateTime<Utc>,
    previous: Option<Arc<Snapshot>>,
) -> Result<Snapshot, FetchError> {
    let reading =
        async { tokio::join!(fetch_v2(client, authority, limits), fetch_v1(client, authority, limits)) };
    let (second, first) =
        tokio::time::timeout(limits.refresh, reading).await.map_err(|_| FetchError::TimedOut)?;
    let (v2, cloud_instance_name, keys) = second?;
    let (v1, is_partial) = v1_issuer(authority, first, &v2, previous.as_deref());
    Ok(Snapshot { v2, v1, cloud_instance_name, keys, fetched_at: now, is_partial })
}

/// The issuer alone, for learning which tenant a domain belongs to.
pub(super) async fn fetch_v2_issuer(
    client: &reqwest::Client,
    authority: &Authority,
    limits: Limits,
) -> Result<Issuer, FetchError> {
    Ok(fetch_v2_document(client, authority, limits).await?.1)
}

async fn fetch_v2_document(
    client: &reqwest::Client,
    authority: &Authority,
    limits: Limits,
) -> Result<(V2Document, Issuer), FetchError> {
    let document: V2Document = get_json(client, &authority.v2_metadata(), limits).await?;
    let issuer = Issuer::parse(&document.issuer, TokenVersion::V2)
        .ok_or(FetchError::Unusable("the issuer has not the form of a v2.0 issuer"))?;
    if !issuer.suits(authority.tenant()) {
        return Err(FetchError::Unusable("the issuer is not that of the configured tenant"));
    }
    Ok((document, issuer))
}

async fn fetch_v2(
    client: &reqwest::Client,
    authority: &Authority,
    limits: Limits,
) -> Result<(Issuer, Option<String>, KeySet), FetchError> {
    let (document, issuer) = fetch_v2_document(client, authority, limits).await?;
    if !authority.may_serve_keys(&document.jwks_uri, issuer.address()) {
        return Err(FetchError::Unusable("its jwks_uri leads away from the authority"));
    }
    let keys = get_json::<JwksDocument>(client, &document.jwks_uri, limits).await?.usable_keys();
    if keys.len() == 0 {
        return Err(FetchError::Unusable("there is no usable key in it"));
    }
    Ok((issuer, document.cloud_instance_name, keys))
}

async fn fetch_v1(
    client: &reqwest::Client,
    authority: &Authority,
    limits: Limits,
) -> Option<Result<Issuer, FetchError>> {
    let address = authority.v1_metadata()?;
    let document = get_json::<V1Document>(client, &address, limits).await;
    Some(document.and_then(|document| {
        Issuer::parse(&document.issuer, TokenVersion::V1)
            .ok_or(FetchError::Unusable("the issuer has not the form of a v1.0 issuer"))
    }))
}

/// The v1.0 issuer to go on with, and whether another try is worth it. Without it v2.0 tokens are verified all the
/// same.
fn v1_issuer(
    authority: &Authority,
    fetched: Option<Result<Issuer, FetchError>>,
    v2: &Issuer,
    previous: Option<&Snapshot>,
) -> (V1Issuer, bool) {
    let error = match fetched {
        None => return (V1Issuer::None, false),
        // Of one tenant, both speak for the same one.
        Some(Ok(issuer)) if issuer.tenant() == v2.tenant() => return (V1Issuer::Known(issuer), false),
        Some(Ok(_)) => FetchError::Unusable("its issuer is of another tenant than that of the v2.0 metadata"),
        Some(Err(error)) => error,
    };
    let is_absent = matches!(error, FetchError::Status { status: 400 | 404 | 410, .. });
    tracing::warn!(%authority, error = &error as &dyn std::error::Error, "the v1.0 metadata cannot be had");
    match previous.map(|previous| &previous.v1) {
        Some(V1Issuer::Known(issuer)) => (V1Issuer::Known(issuer.clone()), !is_absent),
        Some(V1Issuer::None | V1Issuer::NotHad) | None if is_absent => (V1Issuer::None, false),
        Some(V1Issuer::None | V1Issuer::NotHad) | None => (V1Issuer::NotHad, true),
    }
}

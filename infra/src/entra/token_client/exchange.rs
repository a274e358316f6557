//! The on-behalf-of request (Microsoft identity platform, "OAuth 2.0 On-Behalf-Of flow"), at the endpoint of the
//! assertion's own tenant: at `common` a guest would get a token for their home.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::delegation::DelegatedToken;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error};
use url::form_urlencoded;

use super::{Credentials, TokenEndpoint, asker::Asker, credential::Proof, endpoint::TokenFailure};

/// What a client that handles claims challenges lets us say of ourselves: resources may then give longer tokens, and
/// revoke them before their end ("Claims challenges, claims requests, and client capabilities").
const HANDLES_CLAIMS: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

const GRANT: &str = "on_behalf_of";
/// How long before its end a token is renewed.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// Longer than any token of Entra ID is good.
const LONGEST: i64 = 2 * 24 * 60 * 60;

/// A token with the moment from which a newer one is wanted.
pub(super) struct Exchanged {
    pub token: Arc<DelegatedToken>,
    pub refresh_at: DateTime<Utc>,
}

/// Exchanges the caller's assertion.
pub(super) async fn exchange(
    endpoint: &TokenEndpoint,
    credentials: &Credentials,
    caller: &Asker,
    scopes: &[String],
) -> Result<Exchanged, TokenFailure> {
    let tenant = caller.tenant;
    for (index, credential) in credentials.usable(tenant, endpoint) {
        let proof = match credential.proof(endpoint, credentials.client_id, &endpoint.url(tenant)).await {
            Ok(proof) => proof,
            Err(reason) => {
                credentials.gave_none(index, tenant, endpoint, &reason);
                continue;
            }
        };
        let form = form(caller, scopes, credentials, &proof);
        let body = endpoint.post(tenant, GRANT, form).await;
        if !credentials.is_to_blame(index, tenant, endpoint, &body) {
            return parse(&body?, endpoint.clock().now());
        }
    }
    Err(credentials.exhausted(tenant, endpoint))
}

fn form(caller: &Asker, scopes: &[String], credentials: &Credentials, proof: &Proof) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("requested_token_use", "on_behalf_of")
        .append_pair("client_id", &credentials.client_id.to_string())
        .append_pair("assertion", caller.assertion.expose_secret())
        .append_pair("scope", &scopes.join(" "))
        .extend_pairs(proof.members());
    if caller.handles_claims {
        form.append_pair("claims", HANDLES_CLAIMS);
    }
    form.finish()
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    #[serde(deserialize_with = "seconds")]
    expires_in: i64,
    #[serde(default, deserialize_with = "optional_seconds")]
    refresh_in: Option<i64>,
    #[serde(default)]
    scope: String,
}

/// A number, or one in a string (the v1.0 endpoint, and some proxies of it).
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(i64),
        Text(String),
    }
    let seconds = match Seconds::deserialize(deserializer)? {
        Seconds::Number(seconds) => seconds,
        Seconds::Text(text) => text.parse().map_err(D::Error::custom)?,
    };
    if (1..=LONGEST).contains(&seconds) { Ok(seconds) } else { Err(D::Error::custom("out of range")) }
}

pub(super) fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    seconds(deserializer).map(Some)
}

fn parse(body: &Bytes, now: DateTime<Utc>) -> Result<Exchanged, TokenFailure> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let answer = answer.filter(|answer| {
        answer.token_type.eq_ignore_ascii_case("bearer") && is_header_value(&answer.access_token)
    });
    let Some(answer) = answer else {
        let reason = "the answer has no token in it";
        return Err(TokenFailure::Unavailable { retry_after: std::time::Duration::from_secs(5), reason });
    };
    let life = TimeDelta::seconds(answer.expires_in);
    // One that lives shorter than the usual distance is renewed half-way.
    let ahead = if life > AHEAD * 2 { life - AHEAD } else { life / 2 };
    let refresh_in = answer.refresh_in.map(TimeDelta::seconds).filter(|wait| *wait < life).unwrap_or(ahead);
    let token = DelegatedToken {
        secret: SecretString::from(answer.access_token),
        expires_at: now + life,
        scopes: answer.scope.split_ascii_whitespace().map(ToOwned::to_owned).collect(),
    };
    Ok(Exchanged { token: Arc::new(token), refresh_at: now + refresh_in })
}

pub(super) fn is_header_value(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Option<(i64, i64)> {
        let now = DateTime::UNIX_EPOCH;
        let answer = parse(&Bytes::from(json.to_owned()), now).ok()?;
        Some((answer.token.expires_at.timestamp(), answer.refresh_at.timestamp()))
    }

    #[test]
    fn a_token_is_renewed_when_the_answer_says_else_five_minutes_before_its_end() {
        assert_eq!(
            parsed(r#"{"access_token":"x","token_type":"Bearer","expires_in":3600}"#),
            Some((3_600, 3_300))
        );
        assert_eq!(
            parsed(r#"{"access_token":"x","token_type":"bearer","expires_in":"3600"}"#),
            Some((3_600, 3_300))
        );
        let with_refresh =
            r#"{"access_token":"x","token_type":"Bearer","expires_in":86400,"refresh_in":43200}"#;
        assert_eq!(parsed(with_refresh), Some((86_400, 43_200)));
        let late = r#"{"access_token":"x","token_type":"Bearer","expires_in":3600,"refresh_in":7200}"#;
        assert_eq!(parsed(late), Some((3_600, 3_300)));
        assert_eq!(parsed(r#"{"access_token":"x","token_type":"Bearer","expires_in":120}"#), Some((120, 60)));
    }

    #[test]
    fn what_is_not_a_bearer_token_is_none() {
        for json in [
            "",
            "<html>",
            "{}",
            r#"{"access_token":"","token_type":"Bearer","expires_in":3600}"#,
            r#"{"access_token":"a b","token_type":"Bearer","expires_in":3600}"#,
            "{\"access_token\":\"a\\r\\nb\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
            r#"{"access_token":"x","token_type":"mac","expires_in":3600}"#,
            r#"{"access_token":"x","token_type":"Bearer","expires_in":0}"#,
            r#"{"access_token":"x","token_type":"Bearer","expires_in":-1}"#,
            r#"{"access_token":"x","token_type":"Bearer","expires_in":99999999999}"#,
            r#"{"access_token":"x","token_type":"Bearer"}"#,
        ] {
            assert_eq!(parsed(json), None, "{json}");
        }
    }
}

//! What an answer that is no success means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::graph::{GraphError, GraphReport};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_RANGE, HeaderMap, WWW_AUTHENTICATE},
};
use serde_json::Value;

use super::patience::{UNNAMED, retry_after};

/// Of an error body; what is longer is not read.
const MOST_BYTES: usize = 64 * 1024;

/// An answer that is no success, read.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub report: GraphReport,
    pub retry_after: Option<Duration>,
    /// The claims that the resource wants of a new token: base64 of JSON, as it sent them.
    pub claims: Option<String>,
    size: Option<u64>,
}

impl Refusal {
    pub(super) async fn read(mut response: Response, now: DateTime<Utc>) -> Self {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len() + chunk.len() > MOST_BYTES {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Self::of(status, &headers, &body, now)
    }

    fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let report = GraphReport {
            status: status.as_u16(),
            code: code(&body),
            request_id: request_id(headers).or_else(|| id_in(&body)),
        };
        let total = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        Self {
            status,
            report,
            retry_after: retry_after(headers, now),
            claims: headers
                .get_all(WWW_AUTHENTICATE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .find_map(insufficient_claims),
            size: total.and_then(|text| text.strip_prefix("bytes */")?.parse().ok()),
        }
    }

    /// A refusal of one part of a batch.
    pub(super) fn of_part(status: u16, body: &Value) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let report = GraphReport { status: status.as_u16(), code: code(body), request_id: id_in(body) };
        Self { status, report, retry_after: None, claims: None, size: None }
    }

    /// Whether it may be over soon.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 503 | 504)
    }

    pub(super) fn is_throttling(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    pub(super) fn error(self) -> GraphError {
        let Self { status, report, retry_after, size, .. } = self;
        match status.as_u16() {
            400 => GraphError::NotUnderstood { report },
            403 => GraphError::Denied,
            404 => GraphError::NotFound,
            410 => GraphError::ResyncRequired,
            416 => GraphError::RangeNotSatisfiable { size },
            429 => GraphError::Throttled { retry_after: retry_after.unwrap_or(UNNAMED), report },
            504 => GraphError::TimedOut,
            300..=399 => GraphError::Unusable("a redirect"),
            _ => GraphError::Refused { report, retry_after },
        }
    }
}

/// Microsoft's id of the request: Graph's, else SharePoint's.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["request-id", "sprequestguid"].iter().find_map(|name| word(headers.get(*name)?.to_str().ok()?))
}

/// The most specific code: of the innermost error (Microsoft Graph, "Error responses and resource types").
fn code(body: &Value) -> Option<String> {
    let mut error = body.get("error").or_else(|| body.get("odata.error"))?;
    let mut found = None;
    // A body of 64 KiB can nest deeper than anybody reads.
    for _ in 0..16 {
        found = error.get("code").and_then(Value::as_str).and_then(word).or(found);
        let Some(inner) = error.get("innerError").or_else(|| error.get("innererror")) else { break };
        error = inner;
    }
    found
}

fn id_in(body: &Value) -> Option<String> {
    let inner = body.pointer("/error/innerError").or_else(|| body.pointer("/error/innererror"))?;
    word(inner.get("request-id")?.as_str()?)
}

/// A word that may stand in a log and in an answer.
fn word(text: &str) -> Option<String> {
    let word: String =
        text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c)).take(80).collect();
    (!word.is_empty()).then_some(word)
}

/// The claims of a challenge that asks for more (Microsoft identity platform, "Claims challenges, claims requests and
/// client capabilities"). The parameters of one challenge may come in any order.
fn insufficient_claims(challenge: &str) -> Option<String> {
    let parameter = |name: &str| {
        challenge.match_indices(name).find_map(|(at, _)| {
            let starts = challenge.get(..at)?.ends_with([' ', ',']);
            let value = challenge.get(at + name.len()..)?.strip_prefix("=\"")?;
            starts.then(|| value.split('"').next())?
        })
    };
    if parameter("error")? != "insufficient_claims" {
        return None;
    }
    let claims = parameter("claims")?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    ((1..=8192).contains(&claims.len()) && claims.bytes().all(is_base64)).then(|| claims.to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, headers: &[(&'static str, &'static str)], body: &Value) -> Refusal {
        let headers = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        let status = StatusCode::from_u16(status).unwrap();
        Refusal::of(status, &headers.collect(), body.to_string().as_bytes(), DateTime::<Utc>::MIN_UTC)
    }

    #[test]
    fn the_innermost_code_and_the_request_are_reported() {
        let body = json!({ "error": {
            "code": "generalException", "message": "…",
            "innerError": { "code": "activityLimitReached", "request-id": "in-body" },
        } });
        let read = refusal(500, &[("request-id", "in-header")], &body);
        assert_eq!(read.report.code.as_deref(), Some("activityLimitReached"));
        assert_eq!(read.report.request_id.as_deref(), Some("in-header"));
        assert_eq!(refusal(500, &[], &body).report.request_id.as_deref(), Some("in-body"));
        assert_eq!(refusal(500, &[], &json!("<html>")).report.code, None);
        let of_sharepoint = json!({ "odata.error": { "code": "-1, Microsoft.SharePoint.Client.X" } });
        assert_eq!(
            refusal(500, &[], &of_sharepoint).report.code.as_deref(),
            Some("-1Microsoft.SharePoint.Client.X")
        );
    }

    #[test]
    fn each_status_has_its_meaning() {
        let error =
            |status| format!("{:?}", refusal(status, &[("content-range", "bytes */7")], &json!({})).error());
        assert_eq!(error(404), "NotFound");
        assert_eq!(error(403), "Denied");
        assert_eq!(error(410), "ResyncRequired");
        assert_eq!(error(416), "RangeNotSatisfiable { size: Some(7) }");
        assert_eq!(error(504), "TimedOut");
        assert!(error(429).starts_with("Throttled { retry_after: 5s"));
        for status in [401, 405, 409, 423, 500, 502, 503, 507, 509] {
            assert!(error(status).starts_with("Refused"), "{status}");
        }
    }

    #[test]
    fn claims_are_read_from_a_challenge_that_asks_for_them() {
        let claims = |value: &'static str| refusal(401, &[("www-authenticate", value)], &json!({})).claims;
        let challenge = "Bearer realm=\"\", authorization_uri=\"https://login/authorize?error=x\", client_id=\"c\", \
                         error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"";
        assert_eq!(claims(challenge).as_deref(), Some("eyJhIjoxfQ=="));
        let other_order = "Bearer claims=\"eyJhIjoxfQ==\",error=\"insufficient_claims\"";
        assert_eq!(claims(other_order).as_deref(), Some("eyJhIjoxfQ=="));
        for none in [
            "Bearer realm=\"\"",
            "Bearer error=\"invalid_token\", claims=\"eyJhIjoxfQ==\"",
            "Bearer error=\"insufficient_claims\"",
            "Bearer error=\"insufficient_claims\", claims=\"{\\\"a\\\":1}\"",
            "Bearer error=\"insufficient_claims\", claims=\"\"",
        ] {
            assert_eq!(claims(none), None, "{none}");
        }
    }
}

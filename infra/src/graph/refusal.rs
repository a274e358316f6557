//! What an answer that is no success means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    delegation::ClaimsChallenge,
    graph::{GraphError, GraphReport},
};
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
    /// The claims that the resource wants of a new token.
    pub claims: Option<ClaimsChallenge>,
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
        Self::of_json(status, headers, &serde_json::from_slice(body).unwrap_or_default(), now)
    }

    /// A refusal of one part of a batch, which has headers and a body of its own.
    pub(super) fn of_part(status: u16, headers: &HeaderMap, body: &Value, now: DateTime<Utc>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::of_json(status, headers, body, now)
    }

    fn of_json(status: StatusCode, headers: &HeaderMap, body: &Value, now: DateTime<Utc>) -> Self {
        let report = GraphReport {
            status: status.as_u16(),
            code: code(body),
            request_id: request_id(headers).or_else(|| id_in(body)),
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

    /// `401`, and `403` where it asks for claims (Microsoft Graph, "Error responses and resource types").
    pub(super) fn is_about_the_token(&self) -> bool {
        match self.status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => self.claims.is_some(),
            _ => false,
        }
    }

    /// Whether it may be over soon.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 503 | 504)
    }

    /// `503` is how SharePoint throttles too; it names a time then (SharePoint, "Avoid getting throttled or blocked").
    pub(super) fn is_throttling(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 503)
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
/// client capabilities"). Its parameters may come in any order, and other challenges may stand beside it.
fn insufficient_claims(header: &str) -> Option<ClaimsChallenge> {
    challenges(header).into_iter().find_map(|parameters| {
        let parameter = |wanted: &str| {
            parameters
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.as_str())
        };
        let claims = parameter("claims").filter(|_| parameter("error") == Some("insufficient_claims"))?;
        ClaimsChallenge::parse_parameter(claims).ok()
    })
}

/// The parameters of each challenge of a `WWW-Authenticate` (RFC 9110 §11.6.1). What cannot be read ends it.
fn challenges(header: &str) -> Vec<Vec<(&str, String)>> {
    let is_end_of_token =
        |letter: char| letter == '=' || letter == ',' || letter == '"' || letter.is_whitespace();
    let mut found: Vec<Vec<(&str, String)>> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (token, after) = rest.split_at(rest.find(is_end_of_token).unwrap_or(rest.len()));
        if token.is_empty() {
            return found;
        }
        let Some(value) = after.trim_start().strip_prefix('=') else {
            // A scheme, with which a challenge begins.
            found.push(Vec::new());
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let read = if let Some(quoted) = value.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let end = value.find([' ', '\t', ',']).unwrap_or(value.len());
            let (word, after) = value.split_at(end);
            Some((word.to_owned(), after))
        };
        let Some((value, after)) = read else { return found };
        if let Some(challenge) = found.last_mut() {
            challenge.push((token, value));
        }
        rest = after;
    }
}

/// A quoted string without its first quote (RFC 9110 §5.6.4), and what comes after it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
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
        let claims = |value: &'static str| {
            let claims = refusal(401, &[("www-authenticate", value)], &json!({})).claims;
            claims.map(|claims| claims.json().to_owned())
        };
        // {"access_token":{"x":{"values":["??>"]}}}, whose base64 differs in the two alphabets.
        let expected = "{\"access_token\":{\"x\":{\"values\":[\"??>\"]}}}";
        for challenge in [
            "Bearer realm=\"\", authorization_uri=\"https://login/authorize?error=x\", client_id=\"c\", \
             error=\"insufficient_claims\", claims=\"STANDARD\"",
            "Bearer claims=\"STANDARD\",error=\"insufficient_claims\"",
            "Bearer error=\"insufficient_claims\", claims=\"URL_SAFE\"",
            "Bearer error=insufficient_claims, claims=URL_SAFE",
            "Bearer error=\"insufficient_claims\", claims=\"JSON\"",
            "bearer Error = \"insufficient_claims\" , Claims = \"STANDARD\"",
            "PoP error=\"invalid_token\", nonce=\"a, error=\", Bearer error=\"insufficient_claims\", claims=\"STANDARD\"",
        ] {
            let filled = challenge
                .replace("STANDARD", &STANDARD.encode(expected))
                .replace("URL_SAFE", &URL_SAFE_NO_PAD.encode(expected))
                .replace("JSON", &expected.replace('"', "\\\""));
            assert_eq!(claims(filled.leak()).as_deref(), Some(expected), "{challenge}");
        }
        assert_ne!(STANDARD.encode(expected).trim_end_matches('='), URL_SAFE_NO_PAD.encode(expected));
        for none in [
            "",
            "Bearer realm=\"\"",
            "Bearer error=\"invalid_token\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"",
            "Bearer realm=\"error=insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"",
            "Bearer error=\"insufficient_claims\", PoP claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"",
            "Bearer error=\"insufficient_claims\"",
            "Bearer error=\"insufficient_claims\", claims=\"{\\\"a\\\":1}\"",
            "Bearer error=\"insufficient_claims\", claims=\"\"",
            "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==",
        ] {
            assert_eq!(claims(none), None, "{none}");
        }
    }
}

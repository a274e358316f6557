//! What the edge does with each request and answer: its id, its client's address, the envelope of its errors, the headers
//! of its answer.

use std::net::IpAddr;

use domain::id::{EventId, Ids};
use ipnet::IpNet;
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use url::form_urlencoded;

use crate::{
    auth::chain,
    error::{ApiError, ErrorCode, from_framework},
    http::is_known,
    proxy::{MAX_PROXY_BODY_BYTES, PREFIX},
};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The error as its envelope. What nobody foresaw is logged here, once, with all that it came from.
pub(super) fn refuse(error: poem::Error, request_id: &str, span: &tracing::Span) -> Response {
    let error = from_framework(error);
    if let Some(cause) = &error.cause {
        let cause = chain(cause.as_ref());
        span.in_scope(|| {
            tracing::error!(error.code = error.code.word(), error.cause = cause, "request failed");
        });
    }
    error.into_envelope(request_id)
}

/// What can be refused before anything looks at the request.
pub(super) fn check(request: &Request) -> Result<(), ApiError> {
    let most = if request.uri().path().starts_with(PREFIX) { MAX_PROXY_BODY_BYTES } else { MAX_BODY_BYTES };
    if declared_length(request) > most {
        return Err(ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large"));
    }
    // Percent-encoded bytes that are not UTF-8 are decoded to U+FFFD; U+0000 is text, but PostgreSQL cannot keep it.
    let query = request.uri().query().unwrap_or_default();
    let is_text = |text: &str| !text.contains(['\0', char::REPLACEMENT_CHARACTER]);
    match form_urlencoded::parse(query.as_bytes()).find(|(name, value)| !is_text(name) || !is_text(value)) {
        Some((name, _)) if is_text(&name) => Err(ApiError::invalid_field(name, "is not text")),
        Some(_) => Err(ApiError::invalid_field("query", "is not text")),
        None => Ok(()),
    }
}

fn declared_length(request: &Request) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The client's own id for the request where it is a plain word, else a new one.
pub(super) fn request_id(headers: &HeaderMap, ids: &Ids) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(plain).map_or_else(|| ids.next::<EventId>().to_string(), str::to_owned)
}

/// The client's address: the peer's, or, behind proxies that are trusted, the last one in `X-Forwarded-For` that is
/// not one of them. What stands further left was written by whoever was not trusted.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut address = peer.to_canonical();
    if !is_trusted(&address) {
        return address;
    }
    let forwarded: Vec<&str> = headers
        .get_all(&FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => address = ip.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

/// `304` where the client already has this version (RFC 9110 §13.1.2).
pub(super) fn not_modified(
    method: &Method,
    if_none_match: Option<HeaderValue>,
    response: Response,
) -> Response {
    let (Some(known), Some(tag)) = (if_none_match, response.headers().get(header::ETAG)) else {
        return response;
    };
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if !is_read || response.status() != StatusCode::OK || !is_known(&known, tag) {
        return response;
    }
    Response::builder().status(StatusCode::NOT_MODIFIED).header(header::ETAG, tag.clone()).finish()
}

/// How many headers an answer has at most, nearly always: those of [`set_headers`], of the rate limits, and its own.
pub(crate) const USUAL_HEADERS: usize = 20;

pub(super) fn set_headers(headers: &mut HeaderMap, request_id: &str) {
    headers.reserve(USUAL_HEADERS.saturating_sub(headers.len()));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Nearly everything is personal; what is not says so itself.
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, trusted: &[&str], forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy_and_only_the_one_that_it_saw() {
        assert_eq!(address("203.0.113.9", &[], &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(address("10.0.0.1", &["10.0.0.0/8"], &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            address("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(address("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &["10.0.0.0/8"], &["nonsense"]), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", &["10.0.0.0/8"], &["198.51.100.1"]), "198.51.100.1");
    }
}

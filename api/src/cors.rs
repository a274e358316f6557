//! Calls from pages of other origins: those in `CORS_ORIGINS`, compared exactly, and no others.
//!
//! Two parts: a preflight is answered before anybody authenticates, and gets the headers that every response gets; the
//! headers that let the page read a response belong on errors too.

use std::collections::HashSet;

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::error::{ApiError, ErrorCode};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Idempotency-Key, Range, \
                               X-Auth-Strategy, X-CSRF-Token, X-Request-Id, X-Tenant-ID";
/// What a page may read of a response; without the first a claims challenge is useless to it.
const RESPONSE_HEADERS: &str = "WWW-Authenticate, ETag, Allow, Location, Retry-After, RateLimit-Limit, \
                                RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, X-Request-Id, \
                                Idempotency-Replayed, Accept-Ranges, Content-Disposition, Content-Range";
/// Seconds for which a browser need not ask again; browsers take no more than two hours.
const MAX_AGE: &str = "7200";

/// The origins whose pages may call.
pub(crate) struct Origins(HashSet<String>);

impl Origins {
    pub(crate) fn new(origins: &[String]) -> Self {
        Self(origins.iter().cloned().collect())
    }

    /// The origin of a request, if it may call.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        origin.to_str().is_ok_and(|text| self.0.contains(text)).then(|| origin.clone())
    }

    /// The answer to a preflight; `None` for any other request.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Result<Response, ApiError>> {
        if !is_preflight(request) {
            return None;
        }
        if self.allowed(request.headers()).is_none() {
            return Some(Err(ApiError::new(ErrorCode::Forbidden, "Pages of this origin may not call")));
        }
        Some(Ok(Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
            .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
            .finish()))
    }

    /// Whose page is to read the response to a request.
    pub(crate) fn reader(&self, headers: &HeaderMap) -> Reader {
        if self.0.is_empty() {
            return Reader::Nobody;
        }
        Reader::Page(self.allowed(headers))
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Who reads a response, as far as browsers ask.
pub(crate) enum Reader {
    /// No origin may call at all.
    Nobody,
    /// A page of this origin; `None` where it is none that may call, or no page.
    Page(Option<HeaderValue>),
}

impl Reader {
    /// Lets the page read the response, refusals included.
    pub(crate) fn allow(self, headers: &mut HeaderMap) {
        let Self::Page(origin) = self else { return };
        // Also where the origin may not call, or there is none: a cache must not give one's response to another.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
        }
    }
}

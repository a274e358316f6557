//! Calls from pages of other origins: those in `CORS_ORIGINS`, compared exactly, and no others.
//!
//! Two parts, since a preflight is answered before anybody authenticates and gets the headers that every response
//! gets, while the headers that let the page read a response belong on errors too: [`Preflight`] stands inside what
//! makes responses of errors, [`Cors`] outside of it.

use std::{collections::HashSet, sync::Arc};

use poem::{
    Endpoint, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::error::{ApiError, ErrorCode};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Idempotency-Key, Range, \
                               X-Auth-Strategy, X-CSRF-Token, X-Request-Id, X-Tenant-ID";
/// What a page may read of a response; without the first a claims challenge is useless to it.
const RESPONSE_HEADERS: &str = "WWW-Authenticate, ETag, Location, Retry-After, RateLimit-Limit, \
                                RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, X-Request-Id, \
                                Idempotency-Replayed, Accept-Ranges, Content-Disposition, Content-Range";
/// Seconds for which a browser need not ask again; browsers take no more than two hours.
const MAX_AGE: &str = "7200";

/// The origins whose pages may call.
#[derive(Clone)]
pub(crate) struct Origins(Arc<HashSet<String>>);

impl Origins {
    pub(crate) fn new(origins: &[String]) -> Self {
        Self(Arc::new(origins.iter().cloned().collect()))
    }

    /// The origin of a request, if it may call.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        origin.to_str().is_ok_and(|text| self.0.contains(text)).then(|| origin.clone())
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers preflights.
pub(crate) struct Preflight<E> {
    pub inner: E,
    pub origins: Origins,
}

impl<E: Endpoint<Output = Response>> Endpoint for Preflight<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if !is_preflight(&request) {
            return self.inner.call(request).await;
        }
        if self.origins.allowed(request.headers()).is_none() {
            let refusal = ApiError::new(ErrorCode::Forbidden, "Pages of this origin may not call");
            return Err(refusal.into());
        }
        Ok(Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
            .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
            .finish())
    }
}

/// Lets pages of the origins read responses, refusals included.
pub(crate) struct Cors<E> {
    pub inner: E,
    pub origins: Origins,
}

impl<E: Endpoint<Output = Response>> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if self.origins.0.is_empty() {
            return self.inner.call(request).await;
        }
        let origin = self.origins.allowed(request.headers());
        let mut response = self.inner.call(request).await?;
        let headers = response.headers_mut();
        // Also where the origin may not call, or there is none: a cache must not give one's response to another.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
        }
        Ok(response)
    }
}

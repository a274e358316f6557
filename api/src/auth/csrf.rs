//! Changes by a session in a cookie: only from pages that may call, and only with a value that only those can know.
//! A bearer is exempt: no browser sends one by itself.

use std::sync::Arc;

use domain::{id::SessionId, identity::CsrfTokens};
use poem::{
    Request,
    http::{Method, header},
};
use url::Url;

use super::SessionCookies;
use crate::{
    config::Config,
    error::{ApiError, ErrorCode},
};

const HEADER: &str = "x-csrf-token";

/// Guards what changes something.
pub(crate) struct CsrfGuard {
    tokens: Arc<dyn CsrfTokens>,
    /// Whose pages may call: our own origin, the web app's, and those of `CORS_ORIGINS`.
    origins: Vec<String>,
    /// The value is wanted too, and not only an origin.
    is_enabled: bool,
}

impl CsrfGuard {
    pub(crate) fn new(tokens: Arc<dyn CsrfTokens>, origins: Vec<String>, is_enabled: bool) -> Self {
        Self { tokens, origins, is_enabled }
    }

    /// A value for a session.
    pub(crate) fn issue(&self, session: SessionId) -> String {
        self.tokens.issue(session)
    }

    /// Whether a value is a session's.
    pub(crate) fn is_of(&self, session: SessionId, value: &str) -> bool {
        self.tokens.is_of(session, value)
    }

    /// Whether a request by a session in a cookie may change something.
    pub(crate) fn check(&self, request: &Request, session: SessionId) -> Result<(), ApiError> {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let is_good = self.is_from_ours(request) && (!self.is_enabled || self.has_value(request, session));
        if is_good { Ok(()) } else { Err(refused(session)) }
    }

    /// Whether a request by a session in a cookie is from a page that may call, also where it only reads: for reading
    /// that leaves a trace.
    pub(crate) fn check_source(&self, request: &Request, session: SessionId) -> Result<(), ApiError> {
        let is_good = self.is_from_ours(request) || self.has_value(request, session);
        if is_good { Ok(()) } else { Err(refused(session)) }
    }

    /// By what the browser says (Fetch Metadata; RFC 6454 §7). A client that says nothing is no browser, and has to
    /// have the value then.
    fn is_from_ours(&self, request: &Request) -> bool {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
        match (header(header::ORIGIN.as_str()), header("sec-fetch-site")) {
            (Some(origin), _) => self.origins.iter().any(|known| known == origin),
            (None, Some(site)) => matches!(site, "same-origin" | "none"),
            (None, None) => self.is_enabled,
        }
    }

    fn has_value(&self, request: &Request, session: SessionId) -> bool {
        let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        match (sent, SessionCookies::csrf(request.headers())) {
            // What is compared in constant time is the tag, by which the value is the session's.
            (Some(sent), Some(kept)) => sent == kept && self.tokens.is_of(session, sent),
            _ => false,
        }
    }
}

fn refused(session: SessionId) -> ApiError {
    tracing::info!(session.id = %session, "a request by cookie without what shows where it is from");
    ApiError::new(
        ErrorCode::CsrfInvalid,
        "Send the value of the csrf-token cookie as X-CSRF-Token, from a page that may call",
    )
}

/// Origins whose pages may call with a session, and where people may be sent back to.
pub(crate) fn origins(config: &Config) -> Vec<String> {
    let origin = |url: &Url| url.origin().ascii_serialization();
    let mut origins = vec![origin(&config.process.public_url)];
    origins.extend(config.browser.web_app_url.as_ref().map(origin));
    origins.extend(config.http.cors_origins.iter().cloned());
    origins.dedup();
    origins
}

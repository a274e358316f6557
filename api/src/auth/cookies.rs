//! The cookies of a session.
//!
//! Over https and for our own host alone, the access token's name begins with `__Host-`, which no neighboring domain
//! can set. The refresh token is sent below its path only, so its name begins with `__Secure-`. On plain http, which is
//! for loopback only, neither prefix nor `Secure` is used: not every client sends such cookies there.

use chrono::{DateTime, Utc};
use domain::identity::IssuedTokens;
use poem::http::HeaderMap;
use secrecy::ExposeSecret;

use crate::{
    config::{BrowserConfig, SameSite},
    http::cookie::{self, Cookie},
};

/// Where the refresh token is wanted.
const REFRESH_PATH: &str = "/api/auth";
/// Its value is bound to the session, so a planted one is of no use, and its name may be the same everywhere.
const CSRF: &str = "csrf-token";

/// Reads and sets them.
#[derive(Clone, Debug)]
pub(crate) struct SessionCookies {
    access: String,
    refresh: String,
    domain: Option<String>,
    same_site: SameSite,
    secure: bool,
}

impl SessionCookies {
    pub(crate) fn new(browser: &BrowserConfig) -> Self {
        let (access, refresh) = match (browser.secure, &browser.cookie_domain) {
            (true, None) => ("__Host-accessToken", "__Secure-refreshToken"),
            (true, Some(_)) => ("__Secure-accessToken", "__Secure-refreshToken"),
            (false, _) => ("accessToken", "refreshToken"),
        };
        Self {
            access: access.to_owned(),
            refresh: refresh.to_owned(),
            domain: browser.cookie_domain.clone(),
            same_site: browser.same_site,
            secure: browser.secure,
        }
    }

    pub(crate) fn access<'a>(&self, request: &'a HeaderMap) -> Option<&'a str> {
        cookie::read(request, &self.access)
    }

    pub(crate) fn refresh<'a>(&self, request: &'a HeaderMap) -> Option<&'a str> {
        cookie::read(request, &self.refresh)
    }

    pub(crate) fn csrf(request: &HeaderMap) -> Option<&str> {
        cookie::read(request, CSRF)
    }

    /// Gives a browser the tokens of its session.
    pub(crate) fn give(
        &self,
        response: &mut HeaderMap,
        issued: &IssuedTokens,
        csrf: &str,
        now: DateTime<Utc>,
    ) {
        let left = |until: DateTime<Utc>| u64::try_from((until - now).num_seconds()).unwrap_or_default();
        self.cookie(&self.access, issued.access.expose_secret(), "/", left(issued.access_expires_at))
            .add(response);
        let refresh_left = left(issued.refresh_expires_at);
        self.cookie(&self.refresh, issued.refresh.expose_secret(), REFRESH_PATH, refresh_left).add(response);
        self.give_csrf(response, csrf, refresh_left);
    }

    /// The one that scripts may read.
    pub(crate) fn give_csrf(&self, response: &mut HeaderMap, value: &str, max_age: u64) {
        Cookie { http_only: false, ..self.cookie(CSRF, value, "/", max_age) }.add(response);
    }

    /// Takes them back.
    pub(crate) fn take_back(&self, response: &mut HeaderMap) {
        for (name, path) in [(self.access.as_str(), "/"), (&self.refresh, REFRESH_PATH), (CSRF, "/")] {
            self.cookie(name, "", path, 0).add(response);
        }
    }

    fn cookie<'a>(&'a self, name: &'a str, value: &'a str, path: &'a str, max_age: u64) -> Cookie<'a> {
        Cookie {
            name,
            value,
            path,
            domain: self.domain.as_deref(),
            same_site: self.same_site,
            secure: self.secure,
            http_only: true,
            max_age,
        }
    }
}

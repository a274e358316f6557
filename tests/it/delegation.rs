//! Tokens in callers' names: what is said when there is none, who gets which, and how we prove who we are.

mod answers;
mod caching;
pub(crate) mod credentials;
mod outages;
mod revocation;
mod shared;

use tests::{
    Actor, Response, TestApp,
    emulator::{Endpoint, TokenRequest},
};

const DELEGATION: &str = "/api/auth/me/delegation";

/// How often the authority was asked for a token.
fn asked(app: &TestApp) -> u64 {
    app.emulator.requests(Endpoint::Token)
}

/// A person whose client handles claims challenges.
fn capable(app: &TestApp, name: &str) -> Actor {
    app.bearer(&TokenRequest::user(name).claim("xms_cc", vec!["cp1"]))
}

/// The parameters of the challenge in `WWW-Authenticate`.
fn parameter(response: &Response, name: &str) -> Option<String> {
    let header = response.header("www-authenticate")?;
    let (_, rest) = header.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

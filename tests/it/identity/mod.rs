//! Signing in, and the session that comes of it.

mod cookies;
mod csrf;
mod recent;
mod refresh;
mod sessions;
mod sign_in;
mod stolen;
mod troubles;

use tests::{Browser, Response};

pub(crate) const ME: &str = "/api/auth/me";
pub(crate) const START: &str = "/api/oauth/microsoft/start";
pub(crate) const REFRESH: &str = "/api/auth/refresh";
pub(crate) const SESSIONS: &str = "/api/auth/sessions";

/// A parameter of the address that a redirect leads to.
pub(crate) fn parameter(response: &Response, name: &str) -> Option<String> {
    let url = url::Url::parse(response.header("location")?).ok()?;
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The handle of the session that a browser has.
pub(crate) async fn handle(browser: &Browser) -> String {
    browser.get(ME).await.expect(200).text_at("/data/sessionHandle")
}

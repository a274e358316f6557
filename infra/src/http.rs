//! The clients for what goes outward.

use std::time::Duration;

/// What all of them have in common: no redirects, so that secrets are never sent to where a response points, and few
/// idle connections.
fn builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "these are the clients that everything else takes")]
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_mins(1))
        .user_agent(concat!("Tenantry/", env!("CARGO_PKG_VERSION")))
}

/// A client that follows no redirects, gives up in time and keeps few idle connections.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().timeout(Duration::from_secs(30)).build()
}

/// A client for Microsoft 365, which wants to know who calls ("How to decorate your http traffic", SharePoint). It has
/// no time-out for the whole of a response, which may be a large file; whoever uses it sets one, or watches the pieces.
pub(crate) fn microsoft_365() -> Result<reqwest::Client, reqwest::Error> {
    const USER_AGENT: &str = concat!(
        "ISV|Tenantry|Tenantry/",
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    builder().user_agent(USER_AGENT).build()
}

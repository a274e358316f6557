//! The one client for what goes outward.

use std::time::Duration;

/// A client that follows no redirects, gives up in time and keeps few idle connections. Secrets are never sent to
/// where a response points.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    #[expect(clippy::disallowed_methods, reason = "this is the client that everything else takes")]
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_mins(1))
        .user_agent(concat!("Tenantry/", env!("CARGO_PKG_VERSION")))
        .build()
}

//! Where a tenant's SharePoint is: Microsoft Graph tells it of the root site ("Get a site resource").

use std::time::Duration;

use async_trait::async_trait;
use domain::{connections::SharePointHosts, delegation::SharePointHost};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// Whoever connects an account waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// A site is described in less.
const MOST_BYTES: usize = 64 * 1024;

/// Asks Microsoft Graph.
pub struct GraphHosts {
    client: reqwest::Client,
    url: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Site {
    web_url: String,
}

impl GraphHosts {
    /// `graph` is Microsoft Graph's scheme, host and port. The client must follow no redirects: a token goes nowhere else.
    pub fn new(client: reqwest::Client, graph: &Url) -> Self {
        let mut url = graph.clone();
        url.set_path("/v1.0/sites/root");
        url.set_query(Some("$select=webUrl"));
        Self { client, url }
    }

    async fn ask(&self, access_token: &SecretString) -> Result<Option<SharePointHost>, reqwest::Error> {
        let asked = self.client.get(self.url.clone()).bearer_auth(access_token.expose_secret());
        let mut answer = asked.timeout(PATIENCE).send().await?;
        if !answer.status().is_success() {
            tracing::info!(
                status = answer.status().as_u16(),
                "the tenant of a new connection tells no root site"
            );
            return Ok(None);
        }
        Ok(crate::http::body(&mut answer, MOST_BYTES).await?.and_then(|body| host(&body)))
    }
}

fn host(body: &[u8]) -> Option<SharePointHost> {
    let site: Site = serde_json::from_slice(body).ok()?;
    let url = Url::parse(&site.web_url).ok().filter(|url| url.scheme() == "https")?;
    SharePointHost::parse(url.host_str()?).ok()
}

#[async_trait]
impl SharePointHosts for GraphHosts {
    async fn host(&self, access_token: &SecretString) -> Option<SharePointHost> {
        self.ask(access_token).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error.without_url(), "the root site of a new connection's tenant is not known");
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_that_of_an_https_address_and_nothing_else_is_one() {
        let host = |body: &str| host(body.as_bytes()).map(|host| host.to_string());
        let known = host(r#"{"webUrl":"https://Contoso.sharepoint.com/"}"#);
        assert_eq!(known.as_deref(), Some("contoso.sharepoint.com"));
        for body in ["", "{}", "<html>", r#"{"webUrl":"http://contoso.sharepoint.com"}"#, r#"{"webUrl":"x"}"#]
        {
            assert_eq!(host(body), None, "{body}");
        }
    }
}

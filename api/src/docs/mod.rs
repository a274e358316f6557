//! The OpenAPI document and the pages that show it: Swagger UI to try operations at `/docs`, Scalar to read at
//! `/docs/reference`.
//!
//! The pages are ours, their scripts are the npm distributions', and nothing comes from anywhere else. The scripts
//! may be absent (`make assets` brings them); the document is always there.

mod assets;
mod fixed;

use std::sync::Arc;

use poem::http::StatusCode;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use self::{
    assets::Assets,
    fixed::{Fixed, Made},
};
use crate::{config::Config, openapi::Published, routes::Beside};

const HTML: &str = "text/html; charset=utf-8";

/// Adds the document and the pages to the routes, as this service publishes them.
pub(crate) fn mount(
    routes: Beside,
    config: &Config,
    document: impl Fn(&Published) -> anyhow::Result<Value> + Clone + Send + Sync + 'static,
) -> Beside {
    let (entra, public_url) = (&config.entra, &config.process.public_url);
    let published =
        Published::by(&entra.authority_host, &entra.tenant.to_string(), entra.client_id, public_url);
    let pages = Pages {
        scope: published.scope.clone(),
        public_url: origin(public_url),
        authority: origin(&entra.authority_host),
        client_id: config.docs.client_id,
    };
    let (published, document) = (Arc::new(published), Arc::new(document));
    let written = |write: fn(&Value) -> anyhow::Result<Vec<u8>>| {
        let (published, document) = (Arc::clone(&published), Arc::clone(&document));
        move || write(&document(&published)?)
    };
    let json = Made::new("application/json", written(|document| Ok(serde_json::to_vec(document)?)));
    let yaml = Made::new("application/yaml", written(|document| Ok(serde_yaml::to_string(document)?.into())));
    let routes = routes.at("/openapi.json", json).at("/openapi.yaml", yaml);
    if assets::are_absent() {
        tracing::info!("the documentation pages were not built; `make assets` brings what they need");
        return routes.at("/docs", pages.absent()).at("/docs/reference", pages.absent());
    }
    routes
        .at("/docs", pages.page(include_str!("swagger.html")))
        .at("/docs/reference", pages.page(include_str!("reference.html")))
        .at("/docs/oauth2-redirect.html", pages.page(include_str!("oauth2-redirect.html")))
        .at("/docs/assets/:name", Assets)
}

/// What the pages are filled with.
struct Pages<'a> {
    scope: String,
    public_url: &'a str,
    /// The authority's origin, the only other one that the pages may ask.
    authority: &'a str,
    client_id: Option<Uuid>,
}

impl Pages<'_> {
    fn absent(&self) -> Fixed {
        let page = Fixed::new(HTML, include_str!("absent.html"));
        page.status(StatusCode::NOT_FOUND).policy(self.policy())
    }

    /// A page, with its blanks filled. None of what is filled in has a character that HTML gives a meaning: an id, a
    /// scope made of an id, an origin.
    fn page(&self, template: &'static str) -> Fixed {
        let client_id = self.client_id.map(|id| id.to_string()).unwrap_or_default();
        let redirect_url = format!("{}/docs/oauth2-redirect.html", self.public_url);
        let page = template
            .replace("{client_id}", &client_id)
            .replace("{scope}", &self.scope)
            .replace("{redirect_url}", &redirect_url);
        Fixed::new(HTML, page).policy(self.policy())
    }

    /// Scripts only from files of ours; both pages write style elements and inline images.
    fn policy(&self) -> String {
        format!(
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             connect-src 'self' {}; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.authority
        )
    }
}

fn origin(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

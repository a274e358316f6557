//! Which hosts belong together. The libraries ask Microsoft's own host for it unless told not to; this is for those
//! that ask here.

use std::sync::Arc;

use poem::{Request, Response, handler, http::StatusCode, web::Data};
use serde_json::json;
use url::Url;

use crate::{server::Site, world::World};

#[handler]
pub(crate) fn instance(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let asked = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "authorization_endpoint")
        .and_then(|(_, value)| Url::parse(&value).ok());
    let host = |url: &str| url.split_once("://").map(|(_, host)| host.to_owned());
    let aliases: Vec<String> = [Some(site.url.as_str()), Some(world.issuer_base.as_str())]
        .into_iter()
        .flatten()
        .filter_map(host)
        .collect();
    let authority = |url: &Url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", url.host_str().unwrap_or_default())
    };
    let known = asked.as_ref().filter(|url| aliases.contains(&authority(url)));
    let (status, body) = match known {
        None => (
            StatusCode::BAD_REQUEST,
            json!({
                "error": "invalid_instance",
                "error_description": "AADSTS50049: Unknown or invalid instance.",
                "error_codes": [50049],
            }),
        ),
        Some(url) => {
            let tenant = url.path().split('/').nth(1).unwrap_or("common").to_owned();
            let own = aliases.first().cloned().unwrap_or_default();
            (
                StatusCode::OK,
                json!({
                    "tenant_discovery_endpoint":
                        format!("{}/{tenant}/v2.0/.well-known/openid-configuration", site.url),
                    "api-version": "1.1",
                    "metadata": [{ "preferred_network": own, "preferred_cache": own, "aliases": aliases }],
                }),
            )
        }
    };
    Response::builder().status(status).content_type("application/json; charset=utf-8").body(body.to_string())
}

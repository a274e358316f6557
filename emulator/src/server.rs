//! Routes, and what each public endpoint has in common: it is counted, meets its faults, and any page
//! may read its answer.

use std::sync::Arc;

use poem::{
    Endpoint as _, EndpointExt as _, IntoEndpoint, IntoResponse, Request, Response, Route, get,
    http::{HeaderValue, Method, StatusCode, header},
    post,
};

use crate::{
    control, control_page, faults::Asked, graph, instance_discovery, metadata, requests::Endpoint,
    sharepoint, sign_in, start_page, token_endpoint, world::World,
};

/// The listener a request came in by.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// `http://localhost:4100`, without a slash at the end.
    pub(crate) url: String,
}

/// Everything the emulator answers, as seen through one listener.
pub(crate) fn routes(world: &Arc<World>, site: Site) -> impl poem::Endpoint + 'static + use<> {
    Route::new()
        .at("/", get(start_page::start_page))
        .at("/emulator", get(control_page::control_page))
        .at("/emulator/control-page.js", get(control_page::control_page_script))
        .at("/emulator/ca.pem", get(start_page::ca_pem))
        .nest("/emulator/control", control::routes())
        .at(
            "/:tenant/v2.0/.well-known/openid-configuration",
            public(world, Endpoint::Metadata, get(metadata::configuration_v2)),
        )
        .at(
            "/:tenant/.well-known/openid-configuration",
            public(world, Endpoint::Metadata, get(metadata::configuration_v1)),
        )
        .at("/:tenant/discovery/v2.0/keys", public(world, Endpoint::Keys, get(metadata::keys_v2)))
        .at("/:tenant/discovery/keys", public(world, Endpoint::Keys, get(metadata::keys_v1)))
        .at("/:tenant/oauth2/v2.0/authorize", counted(world, Endpoint::Authorize, get(sign_in::authorize)))
        .at("/:tenant/adminconsent", counted(world, Endpoint::Authorize, get(sign_in::admin_consent)))
        .at("/:tenant/v2.0/adminconsent", counted(world, Endpoint::Authorize, get(sign_in::admin_consent_v2)))
        .at("/:tenant/oauth2/v2.0/logout", get(sign_in::sign_out).post(sign_in::sign_out))
        .at("/devicelogin", get(sign_in::enter_code))
        .at("/emulator/sign-in", post(sign_in::step))
        .at(
            "/:tenant/oauth2/v2.0/devicecode",
            public(world, Endpoint::Token, post(token_endpoint::device_authorization)),
        )
        .at("/:tenant/oauth2/v2.0/token", public(world, Endpoint::Token, post(token_endpoint::token)))
        .at(
            "/common/discovery/instance",
            public(world, Endpoint::Metadata, get(instance_discovery::instance)),
        )
        .at("/v1.0/*", public(world, Endpoint::Graph, graph::v1))
        .at("/sharepoint/*", public(world, Endpoint::SharePoint, sharepoint::api))
        .at("/oidc/userinfo", public(world, Endpoint::Graph, get(graph::userinfo).post(graph::userinfo)))
        .data(Arc::clone(world))
        .data(site)
        .into_endpoint()
}

/// What any page may ask, and read the answer of.
fn public<E>(world: &Arc<World>, asked: Endpoint, inner: E) -> impl poem::Endpoint<Output = Response> + use<E>
where
    E: IntoEndpoint<Endpoint: 'static> + 'static,
{
    counted(world, asked, inner).around(async |inner, request: Request| {
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if is_preflight { preflight(&request) } else { inner.call(request).await? };
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Ok(response)
    })
}

/// What is counted and meets its faults.
pub(crate) fn counted<E>(
    world: &Arc<World>,
    asked: Endpoint,
    inner: E,
) -> impl poem::Endpoint<Output = Response> + use<E>
where
    E: IntoEndpoint<Endpoint: 'static> + 'static,
{
    let world = Arc::clone(world);
    inner.into_endpoint().around(move |inner, request: Request| {
        let world = Arc::clone(&world);
        async move {
            let _under_way = world.requests.count(asked);
            world.journal.note(asked, &request);
            let uri = request.original_uri();
            let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str()).to_owned();
            let met = {
                let headers = request.headers().clone();
                let asked = Asked { endpoint: asked, target: &target, headers: &headers, is_part: false };
                world.faults.meet(&world, &asked).await
            };
            Ok(match met {
                Some(fault) => fault,
                None => inner
                    .call(request)
                    .await
                    .map_or_else(poem::Error::into_response, IntoResponse::into_response),
            })
        }
    })
}

/// MSAL asks without a preflight; other clients may not.
fn preflight(request: &Request) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS")
        .finish();
    if let Some(wanted) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

//! Discovery documents and JWKS: what a client learns before it trusts a token.

use std::sync::Arc;

use poem::{
    Response, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};
use serde_json::{Value, json};

use crate::{
    aadsts::Refusal,
    directory::{Authority, PERSONAL, Version},
    keys::NamedKey,
    server::Site,
    world::{World, lock},
};

#[handler]
pub(crate) fn configuration_v2(
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    match authority(world, &segment) {
        Ok(authority) => document(&v2(world, &site.url, authority)),
        Err(refusal) => refusal.untraced(world, &site.url),
    }
}

#[handler]
pub(crate) fn configuration_v1(
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    match authority(world, &segment) {
        Ok(authority) if authority.is_personal() => {
            Refusal::no_v1_for_personal_accounts().untraced(world, &site.url)
        }
        Ok(authority) => document(&v1(world, &site.url, authority)),
        Err(refusal) => refusal.untraced(world, &site.url),
    }
}

/// Work keys with the issuer's template, keys of personal accounts with their exact issuer.
#[handler]
pub(crate) fn keys_v2(
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    if let Err(refusal) = authority(world, &segment) {
        return refusal.untraced(world, &site.url);
    }
    let keys = lock(&world.keys);
    let templated = format!("{}/{{tenantid}}/v2.0", world.issuer_base);
    let personal = world.issuer(PERSONAL, Version::V2);
    let mut listed: Vec<Value> = keys.published().iter().map(|key| jwk(key, Some(&templated))).collect();
    listed.push(jwk(keys.personal(), Some(&personal)));
    document(&json!({ "keys": listed }))
}

/// The work keys, without an issuer.
#[handler]
pub(crate) fn keys_v1(
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    if let Err(refusal) = authority(world, &segment) {
        return refusal.untraced(world, &site.url);
    }
    let keys = lock(&world.keys);
    let listed: Vec<Value> = keys.published().iter().map(|key| jwk(key, None)).collect();
    document(&json!({ "keys": listed }))
}

fn authority(world: &World, segment: &str) -> Result<Authority, Refusal> {
    Authority::parse(segment, &lock(&world.directory))
        .ok_or_else(|| Refusal::unknown_tenant(segment).named("invalid_tenant"))
}

/// There is no `alg` member, and `x5t` is the `kid`, also when a rotation reuses one.
fn jwk(named: &NamedKey, issuer: Option<&str>) -> Value {
    let NamedKey { kid, key } = named;
    let mut jwk = json!({
        "kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": key.n, "e": key.e, "x5c": [key.x5c],
    });
    if let (Some(issuer), Some(members)) = (issuer, jwk.as_object_mut()) {
        members.insert("issuer".to_owned(), issuer.into());
    }
    jwk
}

/// The endpoints are those of the listener that was asked, the issuer is always the https one.
fn v2(world: &World, site: &str, authority: Authority) -> Value {
    let base = format!("{site}/{authority}");
    let host = host(site);
    json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{}/{}/v2.0", world.issuer_base, authority.issuer_segment()),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{site}/oidc/userinfo"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name",
            "msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name",
            "tid", "ver", "at_hash", "c_hash", "email",
        ],
        "kerberos_endpoint": format!("{base}/kerberos"),
        "tenant_region_scope": region(world, authority),
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
        "rbac_url": site,
    })
}

fn v1(world: &World, site: &str, authority: Authority) -> Value {
    let base = format!("{site}/{authority}");
    let host = host(site);
    json!({
        "token_endpoint": format!("{base}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "issuer": format!("{}/{}/", world.issuer_base, authority.issuer_segment()),
        "microsoft_multi_refresh_token": true,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/oauth2/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name",
            "msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name",
            "family_name", "nickname",
        ],
        "check_session_iframe": format!("{base}/oauth2/checksession"),
        "userinfo_endpoint": format!("{base}/openid/userinfo"),
        "kerberos_endpoint": format!("{base}/kerberos"),
        "tenant_region_scope": region(world, authority),
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
        "rbac_url": site,
    })
}

fn host(site: &str) -> &str {
    site.split_once("://").map_or(site, |(_, host)| host)
}

fn region(world: &World, authority: Authority) -> Option<String> {
    authority.organization(&lock(&world.directory)).and_then(|tenant| tenant.region.clone())
}

fn document(value: &Value) -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .content_type("application/json; charset=utf-8")
        .header(header::CACHE_CONTROL, "max-age=86400, private")
        .body(value.to_string())
}

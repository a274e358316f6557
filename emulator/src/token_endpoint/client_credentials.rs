//! An app on its own behalf: `grant_type=client_credentials`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::form::Form;
use crate::{
    aadsts::Refusal,
    directory::{App, Authority, Directory, Tenant, roles_at},
    keys::KeyRing,
    random,
    tokens::{
        SignWith,
        claims::{self, Audience, Validity},
        jws,
    },
    world::{World, lock},
};

pub(super) fn grant(
    world: &World,
    directory: &Directory,
    authority: Authority,
    form: &Form,
) -> Result<Value, Refusal> {
    let client_id = form.client_id()?;
    let tenant = authority.organization(directory).ok_or_else(Refusal::grant_needs_a_tenant)?;
    let scope = form.required("scope")?;
    let client = client(directory, tenant, client_id, form)?;
    let named = named_resource(directory, scope)?;
    let principal = tenant
        .service_principal(client)
        .ok_or_else(|| Refusal::client_has_no_principal(client.id, tenant.id))?;
    let resource = directory
        .apps
        .iter()
        .find(|app| app.is_resource(named) && tenant.service_principal(app).is_some())
        .ok_or_else(|| Refusal::unknown_resource(named, &tenant.name))?;

    let audience = Audience::of(resource, named, resource.token_version);
    let lifetime = random::lifetime_seconds();
    let now = world.clock.now();
    let validity = Validity { from: now, until: now + TimeDelta::seconds(lifetime) };
    let mut claims = claims::common(world, tenant.id, &audience, validity);
    let roles = roles_at(&principal.assigned, resource);
    claims.extend(claims::of_app(client, principal, &roles, audience.version));
    let payload = Value::Object(claims).to_string();
    let keys: &KeyRing = &lock(&world.keys);
    let access_token = jws::sign(keys, SignWith::Current, false, None, audience.version, &payload);
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access_token,
    }))
}

/// The app that asks, once it has shown its secret.
fn client<'a>(directory: &'a Directory, tenant: &Tenant, id: &str, form: &Form) -> Result<&'a App, Refusal> {
    let client = directory
        .apps
        .iter()
        .find(|app| app.id.to_string().eq_ignore_ascii_case(id))
        .ok_or_else(|| Refusal::unknown_client(id, &tenant.name))?;
    match (form.client_secret(), &client.secret) {
        (Some(_), _) if form.has_origin => Err(Refusal::cross_origin_secret()),
        (Some(given), Some(secret)) if given == secret => Ok(client),
        (Some(_), Some(_)) => Err(Refusal::wrong_secret(client.id)),
        (Some(_), None) => Err(Refusal::public_client()),
        (None, _) => Err(Refusal::missing_secret()),
    }
}

/// What stands before `/.default`; alone, as everywhere, that means Microsoft Graph.
fn named_resource<'a>(directory: &Directory, scope: &'a str) -> Result<&'a str, Refusal> {
    let resources: Vec<Option<&str>> = scope
        .split_whitespace()
        .map(|scope| match scope {
            ".default" => Some("https://graph.microsoft.com"),
            scope => scope.strip_suffix("/.default"),
        })
        .collect();
    match resources.as_slice() {
        [Some(resource)] => Ok(resource),
        [Some(first), rest @ ..] if rest.iter().flatten().any(|other| !is_same(directory, first, other)) => {
            Err(Refusal::several_resources(scope))
        }
        _ => Err(Refusal::invalid_scope(scope)),
    }
}

/// One resource has several names: its client id and its App ID URI.
fn is_same(directory: &Directory, one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || directory.apps.iter().any(|app| app.is_resource(one) && app.is_resource(other))
}

//! An app on its own behalf: `grant_type=client_credentials`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Call, client::Client};
use crate::{
    aadsts::Refusal,
    directory::{Directory, roles_at},
    random,
    tokens::{
        SignWith,
        claims::{self, Audience, Validity},
        jws,
    },
    world::lock,
};

pub(super) fn grant(call: Call<'_>, client: &Client<'_>) -> Result<Value, Refusal> {
    let Call { world, directory, authority, form } = call;
    let tenant = authority.organization(directory).ok_or_else(Refusal::grant_needs_a_tenant)?;
    let scope = form.required_scope()?;
    let proof = client.proven()?;
    let named = named_resource(directory, scope)?;
    let app = client.app;
    let principal =
        tenant.service_principal(app).ok_or_else(|| Refusal::client_has_no_principal(app.id, tenant.id))?;
    if !principal.enabled {
        return Err(Refusal::disabled_client(app.id, &app.name));
    }
    let resource = directory
        .apps
        .iter()
        .find(|app| app.is_resource(named) && tenant.service_principal(app).is_some())
        .filter(|app| tenant.names_resource(app, named))
        .ok_or_else(|| Refusal::unknown_resource(named, &tenant.name))?;

    let audience = Audience::of(resource, named, resource.token_version);
    let lifetime = random::lifetime_seconds();
    let now = world.clock.now();
    let validity = Validity { from: now, until: now + TimeDelta::seconds(lifetime) };
    let mut claims = claims::common(world, tenant.id, &audience, validity);
    let roles = roles_at(&principal.assigned, resource);
    claims.extend(claims::of_app(app, principal, &roles, proof.claim(), audience.version));
    let payload = Value::Object(claims).to_string();
    let keys = lock(&world.keys);
    let access_token = jws::sign(&keys, SignWith::Current, false, None, audience.version, &payload);
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access_token,
    }))
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

//! Whether a client was let in, by somebody for himself or by an administrator for all.

use super::{
    flow::Flow,
    next::{Next, Ready, Step},
    pages::Page,
    request::{Prompt, Request},
};
use crate::{
    aadsts::Refusal,
    directory::{App, Directory, Tenant, User},
    scope::{Scopes, Wanted},
};

/// That he, or an administrator, lets the client have what it asks for.
pub(super) fn consented<'a>(
    directory: &Directory,
    request: &Request<'_>,
    flow: &Flow,
    ready: &Ready<'_>,
) -> Step<'a, ()> {
    let Ready { tenant, user, .. } = ready;
    let client = request.client;
    let scopes = Scopes::parse(directory, &request.scope, &tenant.name).map_err(Next::Refuse)?;
    let needs = scopes.needs(directory);
    for wanted in &needs {
        if let Some(scope) = wanted.unknown() {
            return Err(Next::Refuse(Refusal::unknown_scope(client, scope, wanted.resource)));
        }
        if !tenant.has_resource(wanted.resource, client) {
            return Err(Next::Refuse(Refusal::unknown_resource(&wanted.named, &tenant.name)));
        }
    }
    let is_asked = request.prompt == Some(Prompt::Consent) && !flow.is_consented;
    let is_new = tenant.service_principal(client).is_none() && !flow.is_consented;
    let missing = missing(tenant, user, client, &needs);
    if !is_asked && !is_new && (missing.is_empty() || flow.is_consented) {
        return Ok(());
    }
    let needs_administrator = needs.iter().any(|wanted| {
        missing.iter().any(|(resource, name)| {
            wanted.resource.name == *resource && wanted.resource.admin_scopes.contains(name)
        })
    });
    if needs_administrator && !user.administrator {
        return Err(Next::Stop(Refusal::needs_administrator(client)));
    }
    let asked = needs.iter().flat_map(|wanted| {
        wanted.required(client).into_iter().map(|name| format!("{}: {name}", wanted.resource.name))
    });
    Err(Next::Ask(Page::Consent {
        client: (client.name.clone(), client.id),
        tenant: tenant.name.clone(),
        permissions: asked.collect(),
        may_for_all: user.administrator,
        is_admin_consent: false,
    }))
}

/// Resource and name of what was not consented to yet.
fn missing(tenant: &Tenant, user: &User, client: &App, needs: &[Wanted<'_>]) -> Vec<(String, String)> {
    needs
        .iter()
        .flat_map(|wanted| {
            let granted = tenant.granted(client, wanted.resource, user.id);
            wanted
                .required(client)
                .into_iter()
                .filter(move |name| !granted.contains(name))
                .map(|name| (wanted.resource.name.clone(), name))
        })
        .collect()
}

/// That an administrator lets the client into his tenant. Anybody else stays on the page.
pub(super) fn admin_consented<'a>(request: &Request<'_>, flow: &Flow, ready: &Ready<'_>) -> Step<'a, ()> {
    if !ready.user.administrator || ready.tenant.is_personal() {
        return Err(Next::Stop(Refusal::needs_administrator(request.client)));
    }
    if flow.is_consented {
        return Ok(());
    }
    let permissions = request.client.permissions.iter().flat_map(|needed| {
        let scopes = needed.scopes.iter().map(|scope| format!("{}: {scope}", needed.app));
        let roles =
            needed.roles.iter().map(|role| format!("{}: {role}, as the application itself", needed.app));
        scopes.chain(roles)
    });
    Err(Next::Ask(Page::Consent {
        client: (request.client.name.clone(), request.client.id),
        tenant: ready.tenant.name.clone(),
        permissions: permissions.collect(),
        may_for_all: false,
        is_admin_consent: true,
    }))
}

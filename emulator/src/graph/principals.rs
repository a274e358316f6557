//! What an administrator granted: enterprise applications, their app roles, delegated permissions.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    call::Call,
    error::Problem,
    page::{Size, page, selected},
    people::object,
    reply::Reply,
    tenant,
};
use crate::{
    caller::Caller,
    directory::{Directory, Grant, ServicePrincipal, Tenant},
};

const SIZE: Size = Size { default: 100, max: 999, is_strict: true };
const APPLICATIONS: [&str; 3] = ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"];
const GRANTS: [&str; 3] =
    ["DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All"];

/// `/servicePrincipals`, by object id or `(appId='…')`, and what they were given.
pub(super) fn route(call: &Call<'_>, caller: &Caller, rest: &[&str]) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    if !caller.may(&APPLICATIONS) {
        return Err(Problem::denied());
    }
    let directory = &caller.directory;
    let [id, rest @ ..] = rest else { return list(call, directory, tenant) };
    let principal = find(directory, tenant, id).ok_or_else(|| Problem::no_resource(id))?;
    match rest {
        [] => {
            let mut shown = selected(call, shown(directory, principal));
            shown.insert("@odata.context".to_owned(), json!(call.context("servicePrincipals/$entity")));
            Ok(Reply::members(shown))
        }
        ["appRoleAssignments"] => {
            let all = assignments(directory, tenant, principal);
            many(call, all, "appRoleAssignments")
        }
        ["oauth2PermissionGrants"] => {
            let of_this = tenant.grants.iter().filter(|grant| grant.client == principal.app);
            let all = of_this.filter_map(|grant| granted(tenant, grant)).collect();
            many(call, all, "oauth2PermissionGrants")
        }
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

/// `/oauth2PermissionGrants`, all or those of `$filter=clientId eq '…'`.
pub(super) fn all_grants(call: &Call<'_>, caller: &Caller) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    if !caller.may(&GRANTS) {
        return Err(Problem::denied());
    }
    let client = call.option("$filter").map(|filter| equal(filter, "clientId")).transpose()?;
    let is_wanted = |grant: &Map<String, Value>| {
        client.as_ref().is_none_or(|client| grant.get("clientId") == Some(&json!(client)))
    };
    let all = tenant.grants.iter().filter_map(|grant| granted(tenant, grant)).filter(is_wanted).collect();
    many(call, all, "oauth2PermissionGrants")
}

fn list(call: &Call<'_>, directory: &Directory, tenant: &Tenant) -> Result<Reply, Problem> {
    let wanted = call.option("$filter").map(|filter| equal(filter, "appId")).transpose()?;
    let all = tenant
        .service_principals
        .iter()
        .map(|principal| shown(directory, principal))
        .filter(|shown| wanted.as_ref().is_none_or(|id| shown.get("appId") == Some(&json!(id))))
        .collect();
    many(call, all, "servicePrincipals")
}

fn many(call: &Call<'_>, all: Vec<Map<String, Value>>, context: &str) -> Result<Reply, Problem> {
    let mut page = page(call, all, SIZE, |shown| Value::Object(selected(call, shown)))?;
    page.insert("@odata.context".to_owned(), json!(call.context(context)));
    Ok(Reply::members(page))
}

/// The value in `name eq 'value'`, the one filter there is.
fn equal(filter: &str, name: &str) -> Result<String, Problem> {
    let value =
        filter.split_once(" eq ").filter(|(known, _)| known.trim() == name).map(|(_, value)| value.trim());
    let value = value.and_then(|value| value.strip_prefix('\'')?.strip_suffix('\''));
    value.map(str::to_lowercase).ok_or_else(|| {
        Problem::bad_request(format!("Invalid filter clause: the emulator knows {name} eq '…' alone."))
    })
}

fn find<'a>(directory: &Directory, tenant: &'a Tenant, id: &str) -> Option<&'a ServicePrincipal> {
    tenant
        .service_principals
        .iter()
        .find(|principal| principal.id.to_string().eq_ignore_ascii_case(id))
        .or_else(|| {
            let by_app = id.to_lowercase();
            let app = directory.app(by_app.strip_prefix("(appid='")?.strip_suffix("')")?)?;
            tenant.service_principal(app)
        })
}

fn shown(directory: &Directory, principal: &ServicePrincipal) -> Map<String, Value> {
    let app = directory.app(&principal.app);
    let roles: Vec<Value> = app
        .into_iter()
        .flat_map(|app| &app.roles)
        .map(|role| json!({ "id": role_id(directory, &principal.app, &role.value), "value": role.value }))
        .collect();
    object(json!({
        "id": principal.id,
        "appId": app.map(|app| app.id),
        "displayName": principal.app,
        "accountEnabled": principal.enabled,
        "appRoleAssignmentRequired": principal.assignment_required,
        "servicePrincipalType": "Application",
        "appRoles": roles,
    }))
}

/// One for each role.
fn assignments(
    directory: &Directory,
    tenant: &Tenant,
    principal: &ServicePrincipal,
) -> Vec<Map<String, Value>> {
    let mut all = Vec::new();
    for assignment in &principal.assigned {
        let resource = tenant.service_principals.iter().find(|known| known.app == assignment.app);
        for role in &assignment.roles {
            let role_id = role_id(directory, &assignment.app, role);
            all.push(object(json!({
                "id": made_of(&[&principal.id.to_string(), &role_id.to_string()]),
                "appRoleId": role_id,
                "principalDisplayName": principal.app,
                "principalId": principal.id,
                "principalType": "ServicePrincipal",
                "resourceDisplayName": assignment.app,
                "resourceId": resource.map(|resource| resource.id),
            })));
        }
    }
    all
}

fn granted(tenant: &Tenant, grant: &Grant) -> Option<Map<String, Value>> {
    let id_of = |app: &str| {
        tenant.service_principals.iter().find(|principal| principal.app == app).map(|principal| principal.id)
    };
    let (client, resource) = (id_of(&grant.client)?, id_of(&grant.resource)?);
    let user = grant.user.map(|user| user.to_string()).unwrap_or_default();
    Some(object(json!({
        "id": made_of(&[&client.to_string(), &resource.to_string(), &user]),
        "clientId": client,
        "consentType": if grant.user.is_some() { "Principal" } else { "AllPrincipals" },
        "principalId": grant.user,
        "resourceId": resource,
        "scope": grant.scopes.join(" "),
    })))
}

fn role_id(directory: &Directory, app: &str, role: &str) -> Uuid {
    let known = directory.app(app).and_then(|app| app.roles.iter().find(|known| known.value == role));
    known.and_then(|role| role.id).unwrap_or_else(|| made_of(&[app, role]))
}

fn made_of(parts: &[&str]) -> Uuid {
    crate::files::guid_of(&parts.join("/"))
}

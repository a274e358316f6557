//! The caller's organization.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{call::Call, error::Problem, page::selected, people::object, reply::Reply, tenant};
use crate::{caller::Caller, directory::Tenant};

pub(super) fn route(call: &Call<'_>, caller: &Caller, rest: &[&str]) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    match rest {
        [] => {
            let shown = selected(call, about(caller, tenant)?);
            Ok(Reply::Json(json!({ "@odata.context": call.context("organization"), "value": [shown] })))
        }
        [id] if Uuid::try_parse(id).ok() == Some(tenant.id) => {
            Ok(Reply::members(selected(call, about(caller, tenant)?)))
        }
        [id] => Err(Problem::no_resource(id)),
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

/// With `User.Read` alone most members are empty.
fn about(caller: &Caller, tenant: &Tenant) -> Result<Map<String, Value>, Problem> {
    let sees_all = caller.may(&["Organization.Read.All", "Directory.Read.All"]);
    if tenant.is_personal() || !(sees_all || caller.may(&["User.Read"])) {
        return Err(Problem::denied());
    }
    let initial = tenant.domains.len().saturating_sub(1);
    let domains: Vec<Value> = tenant
        .domains
        .iter()
        .enumerate()
        .map(|(at, name)| {
            json!({
                "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": at == 0,
                "isInitial": at == initial, "name": name, "type": "Managed",
            })
        })
        .collect();
    let only = |value: Value| if sees_all { value } else { Value::Null };
    Ok(object(json!({
        "id": tenant.id,
        "displayName": tenant.name,
        "verifiedDomains": domains,
        "tenantType": only(json!("AAD")),
        "countryLetterCode": only(json!(if tenant.region.as_deref() == Some("EU") { "DE" } else { "US" })),
        "onPremisesSyncEnabled": only(json!(false)),
    })))
}

//! Microsoft Graph, as far as a sign-in needs it: who somebody is, where he belongs, what he looks like.
//!
//! <https://learn.microsoft.com/graph/api/overview>

mod caller;
mod error;

use std::sync::Arc;

use poem::{
    Request, Response, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::{caller::Caller, error::Problem};
use crate::{
    directory::{Tenant, User},
    server::Site,
    tokens::claims::pairwise,
    world::World,
};

static PHOTO: &[u8] = include_bytes!("../data/photo.png");

#[handler]
pub(crate) fn me(request: &Request, Data(world): Data<&Arc<World>>, Data(site): Data<&Site>) -> Response {
    answer(request, world, site, |caller| {
        let (_, user) = caller.user_with(&["User.Read", "User.Read.All"])?;
        let mut shown = selected(request, profile(user));
        let context = format!("{}/v1.0/$metadata#users/$entity", site.url);
        shown.insert("@odata.context".to_owned(), json!(context));
        Ok(Value::Object(shown))
    })
}

/// The members that Graph gives unasked.
fn profile(user: &User) -> Map<String, Value> {
    object(json!({
        "businessPhones": [],
        "displayName": user.name(),
        "givenName": user.given_name,
        "id": user.id,
        "jobTitle": null,
        "mail": user.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": "en-US",
        "surname": user.family_name,
        "userPrincipalName": user.upn,
    }))
}

/// `$select`.
fn selected(request: &Request, mut shown: Map<String, Value>) -> Map<String, Value> {
    let query = request.uri().query().unwrap_or_default();
    let select = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "$select");
    if let Some((_, names)) = select {
        shown.retain(|known, _| names.split(',').any(|name| name.trim().eq_ignore_ascii_case(known)));
    }
    shown
}

#[handler]
pub(crate) fn photo(request: &Request, Data(world): Data<&Arc<World>>, Data(site): Data<&Site>) -> Response {
    let caller = Caller::of(request, world, site);
    let found = caller.and_then(|caller| {
        let (_, user) = caller.user_with(&["User.Read", "User.Read.All"])?;
        if user.photo { Ok(()) } else { Err(Problem::no_photo()) }
    });
    match found {
        Ok(()) => Response::builder().content_type("image/png").header(header::ETAG, "\"1\"").body(PHOTO),
        Err(problem) => problem.answer(request, world),
    }
}

#[handler]
pub(crate) fn organizations(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    answer(request, world, site, |caller| {
        let shown = about(&caller, caller.tenant()?)?;
        let context = format!("{}/v1.0/$metadata#organization", site.url);
        Ok(json!({ "@odata.context": context, "value": [shown] }))
    })
}

#[handler]
pub(crate) fn organization(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(id): Path<String>,
) -> Response {
    answer(request, world, site, |caller| {
        let tenant = caller.tenant()?;
        if Uuid::try_parse(&id).ok() == Some(tenant.id) {
            about(&caller, tenant).map(Value::Object)
        } else {
            Err(Problem::no_resource(&id))
        }
    })
}

/// With `User.Read` alone most members are empty.
fn about(caller: &Caller, tenant: &Tenant) -> Result<Map<String, Value>, Problem> {
    if tenant.is_personal() {
        return Err(Problem::denied());
    }
    let sees_all = caller.may(&["Organization.Read.All"]);
    if !sees_all && !caller.may(&["User.Read"]) {
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

#[handler]
pub(crate) fn userinfo(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    answer(request, world, site, |caller| {
        let (_, user) = caller.user_with(&["openid"])?;
        let mut claims = object(json!({
            "sub": pairwise(user.id, caller.client()),
            "name": user.name(),
            "given_name": user.given_name,
            "family_name": user.family_name,
            "picture": format!("{}/v1.0/me/photo/$value", site.url),
        }));
        claims.extend(user.mail.iter().map(|mail| ("email".to_owned(), json!(mail))));
        Ok(Value::Object(claims))
    })
}

#[handler]
pub(crate) fn not_found(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Path(rest): Path<String>,
) -> Response {
    Problem::no_segment(&rest).answer(request, world)
}

fn answer(
    request: &Request,
    world: &World,
    site: &Site,
    reply: impl FnOnce(Caller) -> Result<Value, Problem>,
) -> Response {
    match Caller::of(request, world, site).and_then(reply) {
        Ok(value) => {
            let kind = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
            let mut response =
                Response::builder().status(StatusCode::OK).content_type(kind).body(value.to_string());
            error::stamp(request, &mut response);
            response
        }
        Err(problem) => problem.answer(request, world),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

//! Microsoft Graph v1.0, to read: people, organizations, sites, drives, and what an administrator granted.
//!
//! <https://learn.microsoft.com/graph/api/overview>

mod batch;
mod call;
mod delta;
mod drive_item;
mod drives;
mod error;
mod items;
mod lists;
mod organization;
mod page;
mod people;
mod principals;
mod reply;
mod sites;
mod users;

use std::sync::Arc;

use poem::{Body, Request, Response, handler, http::Method, web::Data};

pub(crate) use self::error::answer as error_answer;
use self::{call::Call, error::Problem, reply::Reply};
use crate::{
    caller::Caller,
    directory::{App, Tenant},
    ids,
    server::Site,
    world::World,
};

/// Everything below `/v1.0`.
#[handler]
pub(crate) async fn v1(
    request: &Request,
    body: Body,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let uri = request.uri();
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    let target = target.strip_prefix("/v1.0").unwrap_or(target);
    let call = Call::new(world, &site.url, request.method().clone(), target, request.headers().clone());
    if call.path == "/$batch" { batch::answer(&call, body).await } else { answer(&call) }
}

#[handler]
pub(crate) fn userinfo(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let call = Call::new(world, &site.url, Method::GET, "/oidc/userinfo", request.headers().clone());
    finished(&call, caller(&call).and_then(|caller| people::userinfo(&call, &caller)))
}

fn answer(call: &Call<'_>) -> Response {
    finished(call, caller(call).and_then(|caller| route(call, &caller)))
}

fn finished(call: &Call<'_>, reply: Result<Reply, Problem>) -> Response {
    match reply {
        Ok(reply) => reply.response(call),
        Err(problem) => problem.answer(call),
    }
}

fn caller(call: &Call<'_>) -> Result<Caller, Problem> {
    Caller::of(&call.headers, call.world, ids::GRAPH_APP, App::is_resource)
        .map_err(|rejected| Problem::rejected(&rejected, call.base))
}

fn route(call: &Call<'_>, caller: &Caller) -> Result<Reply, Problem> {
    if call.method != Method::GET {
        return Err(Problem::wrong_method());
    }
    let segments = call.segments()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["me"] => people::me(call, caller),
        ["me", "photo", "$value"] => people::own_photo(caller),
        ["me", "drive", rest @ ..] => drives::own(call, caller, rest),
        ["users", rest @ ..] => users::route(call, caller, rest),
        ["organization", rest @ ..] => organization::route(call, caller, rest),
        ["sites", rest @ ..] => sites::route(call, caller, rest),
        ["drives", id, rest @ ..] => drives::route(call, caller, id, rest),
        ["servicePrincipals", rest @ ..] => principals::route(call, caller, rest),
        [by_app] if drives::is_function(by_app, "servicePrincipals") => {
            let id = by_app.trim_start_matches("servicePrincipals");
            principals::route(call, caller, &[id])
        }
        ["oauth2PermissionGrants"] => principals::all_grants(call, caller),
        _ => Err(Problem::no_segment(&segments.join("/"))),
    }
}

/// The caller's tenant.
fn tenant(caller: &Caller) -> Result<&Tenant, Problem> {
    caller.tenant().ok_or_else(Problem::denied)
}

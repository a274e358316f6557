//! `POST /{tenant}/oauth2/v2.0/token`: reads the request, hands it to its grant, dresses the answer.

mod authorization_code;
mod client;
mod client_assertion;
mod client_credentials;
mod device_code;
mod federated;
mod form;
mod on_behalf_of;
mod refresh_token;
mod user_answer;

use std::sync::Arc;

use poem::{
    Body, Request, Response, handler,
    http::{HeaderMap, header},
    web::{Data, Path},
};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use self::device_code::device_authorization;
use self::{client::Client, form::Form};
use crate::{
    aadsts::{Refusal, Trace},
    directory::{Authority, Directory},
    server::Site,
    world::World,
};

/// More than any real request has, assertions included.
const BODY_LIMIT: usize = 256 * 1024;

/// What every grant needs to know of its request.
#[derive(Clone, Copy)]
struct Call<'a> {
    world: &'a World,
    directory: &'a Directory,
    authority: Authority,
    form: &'a Form,
}

#[handler]
pub(crate) async fn token(
    request: &Request,
    body: Body,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    let trace = trace(request);
    let granted = match read(request, body).await {
        Ok(form) => grant(world, &segment, &form).await,
        Err(refusal) => Err(refusal),
    };
    answer(world, site, &trace, granted)
}

async fn read(request: &Request, body: Body) -> Result<Form, Refusal> {
    let body = body.into_bytes_limit(BODY_LIMIT).await.map_err(|_| Refusal::malformed_request())?;
    Form::read(&body, request.headers())
}

fn answer(world: &World, site: &Site, trace: &Trace, granted: Result<Value, Refusal>) -> Response {
    match granted {
        Ok(granted) => {
            let mut response =
                Response::builder().content_type("application/json; charset=utf-8").body(granted.to_string());
            trace.stamp(&mut response);
            response
        }
        Err(refusal) => refusal.answer(world, &site.url, trace),
    }
}

async fn grant(world: &World, segment: &str, form: &Form) -> Result<Value, Refusal> {
    let directory = world.directory_now();
    let authority = Authority::parse(segment, &directory).ok_or_else(|| Refusal::unknown_tenant(segment))?;
    let grant = form.required("grant_type")?;
    if form.get("resource").is_some() {
        return Err(Refusal::resource_parameter());
    }
    let call = Call { world, directory: &directory, authority, form };
    match grant {
        "authorization_code" => authorization_code::grant(call, &Client::of(call, segment).await?),
        "refresh_token" => refresh_token::grant(call, &Client::of(call, segment).await?),
        "client_credentials" => client_credentials::grant(call, &Client::of(call, segment).await?),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            on_behalf_of::grant(call, &Client::of(call, segment).await?)
        }
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
            device_code::grant(call, &Client::of(call, segment).await?)
        }
        other => Err(Refusal::unsupported_grant(other)),
    }
}
/// MSAL sends its correlation id as a header or in the query.
fn trace(request: &Request) -> Trace {
    let from_query = || {
        let query = request.uri().query().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "client-request-id")
            .and_then(|(_, id)| Uuid::try_parse(&id).ok())
    };
    let from_header = text(request.headers(), "client-request-id").and_then(|id| Uuid::try_parse(id).ok());
    let trace = Trace::new();
    let given = from_header.or_else(from_query);
    let wants_echo = text(request.headers(), "return-client-request-id")
        .is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"));
    Trace {
        correlation_id: given.unwrap_or(trace.correlation_id),
        is_echoed: given.is_some() && wants_echo,
        ..trace
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a page in a browser asks.
fn has_origin(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
}

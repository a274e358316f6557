//! `SharePoint` REST, to read: a web, its lists and their rows.
//!
//! It is reached by path, `/sharepoint/{host}/{site}/_api/…`, since a name such as `contoso.sharepoint.com` cannot
//! lead to this machine. The audience of its tokens is the host all the same: `https://contoso.sharepoint.com`.
//!
//! <https://learn.microsoft.com/sharepoint/dev/sp-add-ins/get-to-know-the-sharepoint-rest-service>

mod error;
mod form;
mod lists;

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use poem::{
    Request, Response, handler,
    http::{HeaderMap, Method},
    web::Data,
};
use serde_json::{Map, Value, json};

use self::{error::Problem, form::Form};
use crate::{
    caller::Caller,
    files::{Files, Site},
    ids, server,
    world::{World, lock},
};

const READ: [&str; 8] = [
    "AllSites.Read",
    "AllSites.Write",
    "AllSites.Manage",
    "AllSites.FullControl",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];

/// What was asked.
struct Call<'a> {
    world: &'a World,
    /// `http://localhost:4100`.
    base: &'a str,
    /// As it was sent.
    path: &'a str,
    query: Vec<(String, String)>,
    headers: &'a HeaderMap,
    form: Form,
}

/// What the path says.
struct Place {
    /// `contoso.sharepoint.com`.
    host: String,
    /// `sites/marketing`.
    site: String,
    /// After `_api`.
    rest: Vec<String>,
}

/// Members of one thing, or a page of many with how it goes on.
enum Reply {
    One(Map<String, Value>),
    Many { all: Vec<Value>, next: Option<String> },
}

#[handler]
pub(crate) fn api(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&server::Site>,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let call = Call {
        world,
        base: &site.url,
        path: request.uri().path(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: request.headers(),
        form: Form::of(request.headers()),
    };
    let reply = match Place::read(call.path) {
        Some(_) if request.method() != Method::GET => Err(Problem::read_only()),
        Some(place) => answer(&call, &place),
        None => Err(Problem::not_found()),
    };
    match reply {
        Ok(reply) => call.form.answer(reply),
        Err(problem) => problem.answer(call.form),
    }
}

fn answer(call: &Call<'_>, place: &Place) -> Result<Reply, Problem> {
    let audience = format!("https://{}", place.host);
    let is_for = |_: &_, named: &str| named.trim_end_matches('/').eq_ignore_ascii_case(&audience);
    let caller = Caller::of(call.headers, call.world, ids::SHAREPOINT_APP, is_for);
    let caller = caller.map_err(|rejected| Problem::rejected(&rejected, &place.host, call.base))?;
    let tenant = caller.tenant().filter(|tenant| tenant.owns_host(&place.host));
    let tenant = tenant.ok_or_else(Problem::other_tenant)?.id;
    // Who comes by himself has to come with a signature.
    if !caller.is_delegated() && !caller.has_signed() {
        return Err(Problem::app_with_secret());
    }
    if !caller.may(&READ) {
        return Err(Problem::denied());
    }
    let files = lock(&call.world.files);
    let site = files.sites_of(tenant).find(|site| {
        site.host.eq_ignore_ascii_case(&place.host) && site.path.eq_ignore_ascii_case(&place.site)
    });
    let site = site.ok_or_else(Problem::not_found)?;
    if (caller.is_delegated() && caller.user().is_none()) || !site.is_open_to(caller.user()) {
        return Err(Problem::denied());
    }
    let rest: Vec<&str> = place.rest.iter().map(String::as_str).collect();
    route(call, &caller, &files, site, &rest)
}

fn route(
    call: &Call<'_>,
    caller: &Caller,
    files: &Files,
    site: &Site,
    rest: &[&str],
) -> Result<Reply, Problem> {
    let lower: Vec<String> = rest.iter().map(|part| part.to_lowercase()).collect();
    match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["site"] => Ok(call.one(json!({ "Id": site.collection, "Url": site.url() }))),
        ["web"] => Ok(call.one(web(site))),
        ["web", "currentuser"] => {
            let user = caller.user().ok_or_else(Problem::denied)?;
            let login = format!("i:0#.f|membership|{}", user.upn);
            Ok(call.one(json!({ "Title": user.name(), "Email": user.mail, "LoginName": login })))
        }
        ["web", "lists", ..] | ["web", _] => {
            lists::route(call, files, site, rest.get(1..).unwrap_or_default())
        }
        ["web", _, "items"] => lists::route(call, files, site, rest.get(1..).unwrap_or_default()),
        _ => Err(Problem::not_found()),
    }
}

fn web(site: &Site) -> Value {
    let relative = if site.path.is_empty() { "/".to_owned() } else { format!("/{}", site.path) };
    json!({
        "Id": site.web,
        "Title": site.title,
        "Description": site.description,
        "Url": site.url(),
        "ServerRelativeUrl": relative,
        "Created": site.created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "Language": 1033,
        "WebTemplate": "SITEPAGEPUBLISHING",
    })
}

impl Place {
    fn read(path: &str) -> Option<Self> {
        let decode =
            |part: &str| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let (place, rest) = path.strip_prefix("/sharepoint/")?.split_once("/_api")?;
        let (host, site) = place.split_once('/').unwrap_or((place, ""));
        let rest = rest.trim_matches('/').split('/').map(decode).collect::<Option<_>>()?;
        Some(Self { host: host.to_lowercase(), site: decode(site)?, rest })
    }
}

impl Call<'_> {
    fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn one(&self, value: Value) -> Reply {
        Reply::One(self.selected(value))
    }

    /// `$select`.
    fn selected(&self, value: Value) -> Map<String, Value> {
        let Value::Object(mut members) = value else { return Map::new() };
        if let Some(names) = self.option("$select").filter(|names| *names != "*") {
            members.retain(|known, _| names.split(',').any(|name| name.trim().eq_ignore_ascii_case(known)));
        }
        members
    }
}

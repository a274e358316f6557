//! `/sites`: found by search, by id, by host and path.

use serde_json::{Map, Value, json};

use super::{
    call::Call,
    drives,
    error::Problem,
    lists,
    page::{Size, page, selected},
    people::object,
    reply::Reply,
    tenant,
};
use crate::{
    caller::Caller,
    directory::Tenant,
    files::{Files, Site},
    world::lock,
};

/// `Sites.Selected` opens only what was selected, which is nothing here.
pub(super) const SITES: [&str; 4] =
    ["Sites.Read.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All"];
const SIZE: Size = Size { default: 200, max: 500, is_strict: false };

pub(super) fn route(call: &Call<'_>, caller: &Caller, rest: &[&str]) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    if tenant.sharepoint.is_none() {
        return Err(Problem::no_sharepoint());
    }
    if !caller.may(&SITES) {
        return Err(Problem::access_denied());
    }
    let files = lock(&call.world.files);
    match rest {
        [] => search(call, caller, tenant, &files),
        [id, rest @ ..] => {
            let (site, rest) = addressed(&files, tenant, id, rest)?;
            if !site.is_open_to(caller.user()) {
                return Err(Problem::access_denied());
            }
            below(call, caller, &files, site, rest)
        }
    }
}

fn below(
    call: &Call<'_>,
    caller: &Caller,
    files: &Files,
    site: &Site,
    rest: &[&str],
) -> Result<Reply, Problem> {
    match rest {
        [] => {
            let mut shown = selected(call, shown(site));
            shown.insert("@odata.context".to_owned(), json!(call.context("sites/$entity")));
            Ok(Reply::members(shown))
        }
        ["drives"] => {
            let all = files.drives.iter().filter(|drive| drive.web == site.web).collect();
            let mut page =
                page(call, all, SIZE, |drive| Value::Object(selected(call, drives::shown(files, drive))))?;
            page.insert("@odata.context".to_owned(), json!(call.context("drives")));
            Ok(Reply::members(page))
        }
        ["drive", rest @ ..] => {
            let drive = files.drives.iter().find(|drive| drive.web == site.web);
            drives::below(call, caller, files, drive.ok_or_else(Problem::no_item)?, rest)
        }
        ["lists", rest @ ..] => lists::route(call, site, rest),
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

/// The site an address begins with, and what follows: `root`, an id of three parts, the host alone, or
/// `{host}:/{path}`, which a colon ends when something follows.
fn addressed<'a, 'b>(
    files: &'a Files,
    tenant: &Tenant,
    id: &str,
    rest: &'b [&'b str],
) -> Result<(&'a Site, &'b [&'b str]), Problem> {
    let own_host = tenant.sharepoint_host().unwrap_or_default();
    let mut sites = files.sites_of(tenant.id);
    if id == "root" {
        return sites.next().map(|site| (site, rest)).ok_or_else(Problem::no_item);
    }
    let host = id.split([',', ':']).next().unwrap_or_default();
    // Many clients send the two GUIDs alone.
    let is_guid = uuid::Uuid::try_parse(host).is_ok();
    if !is_guid && !host.eq_ignore_ascii_case(&own_host) {
        return Err(Problem::invalid("Invalid hostname for this tenancy"));
    }
    if !id.ends_with(':') {
        let found = sites.find(|site| {
            let full = site.id();
            full.eq_ignore_ascii_case(id)
                || full.split_once(',').is_some_and(|(_, guids)| guids.eq_ignore_ascii_case(id))
                || site.collection.to_string().eq_ignore_ascii_case(id)
                || (site.path.is_empty() && own_host.eq_ignore_ascii_case(id))
        });
        return found.map(|site| (site, rest)).ok_or_else(Problem::no_item);
    }
    let end = rest.iter().position(|part| part.ends_with(':'));
    let (path, rest) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
    let path = path.join("/");
    let path = path.trim_end_matches(':').trim_matches('/');
    let found = sites.find(|site| site.path.eq_ignore_ascii_case(path));
    found.map(|site| (site, rest)).ok_or_else(Problem::no_item)
}

fn search(call: &Call<'_>, caller: &Caller, tenant: &Tenant, files: &Files) -> Result<Reply, Problem> {
    let wanted = call.option("search").or_else(|| call.option("$search"));
    let wanted = wanted.ok_or_else(|| Problem::invalid("The emulator lists sites by search only."))?;
    let wanted = wanted.trim_matches(['"', '*', ' ']).to_lowercase();
    let is_wanted = |site: &&Site| {
        [&site.title, &site.description, &site.path].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let all: Vec<&Site> =
        files.sites_of(tenant.id).filter(|site| site.is_open_to(caller.user())).filter(is_wanted).collect();
    let mut page = page(call, all, SIZE, |site| Value::Object(selected(call, shown(site))))?;
    page.insert("@odata.context".to_owned(), json!(call.context("sites")));
    Ok(Reply::members(page))
}

fn shown(site: &Site) -> Map<String, Value> {
    let time = site.created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut shown = object(json!({
        "createdDateTime": time,
        "description": site.description,
        "id": site.id(),
        "lastModifiedDateTime": time,
        "name": site.name(),
        "webUrl": site.url(),
        "displayName": site.title,
        "siteCollection": { "hostname": site.host },
    }));
    if site.path.is_empty() {
        shown.insert("root".to_owned(), json!({}));
    }
    shown
}

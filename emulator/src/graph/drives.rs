//! `/drives/{id}` and `/me/drive`: which drive, and whether the caller may open it.

use serde_json::{Map, Value, json};

use super::{
    call::Call, delta, error::Problem, items, page::selected, people::object, reply::Reply, sites::SITES,
    tenant,
};
use crate::{
    caller::Caller,
    files::{Drive, Files},
    world::lock,
};

const FILES: [&str; 2] = ["Files.Read.All", "Files.ReadWrite.All"];
/// Enough for what is one's own.
const OWN_FILES: [&str; 2] = ["Files.Read", "Files.ReadWrite"];

pub(super) fn route(call: &Call<'_>, caller: &Caller, id: &str, rest: &[&str]) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    let files = lock(&call.world.files);
    if !caller.may(&FILES) && !caller.may(&SITES) && !caller.may(&OWN_FILES) {
        return Err(Problem::access_denied());
    }
    let drive = files.drive(tenant.id, id).ok_or_else(Problem::no_item)?;
    below(call, caller, &files, drive, rest)
}

/// `/me/drive`.
pub(super) fn own(call: &Call<'_>, caller: &Caller, rest: &[&str]) -> Result<Reply, Problem> {
    if !caller.is_delegated() {
        return Err(Problem::needs_user());
    }
    let user = caller.user().ok_or_else(Problem::no_item)?;
    let tenant = tenant(caller)?;
    if tenant.sharepoint.is_none() {
        return Err(Problem::no_sharepoint());
    }
    let files = lock(&call.world.files);
    let is_own = |drive: &&Drive| drive.tenant == tenant.id && drive.owner == Some(user.handle.as_str());
    let drive = files.drives.iter().find(is_own).ok_or_else(Problem::no_item)?;
    below(call, caller, &files, drive, rest)
}

pub(super) fn below(
    call: &Call<'_>,
    caller: &Caller,
    files: &Files,
    drive: &Drive,
    rest: &[&str],
) -> Result<Reply, Problem> {
    check(caller, files, drive)?;
    match rest {
        [] => {
            let mut shown = selected(call, shown(files, drive));
            shown.insert("@odata.context".to_owned(), json!(call.context("drives/$entity")));
            Ok(Reply::members(shown))
        }
        ["root", function] if is_function(function, "delta") => delta::changes(call, files, drive, function),
        [function] if is_function(function, "search") => items::search(call, files, drive, None, function),
        ["root" | "items", ..] | [.., "children"] => items::route(call, files, drive, rest),
        [root, ..] if *root == "root:" => items::route(call, files, drive, rest),
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

/// Whether `segment` calls the function, with or without arguments.
pub(super) fn is_function(segment: &str, name: &str) -> bool {
    let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
    bare == name || bare.strip_prefix(name).is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')'))
}

/// The permission, and what the user himself may see.
fn check(caller: &Caller, files: &Files, drive: &Drive) -> Result<(), Problem> {
    let user = caller.user();
    let is_own = user.is_some_and(|user| drive.owner == Some(user.handle.as_str()));
    let permitted = caller.may(&FILES) || caller.may(&SITES) || (is_own && caller.may(&OWN_FILES));
    // A user's token whose user is gone opens nothing.
    let is_known = user.is_some() || !caller.is_delegated();
    if permitted && is_known && files.may_open(drive, user) { Ok(()) } else { Err(Problem::access_denied()) }
}

pub(super) fn shown(files: &Files, drive: &Drive) -> Map<String, Value> {
    let used = drive.root().map_or(0, |root| drive.size_of(root));
    let root = drive.root();
    let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    let owner = match drive.owner {
        Some(handle) => json!({ "user": { "displayName": handle } }),
        None => json!({ "group": { "displayName": files.site_of(drive).map(|site| &site.title) } }),
    };
    object(json!({
        "createdDateTime": time(root.map(|root| root.created)),
        "description": "",
        "id": drive.id,
        "lastModifiedDateTime": time(root.map(|root| root.modified)),
        "name": drive.name,
        "webUrl": drive.url,
        "driveType": if drive.owner.is_some() { "business" } else { "documentLibrary" },
        "owner": owner,
        "quota": {
            "deleted": 0, "remaining": 27_487_790_694_400_u64, "state": "normal",
            "total": 27_487_790_694_400_u64, "used": used,
        },
    }))
}

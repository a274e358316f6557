//! Lists of a web, by GUID or title, and their rows.

use serde_json::{Value, json};

use super::{Call, Problem, Reply};
use crate::files::{Files, List, Site};

/// Rows of a page without `$top`.
const PAGE: usize = 100;
const MOST: usize = 5000;

/// After `web`: `lists`, `lists(guid'…')`, `lists/getbytitle('…')`, and `items` below them.
pub(super) fn route(call: &Call<'_>, files: &Files, site: &Site, rest: &[&str]) -> Result<Reply, Problem> {
    let is_lists = |part: &str| part.eq_ignore_ascii_case("lists");
    let (list, rest) = match rest {
        [lists] if is_lists(lists) => {
            let shown = |list| Value::Object(call.selected(shown(files, list)));
            // All come at once; a link that is set to lead astray stands there nevertheless, once.
            let is_first = call.option("$skiptoken").is_none();
            let next =
                (is_first && call.world.links.get().next.is_some()).then(|| next(call, site.lists.len()));
            let all = if is_first { site.lists.iter().map(shown).collect() } else { Vec::new() };
            return Ok(Reply::Many { all, next });
        }
        [lists, by, rest @ ..] if is_lists(lists) => (by_title(site, by), rest),
        [lists, rest @ ..] => (by_guid(site, lists), rest),
        [] => return Err(Problem::not_found()),
    };
    let list = list.ok_or_else(Problem::no_list)?;
    match rest {
        [] => Ok(call.one(shown(files, list))),
        [items] if items.eq_ignore_ascii_case("items") => rows(call, files, list),
        [..] => Err(Problem::not_found()),
    }
}

fn by_guid<'a>(site: &'a Site, part: &str) -> Option<&'a List> {
    let lower = part.to_lowercase();
    let inside = lower.strip_prefix("lists(")?.strip_suffix(')')?;
    let id = inside.trim_start_matches("guid").trim_matches('\'');
    site.lists.iter().find(|list| list.id.to_string() == id)
}

fn by_title<'a>(site: &'a Site, part: &str) -> Option<&'a List> {
    let (function, title) = part.split_once('(')?;
    let title = title.strip_suffix(')')?.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'");
    let is_title = function.eq_ignore_ascii_case("getbytitle");
    site.lists.iter().find(|list| is_title && list.title.eq_ignore_ascii_case(&title))
}

fn shown(files: &Files, list: &List) -> Value {
    json!({
        "Id": list.id,
        "Title": list.title,
        "Description": "",
        "BaseTemplate": if list.is_library { 101 } else { 100 },
        "Hidden": false,
        "ItemCount": titles(files, list).len(),
    })
}

/// Of a library the names of what is in it.
fn titles<'a>(files: &'a Files, list: &'a List) -> Vec<&'a str> {
    match files.drives.iter().find(|drive| drive.list == list.id) {
        Some(drive) => drive.present().skip(1).map(|item| item.name.as_str()).collect(),
        None => list.rows.iter().map(String::as_str).collect(),
    }
}

fn rows(call: &Call<'_>, files: &Files, list: &List) -> Result<Reply, Problem> {
    let size = match call.option("$top") {
        None => PAGE,
        Some(text) => {
            text.parse().ok().filter(|top| (1..=MOST).contains(top)).ok_or_else(Problem::bad_query)?
        }
    };
    let from = match call.option("$skiptoken") {
        None => 0,
        Some(token) => after(token).ok_or_else(Problem::bad_query)?,
    };
    let titles = titles(files, list);
    let title_member = if list.is_library { "FileLeafRef" } else { "Title" };
    let row = |(at, title): (usize, &&str)| {
        let id = at + 1;
        Value::Object(call.selected(json!({ "Id": id, "ID": id, title_member: title })))
    };
    let all = titles.iter().enumerate().skip(from).take(size).map(row).collect();
    let to = from.saturating_add(size);
    Ok(Reply::Many { all, next: (to < titles.len()).then(|| next(call, to)) })
}

fn after(token: &str) -> Option<usize> {
    token.strip_prefix("Paged=TRUE&p_ID=")?.parse().ok()
}

fn next(call: &Call<'_>, to: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("$skiptoken", &format!("Paged=TRUE&p_ID={to}"));
    for (name, value) in call.query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken")) {
        query.append_pair(name, value);
    }
    let target = format!("{}?{}", call.path, query.finish());
    call.world.links.next(call.base, &target, &call.world.elsewhere)
}

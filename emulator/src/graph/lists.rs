//! Lists of a site, libraries included.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    error::Problem,
    page::{Size, page, selected},
    people::object,
    reply::Reply,
};
use crate::files::{List, Site, in_a_path};

const SIZE: Size = Size { default: 200, max: 1000, is_strict: false };

pub(super) fn route(call: &Call<'_>, site: &Site, rest: &[&str]) -> Result<Reply, Problem> {
    let find = |id: &str| {
        let found =
            site.lists.iter().find(|list| list.title == id || list.id.to_string() == id.to_lowercase());
        found.ok_or_else(Problem::no_item)
    };
    match rest {
        [] => {
            let all = site.lists.iter().collect();
            let mut page = page(call, all, SIZE, |list| Value::Object(selected(call, shown(site, list))))?;
            page.insert("@odata.context".to_owned(), json!(call.context("lists")));
            Ok(Reply::members(page))
        }
        [id] => {
            let mut shown = selected(call, shown(site, find(id)?));
            shown.insert("@odata.context".to_owned(), json!(call.context("lists/$entity")));
            Ok(Reply::members(shown))
        }
        [id, "items"] => {
            let list = find(id)?;
            let all = list.rows.iter().enumerate().collect();
            let mut page =
                page(call, all, SIZE, |(at, title)| Value::Object(selected(call, row(at, title))))?;
            page.insert("@odata.context".to_owned(), json!(call.context("listItems")));
            Ok(Reply::members(page))
        }
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

fn shown(site: &Site, list: &List) -> Map<String, Value> {
    let time = site.created.to_rfc3339_opts(SecondsFormat::Secs, true);
    let folder =
        if list.is_library { in_a_path(&list.title) } else { format!("Lists/{}", in_a_path(&list.title)) };
    object(json!({
        "createdDateTime": time,
        "description": "",
        "id": list.id,
        "lastModifiedDateTime": time,
        "name": list.title,
        "webUrl": format!("{}/{folder}", site.url()),
        "displayName": list.title,
        "list": {
            "contentTypesEnabled": false, "hidden": false,
            "template": if list.is_library { "documentLibrary" } else { "genericList" },
        },
    }))
}

/// Rows count from 1, in each list of each tenant.
fn row(at: usize, title: &str) -> Map<String, Value> {
    let id = (at + 1).to_string();
    object(json!({ "id": id, "fields": { "id": id, "Title": title } }))
}

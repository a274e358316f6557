//! Items of a drive: one, its children, its bytes, a search below it.

use poem::http::header;
use serde_json::{Value, json};

use super::{
    call::Call,
    drive_item,
    drives::is_function,
    error::Problem,
    page::{Size, page, selected},
    reply::Reply,
};
use crate::{
    elsewhere,
    files::{Drive, Files, Item, Kind},
};

const CHILDREN: Size = Size { default: 200, max: 1000, is_strict: false };

/// `items/{id}`, `root`, `root:/{path}` and `items/{id}:/{path}`, and what may follow.
pub(super) fn route(call: &Call<'_>, files: &Files, drive: &Drive, rest: &[&str]) -> Result<Reply, Problem> {
    let (item, rest) = addressed(drive, rest)?;
    match rest {
        [] => one(call, files, drive, item),
        ["children"] => children(call, files, drive, item),
        ["content"] => content(call, files, drive, item),
        [function] if is_function(function, "search") => search(call, files, drive, Some(item), function),
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

fn addressed<'a, 'b>(drive: &'a Drive, rest: &'b [&'b str]) -> Result<(&'a Item, &'b [&'b str]), Problem> {
    let (start, rest, by_path) = match rest {
        ["root", rest @ ..] => (drive.root(), rest, false),
        ["root:", rest @ ..] => (drive.root(), rest, true),
        ["items", id, rest @ ..] => {
            let bare = id.trim_end_matches(':');
            let item = if bare == "root" { drive.root() } else { drive.item(bare) };
            (item, rest, id.ends_with(':'))
        }
        [..] => return Err(Problem::no_segment(&rest.join("/"))),
    };
    let start = start.ok_or_else(Problem::no_item)?;
    if !by_path {
        return Ok((start, rest));
    }
    let end = rest.iter().position(|part| part.ends_with(':'));
    let (path, rest) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
    let names = path.iter().map(|name| name.trim_end_matches(':')).filter(|name| !name.is_empty());
    let from = drive.path_of(start);
    let full: Vec<&str> = from.into_iter().chain(names).collect();
    drive.at_path(&full).map(|item| (item, rest)).ok_or_else(Problem::no_item)
}

fn one(call: &Call<'_>, files: &Files, drive: &Drive, item: &Item) -> Result<Reply, Problem> {
    let etag = item.etag();
    if call.header(header::IF_NONE_MATCH.as_str()).is_some_and(|known| known == etag || known == "*") {
        return Ok(Reply::NotModified(etag));
    }
    let mut shown = drive_item::shown(call, files, drive, item);
    match call.option("$expand") {
        None => {}
        Some("children") => {
            let children = drive.children(&item.id).into_iter().take(CHILDREN.default);
            let children = children.map(|child| Value::Object(drive_item::shown(call, files, drive, child)));
            shown.insert("children".to_owned(), children.collect());
        }
        Some(other) => return Err(Problem::invalid(format!("The emulator does not expand '{other}'."))),
    }
    let mut shown = selected(call, shown);
    shown.insert("@odata.context".to_owned(), json!(call.context("drives/items/$entity")));
    Ok(Reply::members(shown))
}

fn children(call: &Call<'_>, files: &Files, drive: &Drive, folder: &Item) -> Result<Reply, Problem> {
    for refused in ["$expand", "$filter"] {
        if call.option(refused).is_some() {
            return Err(Problem::invalid(format!("The emulator does not know {refused} of children.")));
        }
    }
    let mut all = drive.children(&folder.id);
    if let Some(order) = call.option("$orderby") {
        sort(&mut all, drive, order)?;
    }
    list(call, files, drive, all, "children")
}

fn sort(items: &mut [&Item], drive: &Drive, order: &str) -> Result<(), Problem> {
    let (by, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
    match by {
        "name" => {}
        "size" => items.sort_by_key(|item| drive.size_of(item)),
        "lastModifiedDateTime" => items.sort_by_key(|item| item.modified),
        "createdDateTime" => items.sort_by_key(|item| item.created),
        other => return Err(Problem::invalid(format!("Items are not sorted by '{other}'."))),
    }
    match direction.trim() {
        "asc" => Ok(()),
        "desc" => {
            items.reverse();
            Ok(())
        }
        other => Err(Problem::invalid(format!("'{other}' is no direction."))),
    }
}

/// What has the words of `search(q='…')` in its name or its text.
pub(super) fn search(
    call: &Call<'_>,
    files: &Files,
    drive: &Drive,
    folder: Option<&Item>,
    function: &str,
) -> Result<Reply, Problem> {
    let words =
        argument(function, "q").ok_or_else(|| Problem::invalid("Search wants q='…'."))?.to_lowercase();
    let root = drive.root().ok_or_else(Problem::no_item)?;
    let folder = folder.unwrap_or(root);
    let has_words = |item: &&Item| {
        let text = match &item.kind {
            Kind::File(content) => String::from_utf8_lossy(&content.bytes).to_lowercase(),
            Kind::Folder | Kind::Package(_) => String::new(),
        };
        let name = item.name.to_lowercase();
        words.split_whitespace().all(|word| name.contains(word) || text.contains(word))
    };
    let found = drive.present().filter(|item| drive.is_below(item, &folder.id)).filter(has_words).collect();
    list(call, files, drive, found, "search")
}

fn list(
    call: &Call<'_>,
    files: &Files,
    drive: &Drive,
    items: Vec<&Item>,
    what: &str,
) -> Result<Reply, Problem> {
    let is_search = what == "search";
    let mut page = page(call, items, CHILDREN, |item| {
        let mut shown = drive_item::shown(call, files, drive, item);
        if is_search {
            shown.insert("searchResult".to_owned(), json!({}));
        }
        Value::Object(selected(call, shown))
    })?;
    let context = if is_search { "Collection(driveItem)" } else { "drives/items/children" };
    page.insert("@odata.context".to_owned(), json!(call.context(context)));
    Ok(Reply::members(page))
}

/// Where the bytes are. The address is good without a token, for an hour.
fn content(call: &Call<'_>, files: &Files, drive: &Drive, item: &Item) -> Result<Reply, Problem> {
    match &item.kind {
        Kind::File(_) => {
            let right = elsewhere::download_url(call.world, files, drive, item);
            Ok(Reply::Redirect(call.world.links.download(call.base, &right, &call.world.elsewhere)))
        }
        Kind::Folder | Kind::Package(_) => Err(Problem::not_a_file()),
    }
}

/// The text of `name='…'` in a function's parentheses, where two quotes are one.
pub(super) fn argument(function: &str, name: &str) -> Option<String> {
    let inside = function.split_once('(')?.1.strip_suffix(')')?;
    let (known, value) = inside.split_once('=')?;
    let text = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (known.trim() == name).then(|| text.replace("''", "'"))
}

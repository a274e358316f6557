//! Lists: pages of them, and the members that are wanted.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{call::Call, error::Problem};

/// How many a page has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Without `$top`.
    pub(super) default: usize,
    pub(super) max: usize,
    /// Whether more is an error, as of directory objects, or means the most.
    pub(super) is_strict: bool,
}

impl Size {
    /// Of a request.
    pub(super) fn asked(self, call: &Call<'_>) -> Result<usize, Problem> {
        let Some(text) = call.option("$top") else { return Ok(self.default) };
        let wrong = || {
            let Self { max, .. } = self;
            let message =
                format!("Invalid page size specified: '{text}'. Must be between 1 and {max} inclusive.");
            if self.is_strict { Problem::bad_request(message) } else { Problem::invalid(message) }
        };
        let asked = text.parse::<usize>().ok().filter(|asked| *asked > 0).ok_or_else(wrong)?;
        if asked > self.max && self.is_strict { Err(wrong()) } else { Ok(asked.min(self.max)) }
    }
}

/// The page that `$skiptoken` means, of `all` in their order.
pub(super) fn page<T>(
    call: &Call<'_>,
    all: Vec<T>,
    size: Size,
    show: impl FnMut(T) -> Value,
) -> Result<Map<String, Value>, Problem> {
    let (size, count) = (size.asked(call)?, all.len());
    let from = match call.option("$skiptoken") {
        None => 0,
        Some(token) => offset(call, token)?,
    };
    let shown: Vec<Value> = all.into_iter().skip(from).take(size).map(show).collect();
    let next = from.saturating_add(size);
    let mut members = Map::from_iter([("value".to_owned(), Value::Array(shown))]);
    if next < count {
        let link = call.link(&call.path, ("$skiptoken", &token(call, next)), &[]);
        members.insert("@odata.nextLink".to_owned(), json!(link));
    }
    Ok(members)
}

/// Opaque, and good for the path that gave it out only.
fn token(call: &Call<'_>, from: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("Paged=TRUE&p_Offset={from}&{}", call.path))
}

fn offset(call: &Call<'_>, token: &str) -> Result<usize, Problem> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (offset, path) = text.strip_prefix("Paged=TRUE&p_Offset=")?.split_once('&')?;
        offset.parse().ok().filter(|_| path == call.path)
    };
    read().ok_or_else(|| Problem::invalid("The skip token is not one of this list."))
}

/// Only what `$select` names; annotations stay, but for the address of a download.
pub(super) fn selected(call: &Call<'_>, mut shown: Map<String, Value>) -> Map<String, Value> {
    const DOWNLOAD: &str = "@microsoft.graph.downloadUrl";
    if let Some(names) = call.option("$select") {
        let wanted = |known: &str| {
            names.split(',').map(str::trim).any(|name| {
                name.eq_ignore_ascii_case(known) || (known == DOWNLOAD && name == "content.downloadUrl")
            })
        };
        shown.retain(|known, _| wanted(known) || (known.starts_with('@') && known != DOWNLOAD));
    }
    shown
}

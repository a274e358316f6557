//! A drive item as Graph shows it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{call::Call, people::object};
use crate::{
    elsewhere,
    files::{Drive, Files, Item, Kind, in_a_path, quick_xor_hash},
};

pub(super) fn shown(call: &Call<'_>, files: &Files, drive: &Drive, item: &Item) -> Map<String, Value> {
    let mut shown = object(json!({
        "@odata.etag": item.etag(),
        "createdDateTime": time(item.created),
        "eTag": item.etag(),
        "id": item.id,
        "lastModifiedDateTime": time(item.modified),
        "name": item.name,
        "webUrl": web_url(drive, item),
        "size": drive.size_of(item),
        "parentReference": parent(files, drive, item),
        "fileSystemInfo": {
            "createdDateTime": time(item.created), "lastModifiedDateTime": time(item.modified),
        },
    }));
    let mut add = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    match &item.kind {
        Kind::Folder => {
            add("folder", json!({ "childCount": drive.children(&item.id).len() }));
        }
        Kind::Package(kind) => {
            add("package", json!({ "type": kind }));
        }
        Kind::File(content) => {
            let hashes = json!({ "quickXorHash": quick_xor_hash(&content.bytes) });
            add("cTag", json!(item.ctag()));
            add("file", json!({ "mimeType": content.mime, "hashes": hashes }));
            add(
                "@microsoft.graph.downloadUrl",
                json!(elsewhere::download_url(call.world, files, drive, item)),
            );
        }
    }
    if item.parent.is_none() {
        add("root", json!({}));
    }
    shown
}

/// Of an item that is gone there is little left to say.
pub(super) fn deleted(files: &Files, drive: &Drive, item: &Item) -> Map<String, Value> {
    object(json!({
        "id": item.id,
        "deleted": { "state": "deleted" },
        "parentReference": parent(files, drive, item),
    }))
}

fn parent(files: &Files, drive: &Drive, item: &Item) -> Value {
    let mut reference = object(json!({
        "driveType": if drive.owner.is_some() { "business" } else { "documentLibrary" },
        "driveId": drive.id,
    }));
    if let Some(site) = files.site_of(drive) {
        reference.insert("siteId".to_owned(), json!(site.id()));
    }
    if let Some(parent) = &item.parent {
        let mut path = drive.path_of(item);
        path.pop();
        let below = below(&path);
        reference.insert("id".to_owned(), json!(parent));
        reference.insert("name".to_owned(), json!(path.last().unwrap_or(&drive.name.as_str())));
        reference.insert("path".to_owned(), json!(format!("/drives/{}/root:{below}", drive.id)));
    }
    Value::Object(reference)
}

fn web_url(drive: &Drive, item: &Item) -> String {
    format!("{}{}", drive.url, below(&drive.path_of(item)))
}

/// Each name after a slash.
fn below(names: &[&str]) -> String {
    let parts: Vec<String> =
        std::iter::once(String::new()).chain(names.iter().map(|name| in_a_path(name))).collect();
    parts.join("/")
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

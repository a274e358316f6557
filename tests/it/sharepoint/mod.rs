//! SharePoint and OneDrive in the caller's name, against the emulator's Graph.

mod annotations;
mod astray;
mod batch;
mod changes;
mod content;
mod journey;
mod lists;
mod paging;
mod photo;
mod segments;
mod session;
mod upstream;

use serde_json::Value;
use tests::{
    Actor, Response, TestApp,
    emulator::{Endpoint, Seen},
};
use url::form_urlencoded::byte_serialize;

/// Contoso's site "Marketing", and its first library.
pub(crate) const SITE: &str =
    "contoso.sharepoint.com,c0000000-0000-4000-8000-000000001002,c0000000-0000-4000-8000-000000002002";
pub(crate) const DRIVE: &str = "b!AAAAwAAAAECAAAAAAAAQAgAAAMAAAABAgAAAAAAAIAIAAADAAAAAQIAAAAAAADAC";

/// The id of one of the emulator's items, by its key.
pub(crate) fn item(key: &str) -> String {
    format!("01{key:0<32}")
}

/// The path of one of them.
pub(crate) fn path(key: &str) -> String {
    format!("/api/sharepoint/drives/{DRIVE}/items/{}", item(key))
}

/// The `id`s of a page.
fn ids(response: &Response) -> Vec<String> {
    let page = response.at("/data");
    page.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// A path with one more parameter.
fn with(path: &str, name: &str, value: &str) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    format!("{path}{join}{name}={}", byte_serialize(value.as_bytes()).collect::<String>())
}

/// All pages of a list, each of which has to succeed.
async fn pages(actor: &Actor, path: &str) -> Vec<Response> {
    let mut all = vec![actor.get(path).await.expect(200)];
    while let Value::String(cursor) = all.last().expect("there is a first").at("/nextCursor") {
        assert!(all.len() < 20, "the list does not end");
        all.push(actor.get(&with(path, "cursor", &cursor)).await.expect(200));
    }
    all
}

/// What the emulator was asked there.
fn asked(app: &TestApp, endpoint: Endpoint) -> Vec<Seen> {
    app.emulator.seen(endpoint)
}

/// No request to the other host brought a token, or anything else that is ours but who calls.
fn assert_no_token_astray(app: &TestApp, what: &str) {
    for seen in asked(app, Endpoint::Content) {
        for name in ["authorization", "cookie", "client-request-id", "proxy-authorization"] {
            assert_eq!(seen.header(name), None, "{what}: {} {}", seen.method, seen.target);
        }
        assert!(!seen.target.contains("eyJ"), "{what}: {}", seen.target);
    }
}

//! Idempotency keys: a creation may be sent again and happens once.

mod concurrency;
mod lifetime;
mod replay;
mod scope;

use serde_json::{Value, json};
use tests::{Actor, Response, TestApp};

const TAXONOMIES: &str = "/api/taxonomies";
const ANNOTATIONS: &str = "/api/annotations";

/// The same person, sending a key.
fn keyed(actor: &Actor, key: &str) -> Actor {
    actor.with("Idempotency-Key", key)
}

fn id(response: &Response) -> String {
    response.text_at("/data/id")
}

/// Whether the response says that an earlier request made the thing.
fn is_replayed(response: &Response) -> bool {
    response.header("idempotency-replayed") == Some("true")
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}

fn on_item(item: &str) -> Value {
    json!({ "siteId": "site", "driveId": "drive", "itemId": item })
}

async fn keys(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM idempotency_keys").await
}

async fn taxonomies(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM taxonomies").await
}

async fn events(app: &TestApp, name: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) FROM events WHERE name = '{name}'")).await
}

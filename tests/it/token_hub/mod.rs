//! How tokens of connections reach automations: in the compatible form, as JWE, by OAuth 2.0, or not at all.

mod compatible;
mod encrypted;
mod oauth;
mod planted;
mod proxy;

use serde_json::{Value, json};
use tests::{Actor, Browser, Builder, TestApp};

use crate::connections::{builder, connect};

const TOKENS: &str = "/api/external/tokens";
const SCOPES: [&str; 4] = ["connections:read", "proxy:graph", "proxy:sharepoint", "tokens:read"];

/// An API key: as somebody who calls with it, and what was shown once.
struct Key {
    actor: Actor,
    id: String,
    raw: String,
    wire: String,
}

async fn key_of(app: &TestApp, owner: &Actor, more: Value) -> Key {
    let mut body = json!({ "name": "workflow", "scopes": SCOPES });
    let more = more.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
    body.as_object_mut().expect("an object").extend(more);
    let made = owner.post("/api/api-keys", body).await.expect(201);
    let raw = made.text_at("/data/rawKey");
    let (id, wire) = (made.text_at("/data/id"), made.text_at("/data/wireKey"));
    Key { actor: app.token(&raw), id, raw, wire }
}

/// A service in which alex has connected his account, and its id.
async fn connected() -> (TestApp, Browser, String) {
    connected_at(builder()).await
}

async fn connected_at(builder: Builder) -> (TestApp, Browser, String) {
    let app = builder.start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "alex@contoso.com").await;
    (app, browser, id)
}

/// Asks the emulator's Graph who a token is of.
#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
async fn who_is(app: &TestApp, token: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
    let me = client.get(format!("{}/v1.0/me", app.emulator.http_url())).bearer_auth(token);
    let me: Value = me.send().await.expect("Graph answers").json().await.expect("JSON");
    me.pointer("/userPrincipalName").and_then(Value::as_str).expect("somebody").to_owned()
}

//! Connected Microsoft accounts: how they come to be, stay fresh, and are handed out.

mod attacks;
mod connecting;
mod crash;
mod credentials;
mod cycle;
mod devices;
mod expiring;
mod hand_outs;
mod leases;
mod linger;
mod refreshing;
mod refusals;
mod replicas;
mod rotation;
mod schedule;
mod seed;
mod standing;
mod states;

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    Actor, Browser, Builder, Response, TestApp,
    emulator::{Endpoint, TokenRequest, ids},
};

pub(crate) const CONNECT: &str = "/api/oauth/microsoft/start?connect=true";

/// A service whose connections ask for what the emulator has.
pub(crate) fn builder() -> Builder {
    let graph = "User.Read,Files.Read.All,Sites.Read.All";
    TestApp::builder()
        .set("MS_GRAPH_SCOPES", graph)
        .set("MS_SHAREPOINT_SCOPES", "AllSites.Read")
        .set("AZURE_PUBLIC_CLIENT_ID", ids::TENANTRY_APP)
}

/// Tokens that live 75 minutes, the middle of what Entra ID gives: what the clock is moved by has one outcome.
async fn start() -> TestApp {
    let app = builder().start().await;
    app.emulator.set_token_lifetime(75 * 60);
    app
}

/// The id that a browser lands with.
#[track_caller]
fn landed(response: &Response) -> String {
    let address = response.header("location").expect("a place to go");
    let url = url::Url::parse(address).expect("an address");
    let mut ids = url.query_pairs().filter(|(name, _)| name == "connection");
    let (_, id) = ids.next().expect("the browser comes back with a connection");
    id.into_owned()
}

/// Connects an account in a browser that is signed in; gives the connection's id.
pub(crate) async fn connect(browser: &Browser, who: &str) -> String {
    landed(&browser.sign_in_from(CONNECT, who).await.expect(303))
}

/// A browser of alex with his own account connected, and the connection's id.
async fn alex(app: &TestApp) -> (Browser, String) {
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "alex@contoso.com").await;
    (browser, id)
}

fn path(id: &str) -> String {
    format!("/api/connections/{id}")
}

fn token_path(id: &str) -> String {
    format!("/api/connections/{id}/token")
}

async fn status(actor: &Actor, id: &str) -> String {
    actor.get(&path(id)).await.expect(200).text_at("/data/status")
}

/// How often the authority was asked for a token.
fn asked(app: &TestApp) -> u64 {
    app.emulator.requests(Endpoint::Token)
}

/// Waits until the authority was asked so often; it need not have answered.
async fn is_asked(app: &TestApp, times: u64) {
    let asked = async {
        while asked(app) < times {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("the authority is asked");
}

/// Another process takes the leases of all connections, for a minute.
pub(crate) async fn take_lease(app: &TestApp) {
    let owner = if tests::is_postgres() {
        "'00000000-0000-0000-0000-000000000001'::uuid"
    } else {
        "X'00000000000000000000000000000001'"
    };
    let until = (app.clock.peek() + TimeDelta::seconds(60)).to_rfc3339();
    let until = if tests::is_postgres() { format!("'{until}'::timestamptz") } else { format!("'{until}'") };
    let lease = format!("SET owner = {owner}, locked_until = {until} WHERE kind = 'connection.refresh'");
    app.database.execute(&format!("UPDATE jobs {lease}")).await;
}

/// An API key of alex's that may have tokens, as somebody who sends requests.
async fn key(app: &TestApp, more: Value) -> Actor {
    key_of(app, &app.user("alex"), more).await
}

async fn key_of(app: &TestApp, owner: &Actor, more: Value) -> Actor {
    let body = json!({ "name": "workflow", "scopes": ["connections:read", "tokens:read"] });
    let mut body = body.as_object().cloned().unwrap_or_default();
    body.extend(more.as_object().cloned().unwrap_or_default());
    let made = owner.post("/api/api-keys", Value::Object(body)).await.expect(201);
    app.token(&made.text_at("/data/rawKey"))
}

/// A person whose actor has no browser.
fn person(app: &TestApp, name: &str) -> Actor {
    app.bearer(&TokenRequest::user(name))
}

/// Asks the emulator's Graph who a token is of.
#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
async fn who_is(app: &TestApp, token: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
    let me = client.get(format!("{}/v1.0/me", app.emulator.http_url())).bearer_auth(token);
    let me: Value = me.send().await.expect("Graph answers").json().await.expect("JSON");
    me.pointer("/userPrincipalName").and_then(Value::as_str).expect("somebody").to_owned()
}

async fn count(app: &TestApp, what: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) AS n FROM {what}")).await
}

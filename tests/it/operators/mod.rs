//! The service's own staff: who is one, what they may do to organizations, and what stays shut for them.

mod attacks;
mod bodies;
mod health;
mod invitations;
mod secret;
mod staff;
mod tenants;

use std::collections::BTreeMap;

use poem::http::Method;
use serde_json::Value;
use tests::{Actor, Browser, Response, TestApp};

const ME: &str = "/api/auth/me";
const PING: &str = "/api/admin/ping";
const TENANTS: &str = "/api/admin/tenants";
const INVITATIONS: &str = "/api/admin/invitations";
const HEALTH: &str = "/api/admin/health";

/// Somebody who has signed in and was made an operator.
async fn operator(app: &TestApp, who: &str) -> Browser {
    let browser = app.signed_in(who).await;
    let id = browser.get(ME).await.expect(200).text_at("/data/id");
    app.app.operator.appoint(&id, true, &tests::reason("of the tests")).await.expect("they have an account");
    browser
}

/// A request with a body, as a page of the service would send it.
async fn send(by: &Browser, method: Method, path: &str, body: Value) -> Response {
    by.send(method, path, Some(&body)).await
}

async fn post(by: &Browser, path: &str, body: Value) -> Response {
    send(by, Method::POST, path, body).await
}

async fn patch(by: &Browser, path: &str, body: Value) -> Response {
    send(by, Method::PATCH, path, body).await
}

async fn delete(by: &Browser, path: &str) -> Response {
    by.send(Method::DELETE, path, None).await
}

#[track_caller]
fn forbidden(response: &Response) {
    assert_eq!((response.status.as_u16(), response.code().as_str()), (403, "FORBIDDEN"), "{}", response.text);
}

/// The organization of somebody.
async fn org_id(actor: &Actor) -> String {
    actor.get(ME).await.expect(200).text_at("/data/organization/id")
}

/// What was recorded under a name, in whichever organization.
async fn recorded(app: &TestApp, name: &str) -> Vec<Event> {
    let sql = format!("SELECT * FROM events WHERE name = '{name}' ORDER BY created_at, id");
    let rows = app.database.query(&sql).await;
    rows.iter().map(Event::of).collect()
}

/// A row of the record.
#[derive(Debug)]
struct Event {
    org_id: String,
    actor: String,
    request_id: String,
    data: Value,
}

impl Event {
    fn of(row: &BTreeMap<String, Value>) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        // SQLite keeps JSON as text.
        let data = &row["data"];
        let data = data.as_str().map_or(data.clone(), |text| serde_json::from_str(text).expect("JSON"));
        Self { org_id: text("org_id"), actor: text("actor_kind"), request_id: text("request_id"), data }
    }
}

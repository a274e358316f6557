//! From the link that a customer's administrator was sent to a working organization, and back out again.

mod attacks;
mod connecting;
mod importing;
mod inviting;
mod leaving;
mod probing;
mod standing;
pub(crate) mod way;

use serde_json::{Value, json};
use tests::{Response, TestApp};

pub(crate) const ME: &str = "/api/auth/me";
pub(crate) const STATUS: &str = "/api/onboarding/status";

/// A service that takes tenants with consent only.
pub(crate) async fn consented() -> TestApp {
    TestApp::builder().set("TENANT_POLICY", "consented").start().await
}

/// A service on an emulator where nobody of Contoso has consented.
pub(crate) async fn before_consent() -> TestApp {
    let app = consented().await;
    let consent =
        tests::emulator::Consent { tenant: "contoso".to_owned(), remove: true, ..Default::default() };
    app.emulator.consent(&consent).expect("the tenant is there");
    app
}

/// Has the jobs done that are due.
pub(crate) async fn work(app: &TestApp) {
    app.app.worker().turn().await.expect("the jobs are done");
}

/// How the outcome stands.
#[track_caller]
pub(crate) fn outcome(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text);
    response.text_at("/data/outcome")
}

/// The names of events, oldest first.
pub(crate) async fn events(app: &TestApp, like: &str) -> Vec<String> {
    let sql = format!("SELECT name FROM events WHERE name LIKE '{like}' ORDER BY created_at");
    app.database.query(&sql).await.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
}

pub(crate) async fn organizations(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) AS n FROM organizations").await
}

/// The state as the database has it.
pub(crate) async fn consent_of(app: &TestApp, tenant: &str) -> Value {
    let rows = app.database.query("SELECT origin_key, consent FROM organizations").await;
    let found = rows.iter().find(|row| row["origin_key"] == json!(format!("entra:{tenant}")));
    found.map(|row| row["consent"].clone()).unwrap_or_default()
}

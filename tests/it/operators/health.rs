//! How the service is, for operators.

use chrono::TimeDelta;
use emulator::{Endpoint, Fault};
use serde_json::{Value, json};
use tests::{Response, TestApp, emulator};

use super::{HEALTH, operator};

fn finding(health: &Response, name: &str) -> Value {
    let found = health.at("/findings");
    let found =
        found.as_array().and_then(|all| all.iter().find(|finding| finding["name"] == json!(name)).cloned());
    assert!(found.is_some(), "{name} was not looked at: {}", health.text);
    found.unwrap_or_default()
}

#[tokio::test]
async fn what_the_service_needs_is_looked_at_and_remembered_for_some_seconds() {
    let app = TestApp::start().await;
    let operator = operator(&app, "adele@contoso.com").await;
    let health = operator.get(HEALTH).await.expect(200);
    for name in ["database", "signing keys", "revocation", "authority", "redis"] {
        assert_eq!(finding(&health, name)["state"], json!("ok"), "{name}: {}", health.text);
    }
    assert_eq!(health.text_at("/version"), env!("CARGO_PKG_VERSION"));
    let started_at: chrono::DateTime<chrono::Utc> = health.text_at("/startedAt").parse().expect("RFC 3339");
    assert!(started_at <= app.clock.peek());
    for secret in
        [emulator::ids::TENANTRY_SECRET, app.settings["TOKEN_KEY"].as_str(), "postgres://", "sqlite://"]
    {
        assert!(!health.text.contains(secret), "{}", health.text);
    }
    app.emulator.set_fault(Fault::status(Endpoint::Metadata, 503));
    let remembered = operator.get(HEALTH).await.expect(200);
    assert_eq!(finding(&remembered, "authority"), finding(&health, "authority"));
    app.advance(TimeDelta::seconds(16));
    let authority = finding(&operator.get(HEALTH).await.expect(200), "authority");
    assert_eq!(authority["state"], json!("error"), "{authority}");
    assert!(authority["fix"].as_str().is_some_and(|fix| fix.contains("AZURE_AUTHORITY_HOST")), "{authority}");
}

#[tokio::test]
async fn what_is_due_is_counted_and_what_nobody_does_is_late() {
    let app = TestApp::start().await;
    let operator = operator(&app, "adele@contoso.com").await;
    let jobs = async || operator.get(HEALTH).await.expect(200).at("/jobs");
    assert_eq!(jobs().await, json!({ "due": 0, "late": 0 }));
    app.user("adele").post("/api/organization/import-users", json!({})).await.expect(200);
    assert_eq!(jobs().await, json!({ "due": 1, "late": 0 }));
    app.advance(TimeDelta::minutes(6));
    assert_eq!(jobs().await["late"], json!(1));
    crate::onboarding::work(&app).await;
    assert_eq!(jobs().await["late"], json!(0));
}

/// When the database is what is wrong, an operator looks at this first.
#[tokio::test]
async fn what_was_found_is_told_though_jobs_cannot_be_counted() {
    let app = TestApp::start().await;
    let operator = operator(&app, "adele@contoso.com").await;
    app.database.execute("ALTER TABLE jobs RENAME TO elsewhere").await;
    let health = operator.get(HEALTH).await.expect(200);
    app.database.execute("ALTER TABLE elsewhere RENAME TO jobs").await;
    assert_eq!(health.at("/jobs"), Value::Null);
    assert_eq!(finding(&health, "authority")["state"], json!("ok"));
}

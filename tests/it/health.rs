//! Whether the service lives, and whether it can do its work.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp, TestClock,
    emulator::{Endpoint, Fault},
};

#[tokio::test]
async fn a_process_that_lives_says_so_to_anybody() {
    let app = TestApp::builder().without_keys().start().await;
    let alive = app.anonymous().get("/healthz").await.expect(200);
    assert_eq!(alive.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn a_service_that_has_all_it_needs_is_ready() {
    let app = TestApp::start().await;
    let ready = app.anonymous().get("/readyz").await.expect(200);
    let ok = json!({ "status": "ok" });
    let checks = json!({ "database": ok, "signingKeys": ok, "revocation": ok });
    assert_eq!(ready.json(), json!({ "status": "ready", "checks": checks }));
}

#[tokio::test]
async fn a_service_that_never_reached_the_authority_is_not_ready_until_it_does() {
    let clock = TestClock::new();
    let emulator = TestApp::emulator_on(&clock).await;
    emulator.set_fault(Fault::status(Endpoint::All, 503));
    let app = TestApp::builder().emulator(std::sync::Arc::clone(&emulator)).start().await;
    let not_ready = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(not_ready.at("/status"), json!("not ready"));
    assert_eq!(not_ready.at("/checks/signingKeys/status"), json!("failed"));
    let reason = not_ready.text_at("/checks/signingKeys/reason");
    assert!(reason.contains("signing keys have not been fetched yet"), "{reason}");
    assert_eq!(not_ready.at("/checks/database"), json!({ "status": "ok" }));
    app.anonymous().get("/healthz").await.expect(200);

    emulator.clear_faults();
    app.advance(TimeDelta::minutes(10));
    app.app.turn_background().await.unwrap();
    app.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test]
async fn old_keys_serve_for_a_day_after_the_authority_went_away() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::All, 503));
    app.advance(TimeDelta::hours(14));
    app.app.turn_background().await.unwrap();
    let worn = app.anonymous().get("/readyz").await.expect(200);
    assert_eq!(worn.at("/status"), json!("ready"));
    assert_eq!(worn.at("/checks/signingKeys/status"), json!("degraded"));
    let reason = worn.text_at("/checks/signingKeys/reason");
    assert!(reason.contains("the authority does not answer"), "{reason}");

    app.advance(TimeDelta::hours(11));
    app.app.turn_background().await.unwrap();
    let expired = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(expired.at("/checks/signingKeys/status"), json!("failed"));
    let reason = expired.text_at("/checks/signingKeys/reason");
    assert!(reason.contains("its keys are too old"), "{reason}");
}

#[tokio::test]
async fn a_service_that_hears_of_no_revocations_is_ready_and_says_so() {
    let app = TestApp::start().await;
    app.advance(TimeDelta::seconds(2));
    let worn = app.anonymous().get("/readyz").await.expect(200);
    assert_eq!(worn.at("/checks/revocation/status"), json!("degraded"));
    let reason = worn.text_at("/checks/revocation/reason");
    assert_eq!(reason, "revocations are not heard of; each request asks the database");
}

#[tokio::test]
async fn what_the_reasons_say_is_for_strangers_too() {
    let app = TestApp::builder().without_keys().start().await;
    let text = app.anonymous().get("/readyz").await.expect(503).text;
    for secret in [app.database.url.as_str(), app.emulator.http_url()] {
        assert!(!text.contains(secret), "{text}");
    }
}

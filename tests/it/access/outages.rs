//! The service while the authority is down.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    Response, TestApp, TestClock,
    emulator::{Endpoint, Fault, FaultKind},
};

use super::support::ME;

fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.text);
    assert_eq!(response.code(), "UNAVAILABLE");
    let seconds: u64 = response.header("retry-after").expect("a time to wait").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(response.header("www-authenticate"), None);
}

#[tokio::test]
async fn the_service_starts_while_the_authority_is_down_says_so_and_recovers_by_itself() {
    for fault in [
        Fault::status(Endpoint::All, 503),
        Fault::new(Endpoint::Metadata, FaultKind::Garbage),
        Fault::new(Endpoint::Keys, FaultKind::Empty),
        Fault::new(Endpoint::Keys, FaultKind::Close),
        Fault::new(Endpoint::All, FaultKind::Throttle),
    ] {
        let authority_clock = TestClock::new();
        let emulator = TestApp::emulator_on(&authority_clock).await;
        emulator.set_fault(fault.clone());
        let app = TestApp::builder().emulator(emulator).start().await;
        let ready = app.anonymous().get("/readyz").await.expect(503);
        assert_eq!(ready.at("/checks/signingKeys/status"), json!("failed"), "{fault:?}");
        assert!(ready.text_at("/checks/signingKeys/reason").contains("not been fetched yet"));
        app.anonymous().get("/healthz").await.expect(200);
        assert_unavailable(&app.user("alex").get(ME).await);
        app.anonymous().get("/readyz").await.expect(503);
        app.emulator.clear_faults();
        authority_clock.advance(TimeDelta::seconds(2));
        app.advance(TimeDelta::seconds(2));
        app.user("alex").get(ME).await.expect(200);
        let ready = app.anonymous().get("/readyz").await.expect(200);
        assert_eq!(ready.at("/checks/signingKeys/status"), json!("ok"), "{fault:?}");
    }
}

#[tokio::test]
async fn requests_do_not_hammer_an_authority_that_is_down() {
    let app = TestApp::builder().without_keys().start().await;
    app.emulator.set_fault(Fault::status(Endpoint::All, 503));
    for _ in 0..50 {
        assert_unavailable(&app.user("alex").get(ME).await);
    }
    let asked = app.emulator.requests(Endpoint::All);
    assert!(asked <= 4, "{asked} requests within a second");
}

#[tokio::test]
async fn known_keys_serve_for_a_day_while_the_authority_is_down_and_no_longer() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::All, 503));
    app.advance(TimeDelta::hours(23));
    app.app.turn_background().await.expect("the background turns");
    app.user("alex").get(ME).await.expect(200);
    let ready = app.anonymous().get("/readyz").await.expect(200);
    assert_eq!(ready.at("/checks/signingKeys/status"), json!("degraded"));
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::minutes(61));
    app.app.turn_background().await.expect("the background turns");
    assert_unavailable(&app.user("lee").get(ME).await);
    assert_unavailable(&app.user("alex").get(ME).await);
    let ready = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(ready.at("/checks/signingKeys/status"), json!("failed"));
    app.emulator.clear_faults();
    app.advance(TimeDelta::minutes(2));
    app.user("alex").get(ME).await.expect(200);
    app.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test]
async fn a_remembered_token_does_not_outlive_the_trust_in_its_key() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::All, 503));
    app.advance(TimeDelta::hours(23) + TimeDelta::minutes(50));
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::minutes(11));
    assert_unavailable(&alex.get(ME).await);
}

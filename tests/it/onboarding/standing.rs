//! Consent that is taken back takes everybody's way in: tokens, sessions and keys alike, on every replica.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    Actor, Browser, Response, TestApp,
    emulator::{Consent, ids},
};

use super::{ME, consent_of, consented, outcome, way::Way, work};
use crate::connections::{builder, connect};

const SITES: &str = "/api/sharepoint/sites?search=marketing";
const CHECK: &str = "/api/onboarding/check";

fn consent_removed() -> Consent {
    Consent { tenant: "contoso".to_owned(), remove: true, ..Default::default() }
}

#[track_caller]
fn not_onboarded(response: &Response) {
    assert_eq!((response.status.as_u16(), response.code().as_str()), (403, "TENANT_NOT_ONBOARDED"));
    assert!(response.text_at("/error/details/consentUrl").ends_with(&format!("?tenant={}", ids::CONTOSO)));
}

/// Somebody with a session, and a key.
async fn inside(app: &TestApp) -> (Browser, Actor) {
    let adele = app.user("adele");
    adele.get(ME).await.expect(200);
    let key = adele.post("/api/api-keys", json!({ "name": "workflow" })).await.expect(201);
    let (browser, key) = (app.signed_in("alex@contoso.com").await, app.token(&key.text_at("/data/rawKey")));
    browser.get(ME).await.expect(200);
    key.get(ME).await.expect(200);
    (browser, key)
}

/// Consent is taken back, and that is found: an administrator has the tenant looked at.
async fn taken_back(app: &TestApp) {
    app.emulator.consent(&consent_removed()).expect("the tenant is there");
    app.advance(TimeDelta::minutes(2));
    app.user("adele").post(CHECK, json!({})).await.expect(200);
    work(app).await;
    assert_eq!(consent_of(app, ids::CONTOSO).await, json!("revoked"));
}

/// Consent is given, as at first.
async fn given(app: &TestApp) {
    assert_eq!(outcome(&Way::new(app).connect("", "adele@contoso.com").await), "connected");
}

#[tokio::test]
async fn consent_that_is_gone_shuts_sessions_and_keys_out_and_lets_them_in_again() {
    let app = consented().await;
    given(&app).await;
    let (browser, key) = inside(&app).await;
    let replica = app.replica().await;
    let key_there = replica.token(key.token.as_deref().unwrap());
    key_there.get(ME).await.expect(200);

    taken_back(&app).await;
    not_onboarded(&browser.get(ME).await);
    not_onboarded(&key.get(ME).await);
    not_onboarded(&browser.post("/api/auth/refresh").await);
    replica.app.turn_background().await.expect("the background turns");
    not_onboarded(&key_there.get(ME).await);

    given(&app).await;
    browser.get(ME).await.expect(200);
    browser.post("/api/auth/refresh").await.expect(200);
    key.get(ME).await.expect(200);
    replica.app.turn_background().await.expect("the background turns");
    key_there.get(ME).await.expect(200);
}

/// A replica that hears of nothing asks the table within a second.
#[tokio::test]
async fn a_replica_that_was_told_nothing_refuses_after_a_second() {
    let app = consented().await;
    given(&app).await;
    let (_, key) = inside(&app).await;
    let replica = app.replica().await;
    let key_there = replica.token(key.token.as_deref().unwrap());
    key_there.get(ME).await.expect(200);
    taken_back(&app).await;
    app.advance(TimeDelta::milliseconds(1_100));
    not_onboarded(&key_there.get(ME).await);
}

#[tokio::test]
async fn where_consent_is_not_asked_for_its_end_shuts_nobody_out() {
    let app = TestApp::start().await;
    given(&app).await;
    let (browser, key) = inside(&app).await;
    taken_back(&app).await;
    browser.get(ME).await.expect(200);
    key.get(ME).await.expect(200);
}

/// Nobody looks at the tenant by hand: what somebody asks for in a session is refused for want of consent.
#[tokio::test]
async fn that_consent_is_gone_is_noticed_by_what_is_asked_for_in_a_session() {
    let app = builder().start().await;
    given(&app).await;
    let alex = app.signed_in("alex@contoso.com").await;
    let connection = connect(&alex, "alex@contoso.com").await;
    app.emulator.consent(&consent_removed()).expect("the tenant is there");
    app.advance(TimeDelta::hours(2));
    alex.post("/api/auth/refresh").await.expect(200);
    let refused = alex.get(SITES).await.expect(409);
    assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
    assert_eq!(refused.text_at("/error/details/connectionId"), connection);
    assert_eq!(refused.text_at("/error/details/status"), "CONSENT_REQUIRED");
    let link = refused.text_at("/error/details/consentUrl");
    assert!(link.ends_with(&format!("/api/onboarding/start?tenant={}", ids::CONTOSO)), "{link}");
    let handed = alex.get(&format!("/api/connections/{connection}/token")).await.expect(409);
    assert_eq!(handed.text_at("/error/details/consentUrl"), link, "a token is refused with it, too");
    work(&app).await;
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("revoked"));
}

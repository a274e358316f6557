//! How far a refusal reaches: to the question, to the connection, or to its grant.

use chrono::TimeDelta;
use serde_json::json;
use tests::emulator::{Endpoint, Fault};

use super::{alex, asked, connect, count, path, person, start, status, token_path};

const GRANTS: &str = "connections WHERE refresh_token IS NOT NULL";

fn of(id: &str, resource: &str) -> String {
    format!("{}?resource={resource}", token_path(id))
}

#[tokio::test]
async fn a_reason_that_nobody_listed_keeps_the_grant_and_is_looked_at_again() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 123_456));
    let refused = person(&app, "alex").get(&token_path(&id)).await.expect(409);
    assert_eq!(refused.at("/error/details/reason"), json!("unexplained"));
    assert_eq!(refused.at("/error/details/status"), json!("REAUTH_REQUIRED"));
    assert_eq!(count(&app, GRANTS).await, 1);
    app.emulator.clear_faults();
    app.clock.advance(TimeDelta::hours(25));
    app.app.worker().turn().await.unwrap();
    let alex = person(&app, "alex");
    assert_eq!(status(&alex, &id).await, "ACTIVE", "it was mended at Microsoft");
    alex.get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn a_personal_account_that_did_not_consent_to_a_scope_stays_connected() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "pat@outlook.com").await;
    app.clock.advance(TimeDelta::hours(2));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 70_000));
    let alex = person(&app, "alex");
    let refused = alex.get(&format!("{}?scope=Mail.Send", token_path(&id))).await.expect(409);
    assert_eq!(refused.at("/error/details/reason"), json!("consent_required"));
    assert_eq!(status(&alex, &id).await, "ACTIVE");
    app.emulator.clear_faults();
    alex.get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn what_is_refused_of_an_odd_resource_says_nothing_about_the_connection() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let alex = person(&app, "alex");
    let graph = alex.get(&token_path(&id)).await.expect(200).at("/data");
    for (error, code, reason) in [
        ("invalid_grant", 50_105, "not_assigned"),
        ("access_denied", 123_456, "unexplained"),
        ("unauthorized_client", 700_016, "application_unknown"),
        ("unauthorized_client", 7_000_112, "application_disabled"),
        ("invalid_grant", 70_043, "sign_in_frequency"),
        ("invalid_grant", 123_456, "unexplained"),
    ] {
        app.emulator.set_fault(Fault::refuse(error, code));
        let resource = format!("api://hr-{error}-{code}");
        let refused = alex.get(&of(&id, &resource)).await.expect(409);
        assert_eq!(refused.at("/error/details/reason"), json!(reason), "{code}");
        let before = asked(&app);
        alex.get(&of(&id, &resource)).await.expect(409);
        assert_eq!(asked(&app), before, "{code}: it is remembered");
        app.emulator.clear_faults();
        assert_eq!(status(&alex, &id).await, "ACTIVE", "{code}");
        assert_eq!(alex.get(&token_path(&id)).await.expect(200).at("/data"), graph, "{code}");
    }
    // A lock passes by itself.
    app.emulator.set_fault(Fault::refuse("invalid_grant", 50_053));
    alex.get(&of(&id, "api://locked")).await.expect(503);
    assert_eq!(status(&alex, &id).await, "ACTIVE");
    app.emulator.clear_faults();
    app.clock.advance(TimeDelta::minutes(6));
    // What is about the person is, whatever was asked for.
    let alex = person(&app, "alex");
    app.emulator.set_fault(Fault::refuse("invalid_grant", 50_173));
    alex.get(&of(&id, "api://hr")).await.expect(409);
    assert_eq!(status(&alex, &id).await, "REVOKED");
}

#[tokio::test]
async fn a_connection_in_trouble_is_not_asked_about_by_every_request_for_another_resource() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    let alex = person(&app, "alex");
    for (error, code, reason, times) in [
        ("invalid_grant", 50_133, "password_changed", 0),
        ("invalid_grant", 70_043, "sign_in_frequency", 0),
        ("unauthorized_client", 700_016, "application_unknown", 0),
        ("invalid_grant", 50_076, "interaction_required", 1),
        ("invalid_grant", 65_001, "consent_required", 1),
        ("invalid_grant", 53_003, "blocked_by_policy", 0),
    ] {
        app.emulator.clear_faults();
        app.emulator.set_fault(Fault::refuse(error, code));
        alex.post(&format!("{}/refresh", path(&id)), json!({})).await.expect(200);
        let shown = alex.get(&path(&id)).await.at("/data/reason");
        assert_eq!(shown, json!(reason), "{code}");
        let before = asked(&app);
        for _ in 0..4 {
            alex.get(&of(&id, "sharepoint")).await.expect(409);
        }
        assert_eq!(asked(&app) - before, times, "{code}");
    }
}

#[tokio::test]
async fn a_refusal_is_forgotten_on_every_replica_when_the_account_is_connected_anew() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let replica = app.replica().await;
    app.clock.advance(TimeDelta::hours(2));
    let there = person(&replica, "alex");
    app.emulator.set_fault(Fault::refuse("invalid_grant", 65_001).suberror("consent_required"));
    there.get(&of(&id, "sharepoint")).await.expect(409);
    app.emulator.clear_faults();
    there.get(&of(&id, "sharepoint")).await.expect(409);
    browser.sign_in("alex@contoso.com").await.expect(303);
    connect(&browser, "alex@contoso.com").await;
    replica.app.turn_background().await.unwrap();
    there.get(&of(&id, "sharepoint")).await.expect(200);
}

#[tokio::test]
async fn what_was_never_sent_counts_for_no_connection() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let mut ids = Vec::new();
    for who in [
        "alex@contoso.com",
        "megan@fabrikam.com",
        "adele@contoso.com",
        "nestor@fabrikam.com",
        "pat@outlook.com",
    ] {
        ids.push(connect(&browser, who).await);
    }
    app.clock.advance(TimeDelta::hours(2));
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    let alex = person(&app, "alex");
    for _ in 0..3 {
        for id in &ids {
            alex.get(&token_path(id)).await.expect(503);
        }
        app.clock.advance(TimeDelta::seconds(4));
    }
    assert_eq!(count(&app, "connections WHERE failures = 1").await, 5, "each was asked about once");
}

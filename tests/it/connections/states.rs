//! What Microsoft's refusals do to a connection, and what does nothing to it.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault, FaultKind},
};

use super::{alex, asked, connect, count, path, person, start, status, token_path};
use crate::identity::parameter;

/// A service in which alex's connection has no token that lasts.
async fn expired() -> (TestApp, String) {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    (app, id)
}

fn refusing(error: &str, code: u32, suberror: Option<&str>) -> Fault {
    let fault = Fault::refuse(error, code);
    match suberror {
        Some(suberror) => fault.suberror(suberror),
        None => fault,
    }
}

#[tokio::test]
async fn each_class_moves_a_connection_to_its_state_with_its_next_step() {
    let (app, id) = expired().await;
    let alex = person(&app, "alex");
    for (error, code, suberror, state, reason, can_reconnect) in [
        ("invalid_grant", 65_001, Some("consent_required"), "CONSENT_REQUIRED", "consent_required", true),
        ("invalid_grant", 50_076, Some("basic_action"), "REAUTH_REQUIRED", "interaction_required", true),
        ("interaction_required", 50_079, None, "REAUTH_REQUIRED", "interaction_required", true),
        ("invalid_grant", 53_000, Some("additional_action"), "REAUTH_REQUIRED", "remedy_required", true),
        ("invalid_grant", 70_043, None, "REAUTH_REQUIRED", "sign_in_frequency", true),
        ("invalid_grant", 50_055, Some("user_password_expired"), "REAUTH_REQUIRED", "password_changed", true),
        ("invalid_grant", 53_003, Some("message_only"), "BLOCKED", "blocked_by_policy", false),
        ("invalid_grant", 50_105, None, "BLOCKED", "not_assigned", false),
        ("invalid_grant", 50_057, None, "DISABLED", "account_disabled", false),
        ("invalid_grant", 50_034, None, "DISABLED", "account_gone", true),
        ("unauthorized_client", 700_016, None, "CONSENT_REQUIRED", "application_unknown", true),
        ("unauthorized_client", 7_000_112, None, "BLOCKED", "application_disabled", false),
        ("invalid_grant", 700_082, None, "REVOKED", "revoked", true),
    ] {
        app.emulator.set_fault(refusing(error, code, suberror));
        let shown = alex.post(&format!("{}/refresh", path(&id)), json!({})).await.expect(200);
        app.emulator.clear_faults();
        assert_eq!(shown.at("/data/status"), json!(state), "{code}");
        assert_eq!(shown.at("/data/reason"), json!(reason), "{code}");
        assert_eq!(shown.at("/data/canReconnect"), json!(can_reconnect), "{code}");
        assert!(shown.text_at("/data/nextStep").ends_with('.'), "{code}");
        let needs_consent = state == "CONSENT_REQUIRED";
        assert_eq!(shown.at("/data/consentUrl").is_string(), needs_consent, "{code}");
        // Whoever wants a token is told the same, and Microsoft is not asked for it.
        let before = asked(&app);
        let refused = alex.get(&token_path(&id)).await.expect(409);
        assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
        assert_eq!(refused.at("/error/details/status"), json!(state), "{code}");
        assert_eq!(refused.at("/error/details/nextStep"), shown.at("/data/nextStep"));
        assert_eq!(asked(&app), before, "{code}");
    }
    assert_eq!(count(&app, "connections WHERE refresh_token IS NULL").await, 1, "it is of no more use");
    // Only signing in mends that.
    alex.post(&format!("{}/refresh", path(&id)), json!({})).await.expect(200);
    assert_eq!(status(&alex, &id).await, "REVOKED");
    let browser = app.signed_in("alex@contoso.com").await;
    assert_eq!(connect(&browser, "alex@contoso.com").await, id);
    assert_eq!(status(&alex, &id).await, "ACTIVE");
    browser.get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn what_says_nothing_about_a_person_changes_nobodys_state() {
    let (app, id) = expired().await;
    let token = Endpoint::Token;
    for (name, fault, code) in [
        ("a server error", Fault::status(token, 500), 503),
        ("an outage", Fault::status(token, 503), 503),
        ("a page", Fault::new(token, FaultKind::Html), 503),
        ("a page that is no error", Fault { status: Some(200), ..Fault::new(token, FaultKind::Html) }, 503),
        ("a refusal that is a page", Fault { status: Some(400), ..Fault::new(token, FaultKind::Html) }, 503),
        ("half an answer", Fault::new(token, FaultKind::Garbage), 503),
        ("nothing", Fault::new(token, FaultKind::Empty), 503),
        ("a lost connection", Fault::new(token, FaultKind::Close), 503),
        ("a redirect", Fault::new(token, FaultKind::Redirect).location("http://localhost:1/"), 503),
        ("throttling", Fault::new(token, FaultKind::Throttle), 503),
        ("a loop", Fault::refuse("invalid_grant", 50_196), 503),
        ("an outage in OAuth's words", Fault::refuse("temporarily_unavailable", 90_033), 503),
        ("our secret", Fault::refuse("invalid_client", 7_000_215), 503),
        ("our expired secret", Fault::refuse("invalid_client", 7_000_222), 503),
        ("our assertion", Fault::refuse("invalid_client", 700_027), 503),
    ] {
        app.clock.advance(TimeDelta::hours(2));
        let alex = person(&app, "alex");
        app.emulator.set_fault(fault);
        let refused = alex.get(&token_path(&id)).await;
        assert_eq!(refused.status.as_u16(), code, "{name}: {}", refused.text);
        assert_eq!(status(&alex, &id).await, "ACTIVE", "{name}");
        let events = count(&app, "events WHERE name = 'connection.status.changed'").await;
        assert_eq!(events, 0, "{name}");
        app.emulator.clear_faults();
        app.clock.advance(TimeDelta::minutes(3));
        person(&app, "alex").get(&token_path(&id)).await.expect(200);
    }
}

#[tokio::test]
async fn an_authority_that_takes_too_long_is_not_waited_for() {
    let (app, id) = expired().await;
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_secs(30)));
    let alex = person(&app, "alex");
    let refused = alex.get(&token_path(&id)).await.expect(503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(status(&alex, &id).await, "ACTIVE");
}

#[tokio::test]
async fn a_refused_registration_is_told_to_whoever_asks_and_marks_nobody() {
    let (app, id) = expired().await;
    app.emulator.set_fault(Fault::refuse("invalid_client", 7_000_215));
    let alex = person(&app, "alex");
    let refused = alex.get(&token_path(&id)).await.expect(503);
    assert_eq!(refused.code(), "OAUTH_NOT_CONFIGURED");
    assert_eq!(refused.at("/error/details/status"), json!("CONFIG_ERROR"));
    assert!(refused.text_at("/error/details/nextStep").contains("registration"));
    assert_eq!(status(&alex, &id).await, "ACTIVE");
}

#[tokio::test]
async fn retry_after_is_kept_and_nobody_asks_meanwhile() {
    let (app, id) = expired().await;
    let throttle = Fault {
        retry_after: Some(tests::emulator::RetryAfter::seconds(90)),
        ..Fault::new(Endpoint::Token, FaultKind::Throttle)
    };
    app.emulator.set_fault(throttle.times(1));
    let refused = person(&app, "alex").get(&token_path(&id)).await.expect(503);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((85..=90).contains(&wait), "{wait}");
    let before = asked(&app);
    let replica = app.replica().await;
    for app in [&app, &replica] {
        person(app, "alex").get(&token_path(&id)).await.expect(503);
    }
    assert_eq!(asked(&app), before, "the pause is everybody's");
    app.clock.advance(TimeDelta::seconds(91));
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn an_authority_that_is_down_is_left_alone_after_a_few_failures() {
    let app = start().await;
    let mut ids = Vec::new();
    let browser = app.signed_in("alex@contoso.com").await;
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
    for id in &ids {
        alex.get(&token_path(id)).await.expect(503);
    }
    let before = asked(&app);
    // The pauses of the connections are over, that of the authority is not.
    app.clock.advance(TimeDelta::seconds(10));
    for id in &ids {
        alex.get(&token_path(id)).await.expect(503);
    }
    assert_eq!(asked(&app), before);
    app.emulator.clear_faults();
    app.clock.advance(TimeDelta::minutes(1));
    for id in &ids {
        alex.get(&token_path(id)).await.expect(200);
    }
}

#[tokio::test]
async fn the_claims_of_a_refusal_are_passed_on_by_the_reconnect_link() {
    let (app, id) = expired().await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c7"}}}"#;
    app.emulator
        .set_fault(Fault::refuse("invalid_grant", 50_076).suberror("basic_action").claims(claims).times(1));
    let refused = person(&app, "alex").get(&token_path(&id)).await.expect(409);
    assert_eq!(refused.at("/error/details/claims"), json!(claims));
    let browser = app.signed_in("alex@contoso.com").await;
    let link = browser.post(&format!("{}/reconnect-link", path(&id))).await.expect(200);
    let url = url::Url::parse(&link.text_at("/data/url")).unwrap();
    let departed = browser.get(&format!("{}?{}", url.path(), url.query().unwrap())).await.expect(303);
    assert_eq!(parameter(&departed, "claims").as_deref(), Some(claims));
    // Those of a resource go before them.
    let other = r#"{"access_token":{"nbf":{"essential":true,"value":"1767268800"}}}"#;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("claims", other).finish();
    let link = browser.post(&format!("{}/reconnect-link?{query}", path(&id))).await.expect(200);
    let url = url::Url::parse(&link.text_at("/data/url")).unwrap();
    let departed = browser.get(&format!("{}?{}", url.path(), url.query().unwrap())).await.expect(303);
    assert_eq!(parameter(&departed, "claims").as_deref(), Some(other));
}

#[tokio::test]
async fn a_policy_for_one_resource_leaves_the_others_alone() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.emulator.add_policy(tests::emulator::AccessPolicy::mfa("SharePoint"));
    app.clock.advance(TimeDelta::hours(2));
    let alex = person(&app, "alex");
    let refused = alex.get(&format!("{}?resource=sharepoint", token_path(&id))).await.expect(409);
    assert_eq!(refused.at("/error/details/status"), json!("REAUTH_REQUIRED"));
    assert!(refused.at("/error/details/claims").is_string());
    assert_eq!(status(&alex, &id).await, "ACTIVE");
    alex.get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn what_was_mended_at_microsoft_mends_the_connection_by_itself() {
    let (app, id) = expired().await;
    app.emulator
        .update_user("alex", tests::emulator::UserPatch { enabled: Some(false), ..Default::default() })
        .unwrap();
    let adele = person(&app, "adele");
    adele.get(&token_path(&id)).await.expect(409);
    assert_eq!(status(&adele, &id).await, "DISABLED");
    app.emulator
        .update_user("alex", tests::emulator::UserPatch { enabled: Some(true), ..Default::default() })
        .unwrap();
    app.clock.advance(TimeDelta::hours(25));
    app.app.worker().turn().await.unwrap();
    let adele = person(&app, "adele");
    assert_eq!(status(&adele, &id).await, "ACTIVE");
    adele.get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, "events WHERE name = 'connection.status.changed'").await, 2);
}

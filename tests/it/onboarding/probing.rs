//! What happens in the tenant after it was connected is found: once a day, when somebody asks, and when something is
//! refused in use.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{AppPatch, Consent, Endpoint, Fault, ids},
};

use super::{ME, STATUS, consent_of, consented, events, outcome, way::Way, work};

async fn connected() -> TestApp {
    let app = consented().await;
    assert_eq!(outcome(&Way::new(&app).connect("", "adele@contoso.com").await), "connected");
    app
}

fn remove(tenant: &str) -> Consent {
    Consent { tenant: tenant.to_owned(), remove: true, ..Default::default() }
}

fn roles(roles: &[&str]) -> Consent {
    Consent {
        tenant: "contoso".to_owned(),
        app: Some("Microsoft Graph".to_owned()),
        principal: Some("Tenantry".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..Default::default()
    }
}

async fn a_day_later(app: &TestApp) {
    app.advance(TimeDelta::hours(24));
    work(app).await;
}

#[tokio::test]
async fn consent_that_was_removed_is_found_and_given_again_it_counts_again() {
    let app = connected().await;
    app.emulator.consent(&remove("contoso")).unwrap();
    app.user("megan").get(ME).await.expect(403);
    a_day_later(&app).await;
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("revoked"));
    // Deleted and added again, the application is another object in the tenant.
    let again = Consent { tenant: "contoso".to_owned(), ..Default::default() };
    app.emulator.consent(&again).unwrap();
    app.emulator.consent(&roles(&["Organization.Read.All", "User.Read.All"])).unwrap();
    assert_eq!(app.user("alex").get(ME).await.expect(403).code(), "TENANT_NOT_ONBOARDED");
    a_day_later(&app).await;
    app.user("alex").get(ME).await.expect(200);
    let told = events(&app, "organization.consent.%").await;
    let changes: Vec<&String> = told.iter().filter(|name| !name.ends_with("checked")).collect();
    assert_eq!(
        changes,
        [
            "organization.consent.returned",
            "organization.consent.activated",
            "organization.consent.revoked",
            "organization.consent.activated"
        ]
    );
}

#[tokio::test]
async fn a_role_that_was_taken_away_is_found_and_named() {
    let app = connected().await;
    app.emulator.consent(&roles(&["Organization.Read.All"])).unwrap();
    a_day_later(&app).await;
    let status = app.user("adele").get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("degraded"));
    assert_eq!(
        status.at("/data/permissions/1"),
        json!({
            "name": "User.Read.All",
            "meaning": "See the people of the organization: names, e-mail addresses, whether their accounts are on.",
            "granted": false,
        })
    );
    app.emulator.consent(&roles(&["Organization.Read.All", "User.Read.All"])).unwrap();
    app.user("alex").post("/api/onboarding/check", json!({})).await.expect(403);
    app.user("adele").post("/api/onboarding/check", json!({})).await.expect(200);
    app.advance(TimeDelta::minutes(2));
    app.user("adele").post("/api/onboarding/check", json!({})).await.expect(200);
    work(&app).await;
    assert_eq!(app.user("adele").get(STATUS).await.expect(200).at("/data/state"), json!("active"));
}

/// Our own secret says nothing about the tenant: its state stays, and the trouble is named.
#[tokio::test]
async fn an_expired_secret_of_ours_is_shown_and_takes_nothing_away() {
    let app = connected().await;
    let expired = AppPatch { secret_expires: Some(app.clock.peek()), ..Default::default() };
    app.emulator.update_app("Tenantry", &expired).unwrap();
    a_day_later(&app).await;
    let status = app.user("alex").get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("active"));
    assert_eq!(status.at("/data/finding/code"), json!("service_misconfigured"), "{}", status.text);
    assert!(status.text_at("/data/finding/nextStep").contains("Nothing is wrong on your side"));
}

#[tokio::test]
async fn microsoft_that_does_not_answer_takes_nothing_away_and_is_asked_again() {
    let app = connected().await;
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 503));
    a_day_later(&app).await;
    let status = app.user("alex").get(STATUS).await.expect(200);
    assert_eq!(
        (status.at("/data/state"), status.at("/data/finding/code")),
        (json!("active"), json!("unanswered"))
    );
    app.emulator.clear_faults();
    app.advance(TimeDelta::minutes(2));
    work(&app).await;
    assert_eq!(app.user("alex").get(STATUS).await.expect(200).at("/data/finding"), json!(null));
}

#[tokio::test]
async fn a_refusal_in_use_has_the_tenant_looked_at_at_once() {
    let app = connected().await;
    app.advance(TimeDelta::minutes(10));
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.emulator.consent(&remove("contoso")).unwrap();
    // However often it is refused before that, it is asked for once.
    for _ in 0..3 {
        let refused = alex.get("/api/sharepoint/sites?search=marketing").await;
        assert_eq!(refused.code(), "CONSENT_REQUIRED", "{}", refused.text);
    }
    assert_eq!(events(&app, "organization.consent.check_requested").await.len(), 1);
    work(&app).await;
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("revoked"));
    assert_eq!(events(&app, "organization.consent.check_requested").await.len(), 1);
}

#[tokio::test]
async fn a_tenant_is_looked_at_once_a_day_and_not_all_at_one_moment() {
    let app = connected().await;
    assert_eq!(outcome(&Way::new(&app).connect("", "megan@fabrikam.com").await), "connected");
    let next = "SELECT run_at FROM jobs WHERE kind = 'consent.probe' ORDER BY run_at";
    let rows = app.database.query(next).await;
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0]["run_at"], rows[1]["run_at"]);
    let asked = app.emulator.requests(Endpoint::Graph);
    app.advance(TimeDelta::hours(19));
    work(&app).await;
    assert_eq!(app.emulator.requests(Endpoint::Graph), asked, "not sooner");
    a_day_later(&app).await;
    assert!(app.emulator.requests(Endpoint::Graph) > asked);
}

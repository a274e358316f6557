//! Those who try to connect what is not theirs, or to use somebody else's way.

use chrono::TimeDelta;
use serde_json::json;
use tests::emulator::ids;

use super::{
    ME, STATUS, before_consent, consent_of, consented, events, organizations, outcome,
    way::{Way, parameter, with},
    work,
};

/// The tenant in the redirect is a claim. Nothing is made for one that has not consented but a row that waits, nobody is
/// let in by it, and it is over after a while.
#[tokio::test]
async fn the_tenant_of_the_redirect_alone_activates_nothing() {
    let app = before_consent().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let state = parameter(&page, "state").unwrap();
    // The attacker never was at Microsoft's page.
    let forged = format!("/api/onboarding/callback?admin_consent=True&tenant={}&state={state}", ids::CONTOSO);
    way.open(&forged).await.expect(303);
    assert_eq!(outcome(&way.json("/api/onboarding/progress").await), "verifying");
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("verifying"));
    let refused = app.user("adele").get(ME).await.expect(403);
    assert_eq!(refused.code(), "TENANT_NOT_ONBOARDED", "also somebody of the tenant itself");
    for _ in 0..20 {
        app.advance(TimeDelta::minutes(1));
        work(&app).await;
    }
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("pending"));
    assert!(events(&app, "organization.consent.activated").await.is_empty());
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_becomes_no_organization() {
    let app = consented().await;
    for tenant in
        ["01234567-89ab-4cde-8f01-23456789abcd", "contoso.com", "not a tenant", ids::PERSONAL_TENANT]
    {
        let way = Way::new(&app);
        let page = way.start("").await;
        let forged = with(&way.accept(&page, "adele@contoso.com").await, "tenant", Some(tenant));
        let ended = outcome(&way.back(&forged).await);
        assert!(
            ["no_such_tenant", "tenant_missing", "personal"].contains(&ended.as_str()),
            "{tenant}: {ended}"
        );
    }
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn somebody_elses_tenant_that_is_connected_is_not_disturbed() {
    let app = consented().await;
    assert_eq!(outcome(&Way::new(&app).connect("", "megan@fabrikam.com").await), "connected");
    // From now on Fabrikam can not be asked: what holds must hold.
    let remove =
        tests::emulator::Consent { tenant: "fabrikam".to_owned(), remove: true, ..Default::default() };
    let megan = app.user("megan");
    megan.get(ME).await.expect(200);
    app.emulator.consent(&remove).unwrap();
    let way = Way::new(&app);
    let page = way.start("").await;
    let state = parameter(&page, "state").unwrap();
    let forged = format!(
        "/api/onboarding/callback?admin_consent=True&tenant={}&state={state}&scope=evil",
        ids::FABRIKAM
    );
    way.open(&forged).await.expect(303);
    assert_eq!(consent_of(&app, ids::FABRIKAM).await, json!("active"));
    megan.get(ME).await.expect(200);
}

#[tokio::test]
async fn another_tenant_than_the_one_that_began_is_refused() {
    let app = consented().await;
    let way = Way::new(&app);
    let page = way.start(&format!("?tenant={}", ids::CONTOSO)).await;
    let state = parameter(&page, "state").unwrap();
    let other = format!("/api/onboarding/callback?admin_consent=True&tenant={}&state={state}", ids::FABRIKAM);
    way.open(&other).await.expect(303);
    assert_eq!(outcome(&way.json("/api/onboarding/progress").await), "other_tenant");
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn a_state_is_good_once_for_ten_minutes_in_the_browser_that_began() {
    let app = consented().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = way.accept(&page, "adele@contoso.com").await;
    // Another browser, with a way of its own or without one, gets nowhere, and uses nothing up.
    let other = Way::new(&app);
    let refused = other.back(&address).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("This link does not work any more"), "{}", refused.text);
    other.start("").await;
    assert_eq!(other.back(&address).await.status, 400);
    for forged in ["", "x", &"0".repeat(64)] {
        assert_eq!(way.back(&with(&address, "state", Some(forged))).await.status, 400);
    }
    assert_eq!(way.back(&with(&address, "state", None)).await.status, 400);
    assert_eq!(organizations(&app).await, 0);

    assert_eq!(outcome(&way.back(&address).await), "connected");
    // Again: it shows what became of it, and does nothing.
    let before = app.database.count("SELECT count(*) AS n FROM events").await;
    assert_eq!(outcome(&way.back(&with(&address, "tenant", Some(ids::FABRIKAM))).await), "connected");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM events").await, before);
    assert_eq!(other.back(&address).await.status, 400);

    let late = Way::new(&app);
    let page = late.start("").await;
    let address = late.accept(&page, "megan@fabrikam.com").await;
    app.advance(TimeDelta::minutes(10));
    assert_eq!(late.back(&address).await.status, 400);
    assert_eq!(organizations(&app).await, 1);
}

#[tokio::test]
async fn of_two_that_come_back_at_once_with_one_state_one_is_first() {
    let app = consented().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = way.accept(&page, "adele@contoso.com").await;
    let (one, other) = tokio::join!(way.back(&address), way.back(&address));
    for answer in [one, other] {
        assert!(["connected", "begun"].contains(&outcome(&answer).as_str()), "{}", answer.text);
    }
    assert_eq!(events(&app, "organization.consent.returned").await.len(), 1);
}

#[tokio::test]
async fn a_cookie_that_we_did_not_sign_is_none() {
    let app = consented().await;
    for cookie in ["tenantry-onboarding=", "tenantry-onboarding=YWJj.YWJj", "tenantry-onboarding=a.b; x"] {
        let refused = app.anonymous().with("cookie", cookie).get("/api/onboarding/progress").await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "ONBOARDING_LINK_INVALID"));
    }
}

#[tokio::test]
async fn nobody_is_led_away_and_nothing_becomes_markup() {
    let app = consented().await;
    for there in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"] {
        let query: String = url::form_urlencoded::byte_serialize(there.as_bytes()).collect();
        let refused = app.anonymous().get(&format!("/api/onboarding/start?return_to={query}")).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "VALIDATION_FAILED"), "{there}");
    }
    let way = Way::new(&app);
    way.start("?return_to=/%22%3E%3Cscript%3E").await;
    let named = "UPDATE organizations SET name = '<script>alert(1)</script>'";
    assert_eq!(outcome(&way.connect("", "adele@contoso.com").await), "connected");
    app.database.execute(named).await;
    let page = way.open("/api/onboarding/progress").await.expect(200);
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert!(page.text.contains("&lt;script&gt;"), "{}", page.text);
}

#[tokio::test]
async fn the_list_of_tenants_holds_here_too() {
    let app = tests::TestApp::builder()
        .set("TENANT_POLICY", "allow-list")
        .set("ALLOWED_TENANTS", ids::FABRIKAM)
        .start()
        .await;
    assert_eq!(outcome(&Way::new(&app).connect("", "adele@contoso.com").await), "tenant_not_allowed");
    assert_eq!(organizations(&app).await, 0);
    app.user("adele").post("/api/onboarding/confirm", json!({})).await.expect(401);
    assert_eq!(outcome(&Way::new(&app).connect("", "megan@fabrikam.com").await), "connected");
    app.user("megan").get(STATUS).await.expect(200);
}

//! Sign-ins that come to nothing: each ends on a page that says what to do next, and gives no session.

use chrono::TimeDelta;
use tests::{
    Browser, Response, TestApp,
    emulator::{Endpoint, Fault, FaultKind, Rotation},
};

use super::{ME, START, parameter};

async fn callback(browser: &Browser, parameters: &str) -> Response {
    let started = browser.get(START).await.expect(303);
    let state = parameter(&started, "state").expect("it is there");
    browser.get(&format!("/api/oauth/microsoft/callback?state={state}&{parameters}")).await
}

#[tokio::test]
async fn what_microsoft_says_instead_of_a_code_becomes_words() {
    let app = TestApp::start().await;
    for (error, status, words) in [
        ("access_denied", 403, "You were not signed in"),
        ("consent_required", 403, "Microsoft wants to ask you something first"),
        ("login_required", 403, "Microsoft wants to ask you something first"),
        ("temporarily_unavailable", 503, "Microsoft cannot sign you in at the moment"),
        ("server_error", 503, "Microsoft cannot sign you in at the moment"),
        ("invalid_request", 502, "Microsoft refused the sign-in"),
    ] {
        let browser = app.browser();
        let description = "AADSTS65004%3A+User+%3Cscript%3E+declined";
        let answer = callback(&browser, &format!("error={error}&error_description={description}"))
            .await
            .expect(status);
        assert!(answer.text.contains(words), "{}", answer.text);
        assert!(answer.text.contains(&format!("{error} AADSTS65004")), "{}", answer.text);
        assert!(answer.text.contains("href=\"/api/oauth/microsoft/start?return_to="), "{}", answer.text);
        assert!(!answer.text.contains("<script"), "{}", answer.text);
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        browser.get(ME).await.expect(401);
    }
    let odd = callback(&app.browser(), "error=%3Cb%3E&error_description=x").await.expect(502);
    assert!(!odd.text.contains("<b>"), "{}", odd.text);
    callback(&app.browser(), "nothing=1").await.expect(400);
}

#[tokio::test]
async fn while_the_token_endpoint_is_ill_nobody_is_signed_in_and_afterwards_everybody_is() {
    let app = TestApp::start().await;
    for kind in
        [FaultKind::Status, FaultKind::Html, FaultKind::Garbage, FaultKind::Empty, FaultKind::Throttle]
    {
        app.emulator.set_fault(Fault::new(Endpoint::Token, kind));
        let answer = app.browser().sign_in("alex@contoso.com").await;
        assert_eq!(answer.status, 503, "{kind:?}: {}", answer.text);
        assert!(answer.text.contains("Microsoft does not answer"), "{}", answer.text);
        app.emulator.clear_faults();
    }
    app.emulator.set_fault(Fault::refuse("invalid_grant", 70008));
    let answer = app.browser().sign_in("alex@contoso.com").await.expect(502);
    assert!(answer.text.contains("OAUTH_TOKEN_EXCHANGE_FAILED, AADSTS70008"), "{}", answer.text);
    app.emulator.clear_faults();
    assert_eq!(app.database.count("SELECT count(*) AS n FROM accounts").await, 0);
    app.signed_in("alex@contoso.com").await.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_wrong_secret_is_the_operators_trouble_and_says_so() {
    let app = TestApp::builder().set("AZURE_CLIENT_SECRET", "not the secret").start().await;
    let answer = app.browser().sign_in("alex@contoso.com").await.expect(503);
    assert!(answer.text.contains("AZURE_CLIENT_SECRET"), "{}", answer.text);
    assert!(!answer.text.contains("not the secret"), "{}", answer.text);
}

#[tokio::test]
async fn a_new_signing_key_is_learned_on_the_way() {
    let app = TestApp::start().await;
    app.emulator.rotate_keys(Rotation::default());
    app.signed_in("alex@contoso.com").await.get(ME).await.expect(200);
}

#[tokio::test]
async fn whom_the_policy_does_not_admit_by_token_it_does_not_admit_by_sign_in() {
    let app = TestApp::builder().set("TENANT_POLICY", "consented").start().await;
    let answer = app.browser().sign_in("alex@contoso.com").await.expect(403);
    assert!(answer.text.contains("TENANT_NOT_ONBOARDED"), "{}", answer.text);
    assert!(answer.text.contains("/api/onboarding/start?tenant="), "{}", answer.text);
    let listed = TestApp::builder()
        .set("TENANT_POLICY", "allow-list")
        .set("ALLOWED_TENANTS", tests::emulator::ids::FABRIKAM)
        .start()
        .await;
    let answer = listed.browser().sign_in("alex@contoso.com").await.expect(403);
    assert!(answer.text.contains("This account cannot be used here"), "{}", answer.text);
    listed.browser().sign_in("megan@fabrikam.com").await.expect(303);
    for app in [&app, &listed] {
        let contoso = "SELECT count(*) AS n FROM organizations WHERE name = 'contoso.com'";
        assert_eq!(app.database.count(contoso).await, 0);
    }
}

#[tokio::test]
async fn personal_accounts_come_only_where_they_are_wanted() {
    let app = TestApp::start().await;
    let answer = app.browser().sign_in("pat@outlook.com").await.expect(403);
    assert!(answer.text.contains("This account cannot be used here"), "{}", answer.text);
    let wanted = TestApp::builder().set("ALLOW_PERSONAL_ACCOUNTS", "true").start().await;
    let pat = wanted.signed_in("pat@outlook.com").await;
    assert_eq!(pat.get(ME).await.expect(200).text_at("/data/email"), "pat@outlook.com");
}

#[tokio::test]
async fn too_many_departures_of_one_address_are_refused_for_a_while() {
    let app = TestApp::builder().set("RATE_LIMIT_AUTH", "2/15m").start().await;
    // The router in process has no addresses; the limit of the account is what is left.
    for _ in 0..2 {
        app.signed_in("alex@contoso.com").await;
    }
    let refused = app.browser().sign_in("alex@contoso.com").await.expect(429);
    assert!(refused.text.contains("Too many sign-ins"), "{}", refused.text);
    app.signed_in("adele@contoso.com").await;
    app.advance(TimeDelta::minutes(15));
    app.signed_in("alex@contoso.com").await;
}

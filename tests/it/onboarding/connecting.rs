//! Every way there is from the link to an organization, and what people are told on it.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{Consent, ids},
};

use super::{
    ME, STATUS, before_consent, consent_of, consented, events, organizations, outcome,
    way::{Way, parameter, with},
    work,
};

#[tokio::test]
async fn an_administrator_goes_from_the_link_to_a_working_organization() {
    let app = before_consent().await;
    assert_eq!(app.user("adele").get(ME).await.expect(403).code(), "TENANT_NOT_ONBOARDED");
    let way = Way::new(&app);
    let page = way.start("?return_to=/welcome").await;
    assert_eq!(page.path(), "/organizations/v2.0/adminconsent");
    assert_eq!(parameter(&page, "client_id").as_deref(), Some(ids::TENANTRY_APP));
    assert_eq!(
        parameter(&page, "redirect_uri").as_deref(),
        Some("http://localhost:4000/api/onboarding/callback")
    );
    assert_eq!(parameter(&page, "scope").as_deref(), Some("https://graph.microsoft.com/.default"));
    let address = way.accept(&page, "adele@contoso.com").await;
    assert_eq!(parameter(&address, "tenant").as_deref(), Some(ids::CONTOSO));
    assert_eq!(organizations(&app).await, 0, "nothing before they come back");
    let arrived = way.back(&address).await;
    assert_eq!(outcome(&arrived), "connected", "{}", arrived.text);
    assert_eq!(arrived.at("/data/organization"), json!("Contoso"));
    assert_eq!(arrived.at("/data/missing"), json!([]));
    let page = way.open("/api/onboarding/progress").await.expect(200);
    assert!(page.text.contains("Your organization is connected"), "{}", page.text);
    assert!(page.text.contains("href=\"/welcome\""), "{}", page.text);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");

    app.user("alex").get(ME).await.expect(200);
    let status = app.user("alex").get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("active"));
    assert!(status.at("/data/consentedAt").is_string());
    assert_eq!(status.at("/data/tenantType"), json!("AAD"));
    assert_eq!(status.at("/data/verifiedDomains/0"), json!("contoso.com"));
    assert_eq!(status.at("/data/permissions/0/name"), json!("Organization.Read.All"));
    assert_eq!(status.at("/data/permissions/0/granted"), json!(true));
    assert_eq!(status.at("/data/finding"), json!(null));
    assert!(status.at("/data/nextCheckAt").is_string());
    assert_eq!(
        events(&app, "organization.consent.%").await,
        ["organization.consent.returned", "organization.consent.activated"]
    );
    app.user("megan").get(ME).await.expect(403);
}

#[tokio::test]
async fn consent_that_is_known_everywhere_only_after_a_while_is_waited_for() {
    let app = before_consent().await;
    app.emulator.set_propagation(90);
    let way = Way::new(&app);
    let arrived = way.connect("", "adele@contoso.com").await;
    assert_eq!(outcome(&arrived), "verifying", "{}", arrived.text);
    assert_eq!(arrived.at("/data/organization"), json!(null), "nothing is told before the proof");
    let page = way.open("/api/onboarding/progress").await.expect(200);
    assert!(
        page.text.contains("Finishing set-up") && page.text.contains("http-equiv=\"refresh\""),
        "{}",
        page.text
    );
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("verifying"));
    let mut looks = 0;
    for _ in 0..40 {
        app.advance(TimeDelta::seconds(5));
        work(&app).await;
        looks += 1;
        if outcome(&way.json("/api/onboarding/progress").await) == "connected" {
            break;
        }
    }
    assert!((18..=32).contains(&looks), "{looks} times five seconds");
    assert_eq!(app.user("alex").get(STATUS).await.expect(200).at("/data/state"), json!("active"));
    assert_eq!(
        events(&app, "organization.consent.%").await,
        [
            "organization.consent.returned",
            "organization.consent.verifying",
            "organization.consent.checked",
            "organization.consent.activated"
        ]
    );
}

#[tokio::test]
async fn consent_that_never_arrives_is_not_waited_for_for_ever() {
    let app = before_consent().await;
    app.emulator.set_propagation(100_000);
    let way = Way::new(&app);
    assert_eq!(outcome(&way.connect("", "adele@contoso.com").await), "verifying");
    for _ in 0..20 {
        app.advance(TimeDelta::minutes(1));
        work(&app).await;
    }
    assert_eq!(consent_of(&app, ids::CONTOSO).await, json!("pending"));
    assert_eq!(events(&app, "organization.consent.lapsed").await.len(), 1);
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs WHERE kind = 'consent.proof'").await, 0);
    // And the same tenant may try again later.
    app.emulator.set_propagation(0);
    let again = Consent { tenant: "contoso".to_owned(), remove: true, ..Default::default() };
    app.emulator.consent(&again).unwrap();
    assert_eq!(outcome(&Way::new(&app).connect("", "adele@contoso.com").await), "connected");
}

#[tokio::test]
async fn what_was_not_granted_is_told_and_can_be_granted_later() {
    let app = TestApp::builder()
        .set("TENANT_POLICY", "consented")
        .set("ONBOARDING_PERMISSIONS", "Organization.Read.All,Sites.Read.All,User.Read.All")
        .start()
        .await;
    let grant = |roles: &[&str]| Consent {
        tenant: "contoso".to_owned(),
        app: Some("Microsoft Graph".to_owned()),
        principal: Some("Tenantry".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..Default::default()
    };
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = way.accept(&page, "adele@contoso.com").await;
    app.emulator.consent(&grant(&["User.Read.All"])).unwrap();
    assert_eq!(outcome(&way.back(&address).await), "verifying", "it may be on its way");
    for _ in 0..6 {
        app.advance(TimeDelta::minutes(1));
        work(&app).await;
    }
    let arrived = way.json("/api/onboarding/progress").await;
    assert_eq!(outcome(&arrived), "connected", "{}", arrived.text);
    assert_eq!(arrived.at("/data/state"), json!("degraded"));
    assert_eq!(arrived.at("/data/missing/0/name"), json!("Organization.Read.All"));
    let page = way.open("/api/onboarding/progress").await.expect(200);
    assert!(
        page.text.contains("with something missing") && page.text.contains("Sites.Read.All"),
        "{}",
        page.text
    );
    let status = app.user("alex").get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("degraded"));
    assert_eq!(status.at("/data/permissions/2/granted"), json!(true));
    // Later, by the link that the status gives.
    let link = status.text_at("/data/consentUrl");
    assert_eq!(link, format!("http://localhost:4000/api/onboarding/start?tenant={}", ids::CONTOSO));
    app.emulator.consent(&grant(&["User.Read.All", "Organization.Read.All", "Sites.Read.All"])).unwrap();
    let arrived = Way::new(&app).connect(&format!("?tenant={}", ids::CONTOSO), "adele@contoso.com").await;
    assert_eq!(arrived.at("/data/state"), json!("active"), "{}", arrived.text);
}

#[tokio::test]
async fn who_declines_is_told_so_and_nothing_is_changed() {
    let app = before_consent().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = way.decline(&page, "adele@contoso.com").await;
    assert_eq!(parameter(&address, "admin_consent").as_deref(), Some("True"), "also then");
    let arrived = way.back(&address).await;
    assert_eq!(outcome(&arrived), "declined");
    assert_eq!(arrived.at("/data/startUrl"), json!("/api/onboarding/start"));
    assert!(way.open("/api/onboarding/progress").await.text.contains("You declined"));
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn who_is_no_administrator_stays_with_microsoft_and_comes_back_with_a_next_step() {
    let app = before_consent().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = way.accept(&page, "alex@contoso.com").await;
    assert_eq!(address.scheme(), "stopped", "Microsoft's own page tells them: {address}");
    // Where Microsoft sends them back instead (facts differ by tenant).
    let state = parameter(&page, "state").unwrap();
    let refused = format!(
        "/api/onboarding/callback?error=access_denied&admin_consent=True&state={state}\
         &error_description=AADSTS90094%3a+An+administrator+must+consent"
    );
    way.open(&refused).await.expect(303);
    let arrived = way.json("/api/onboarding/progress").await;
    assert_eq!(outcome(&arrived), "not_administrator");
    assert!(arrived.text_at("/data/nextStep").contains("administrator"));
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn a_redirect_without_a_tenant_connects_nothing_unless_it_is_known_which_one_it_is() {
    let app = consented().await;
    let way = Way::new(&app);
    let page = way.start("").await;
    let address = with(&way.accept(&page, "adele@contoso.com").await, "tenant", None);
    assert_eq!(outcome(&way.back(&address).await), "tenant_missing");
    assert_eq!(organizations(&app).await, 0);
    let way = Way::new(&app);
    let page = way.start(&format!("?tenant={}", ids::CONTOSO)).await;
    assert_eq!(page.path(), format!("/{}/v2.0/adminconsent", ids::CONTOSO));
    let address = with(&way.accept(&page, "adele@contoso.com").await, "tenant", None);
    assert_eq!(outcome(&way.back(&address).await), "connected");
}

#[tokio::test]
async fn an_administrator_who_signs_in_is_a_proof_too() {
    let app = consented().await;
    app.user("alex").post("/api/onboarding/confirm", json!({})).await.expect(403);
    app.anonymous().post("/api/onboarding/confirm", json!({})).await.expect(401);
    app.token("no token").post("/api/onboarding/confirm", json!({})).await.expect(401);
    app.user_in("adele", "fabrikam").post("/api/onboarding/confirm", json!({})).await.expect(403);
    let application = app.application("Tenantry", "contoso", &["Tenantry.Admin"]);
    application.post("/api/onboarding/confirm", json!({})).await.expect(401);
    assert_eq!(organizations(&app).await, 0);
    let confirmed = app.user("adele").post("/api/onboarding/confirm", json!({})).await.expect(200);
    assert_eq!(confirmed.at("/data/state"), json!("active"));
    let status = app.user("adele").get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/consentedBy"), json!(ids::ADELE));
    let role = "SELECT role FROM users";
    assert_eq!(app.database.query(role).await[0]["role"], json!("admin"));
    assert_eq!(events(&app, "organization.consent.activated").await.len(), 1);
}

#[tokio::test]
async fn the_same_as_json_for_a_client_that_has_no_browser() {
    let app = consented().await;
    let way = Way::new(&app);
    let started = way.json("/api/onboarding/start").await.expect(200);
    let page = url::Url::parse(&started.text_at("/data/url")).unwrap();
    assert!(started.at("/data/expiresAt").is_string());
    let address = way.accept(&page, "adele@contoso.com").await;
    let arrived = way.json(&format!("{}?{}", address.path(), address.query().unwrap())).await;
    assert_eq!(outcome(&arrived), "connected");
    let refused = way.json("/api/onboarding/callback?state=unknown").await.expect(400);
    assert_eq!(refused.code(), "ONBOARDING_LINK_INVALID");
}

#[tokio::test]
async fn somebody_who_is_signed_in_begins_for_their_own_tenant() {
    let app = consented().await;
    let alex = app.user("alex").with("accept", "application/json");
    let started = alex.get("/api/onboarding/start").await.expect(200);
    let page = url::Url::parse(&started.text_at("/data/url")).unwrap();
    assert_eq!(page.path(), format!("/{}/v2.0/adminconsent", ids::CONTOSO));
    let refused = alex.get(&format!("/api/onboarding/start?tenant={}", ids::FABRIKAM)).await.expect(400);
    assert_eq!(refused.code(), "ONBOARDING_LINK_INVALID");
}

//! Which tenants become organizations.

use chrono::TimeDelta;
use domain::access::TenantPolicy;
use serde_json::json;
use tests::{
    Response, TestApp,
    emulator::{Endpoint, Fault, ids},
};

use super::support::{ME, rows};

#[tokio::test]
async fn open_lets_any_tenant_in() {
    let app = TestApp::start().await;
    for name in ["alex", "megan"] {
        app.user(name).get(ME).await.expect(200);
    }
    assert_eq!(rows(&app, "organizations").await, 2);
}

fn assert_not_onboarded(response: &Response, tenant: &str) {
    assert_eq!(response.status, 403, "{}", response.text);
    assert_eq!(response.code(), "TENANT_NOT_ONBOARDED");
    let url = url::Url::parse(&response.text_at("/error/details/consentUrl")).expect("a URL");
    assert_eq!(url.path(), "/api/onboarding/start");
    assert!(url.query_pairs().any(|(name, value)| name == "tenant" && value == tenant));
}

#[tokio::test]
async fn consented_tells_a_new_tenant_where_to_consent_and_makes_nothing() {
    let app = TestApp::builder().set("TENANT_POLICY", "consented").start().await;
    assert_not_onboarded(&app.user("adele").get(ME).await, ids::CONTOSO);
    assert_not_onboarded(&app.user_in("adele", "fabrikam").get(ME).await, ids::FABRIKAM);
    let application = app.application("Stranger", "contoso", &["Tenantry.Admin"]);
    assert_not_onboarded(&application.get(ME).await, ids::CONTOSO);
    for table in ["organizations", "users", "events", "outbox"] {
        assert_eq!(rows(&app, table).await, 0, "{table}");
    }
    app.user("pat").get(ME).await.expect(401);
}

#[tokio::test]
async fn consented_lets_a_tenant_in_from_its_consent_on() {
    let mut open = TestApp::start().await;
    open.user("alex").get(ME).await.expect(200);
    open.user("megan").get(ME).await.expect(200);
    open.config.tenants.policy = TenantPolicy::Consented;
    let app = open.replica().await;
    assert_not_onboarded(&app.user("alex").get(ME).await, ids::CONTOSO);
    assert_not_onboarded(&app.user("lee").get(ME).await, ids::CONTOSO);
    assert_eq!(rows(&app, "users").await, 2);
    let consented =
        "UPDATE organizations SET consent = 'active', consented_at = created_at WHERE name = 'contoso.com'";
    app.database.execute(consented).await;
    app.user("alex").get(ME).await.expect(200);
    app.user("lee").get(ME).await.expect(200);
    assert_not_onboarded(&app.user("megan").get(ME).await, ids::FABRIKAM);
}

#[tokio::test]
async fn the_list_lets_in_who_is_on_it_by_id() {
    let app = TestApp::builder()
        .set("TENANT_POLICY", "allow-list")
        .set("ALLOWED_TENANTS", &ids::CONTOSO.to_uppercase())
        .start()
        .await;
    app.user("alex").get(ME).await.expect(200);
    let refused = app.user("megan").get(ME).await.expect(401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    app.user_in("adele", "fabrikam").get(ME).await.expect(401);
    assert_eq!(rows(&app, "organizations").await, 1);
}

fn by_domain(domains: &str) -> tests::Builder {
    TestApp::builder().set("TENANT_POLICY", "allow-list").set("ALLOWED_DOMAINS", domains)
}

#[tokio::test]
async fn a_domain_on_the_list_is_the_tenant_that_verified_it_and_no_address_in_it() {
    let app = by_domain("contoso.com").start().await;
    app.user("alex").get(ME).await.expect(200);
    app.user("megan").get(ME).await.expect(401);
    let asked = app.emulator.requests(Endpoint::Metadata);
    app.user_in("adele", "fabrikam").get(ME).await.expect(401);
    app.user("lee").get(ME).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Metadata), asked, "a domain is resolved once");
}

#[tokio::test]
async fn while_a_domain_cannot_be_resolved_nobody_can_say_who_is_on_the_list() {
    let app = by_domain("contoso.com").start().await;
    app.emulator.set_fault(Fault::status(Endpoint::Metadata, 503));
    for name in ["alex", "megan"] {
        let response = app.user(name).get(ME).await.expect(503);
        assert_eq!(response.code(), "UNAVAILABLE");
        assert!(response.header("retry-after").is_some());
    }
    app.emulator.clear_faults();
    app.advance(TimeDelta::seconds(6));
    app.user("alex").get(ME).await.expect(200);
    app.user("megan").get(ME).await.expect(401);
}

#[tokio::test]
async fn a_tenant_listed_by_id_does_not_wait_for_the_domains_of_others() {
    let app = by_domain("fabrikam.com").set("ALLOWED_TENANTS", ids::CONTOSO).start().await;
    app.emulator.set_fault(Fault::status(Endpoint::Metadata, 503));
    app.user("alex").get(ME).await.expect(200);
    app.user("megan").get(ME).await.expect(503);
}

#[tokio::test]
async fn a_domain_that_no_tenant_has_verified_admits_nobody() {
    let app = by_domain("nobody.example").start().await;
    app.user("alex").get(ME).await.expect(401);
    assert_eq!(rows(&app, "organizations").await, 0);
}

#[tokio::test]
async fn first_users_look_after_an_organization_by_default_only_where_tenants_are_chosen() {
    let listed = by_domain("contoso.com").start().await;
    let me = listed.user("alex").get(ME).await.expect(200);
    assert_eq!(me.at("/data/roles"), json!(["admin"]));
    let single = TestApp::builder().set("AZURE_TENANT_ID", ids::CONTOSO).start().await;
    assert_eq!(single.user("alex").get(ME).await.expect(200).at("/data/roles"), json!(["admin"]));
    let open = TestApp::start().await;
    assert_eq!(open.user("alex").get(ME).await.expect(200).at("/data/roles"), json!(["member"]));
}

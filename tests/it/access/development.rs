//! The development identity, for requests without a credential.

use serde_json::json;
use tests::{Actor, TestApp};

use super::support::ME;

async fn start() -> TestApp {
    TestApp::builder()
        .set("APP_ENV", "development")
        .set("DEV_USER_EMAIL", "dev@example.com")
        .set("DEV_USER_NAME", "Dev Eloper")
        .set("DEV_ORG_ID", "my-label")
        .start()
        .await
}

fn local(app: &TestApp) -> Actor {
    app.anonymous().with("host", "localhost:4000")
}

#[tokio::test]
async fn a_request_without_a_credential_is_the_development_identity() {
    let app = start().await;
    let me = local(&app).get(ME).await.expect(200);
    assert_eq!(me.at("/data/email"), json!("dev@example.com"));
    assert_eq!(me.at("/data/displayName"), json!("Dev Eloper"));
    assert_eq!(me.at("/data/roles"), json!(["admin"]));
    assert_eq!(me.at("/data/organization/name"), json!("my-label"));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!(null));
    local(&app).get("/api/auth/organization").await.expect(200);
}

#[tokio::test]
async fn its_organization_has_an_ordinary_id_and_is_found_again() {
    let app = start().await;
    let first = local(&app).get(ME).await.expect(200);
    let id = uuid::Uuid::parse_str(&first.text_at("/data/organization/id")).expect("an ordinary id");
    assert_eq!(id.get_version_num(), 7);
    let again = local(&app).get(ME).await.expect(200);
    assert_eq!(again.json()["data"], first.json()["data"]);
    let after_a_restart = local(&app.replica().await).get(ME).await.expect(200);
    assert_eq!(after_a_restart.json()["data"], first.json()["data"]);
    assert_eq!(app.database.count("SELECT count(*) FROM organizations").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn a_credential_is_judged_as_anywhere() {
    let app = start().await;
    for value in ["Bearer a.b.c", "Bearer", "Basic YTpi"] {
        let refused = local(&app).with("authorization", value).get(ME).await.expect(401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    let alex = app.user("alex").with("host", "localhost:4000").get(ME).await.expect(200);
    assert_eq!(alex.at("/data/email"), json!("alex@contoso.com"));
}

#[tokio::test]
async fn no_other_host_and_no_page_of_another_site_can_use_it() {
    let app = start().await;
    for actor in [
        app.anonymous(),
        app.anonymous().with("host", "evil.example"),
        app.anonymous().with("host", "192.0.2.7:4000"),
        local(&app).with("origin", "https://evil.example"),
        local(&app).with("origin", "null"),
        local(&app).with("sec-fetch-site", "cross-site"),
    ] {
        let refused = actor.get(ME).await.expect(401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(app.database.count("SELECT count(*) FROM organizations").await, 0);
    local(&app).with("origin", "http://localhost:5173").get(ME).await.expect(200);
}

#[tokio::test]
async fn elsewhere_there_is_no_such_identity() {
    let app = TestApp::builder().set("APP_ENV", "development").start().await;
    local(&app).get(ME).await.expect(401);
    local(&TestApp::start().await).get(ME).await.expect(401);
}

//! Who the caller is.

use serde_json::json;
use tests::{TestApp, emulator::ids};

#[tokio::test]
async fn a_token_of_the_emulator_shows_its_holder_and_their_organization() {
    let app = TestApp::start().await;
    let me = app.user("adele").get("/api/auth/me").await.expect(200);
    assert_eq!(me.at("/data/email"), json!("adele@contoso.com"));
    assert_eq!(me.at("/data/displayName"), json!("Adele Vance"));
    assert_eq!(me.at("/data/avatarUrl"), "/api/auth/me/photo");
    assert_eq!(me.at("/data/organization/name"), json!("contoso.com"));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!("c0000000-0000-4000-8000-000000000001"));
}

#[tokio::test]
async fn a_person_sees_roles_permissions_scopes_and_client() {
    let app = TestApp::start().await;
    let me = app.user("alex").get("/api/auth/me").await.expect(200);
    assert_eq!(me.at("/data/kind"), json!("user"));
    assert_eq!(me.at("/data/roles"), json!(["member"]));
    assert_eq!(me.at("/data/scopes"), json!(["access_as_user"]));
    assert_eq!(me.at("/data/appRoles"), json!([]));
    assert_eq!(me.at("/data/clientId"), json!(ids::TENANTRY_SPA));
    let permissions = me.at("/data/permissions");
    assert!(permissions.as_array().unwrap().contains(&json!("annotations:write")));
    assert!(!permissions.as_array().unwrap().contains(&json!("organization:manage")));
    let admin = app.user("adele").get("/api/auth/me").await.expect(200);
    assert_eq!(admin.at("/data/roles"), json!(["admin"]));
    assert!(admin.at("/data/permissions").as_array().unwrap().contains(&json!("organization:manage")));
}

#[tokio::test]
async fn an_application_sees_its_own_ids_and_roles_and_may_do_what_they_grant() {
    let app = TestApp::start().await;
    let admin = app.application("Tenantry", "contoso", &[ids::TENANTRY_ADMIN]);
    let me = admin.get("/api/auth/me").await.expect(200);
    assert_eq!(me.at("/data/kind"), json!("app"));
    assert_eq!(me.at("/data/appRoles"), json!([ids::TENANTRY_ADMIN]));
    assert_eq!(me.at("/data/clientId"), json!(ids::TENANTRY_APP));
    assert_eq!((me.at("/data/email"), me.at("/data/scopes")), (json!(null), json!([])));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!(ids::CONTOSO));
    admin.post("/api/taxonomies", json!({ "name": "Topics" })).await.expect(201);

    // Without a scope and without a role a token says nothing of what it is for.
    app.application("Tenantry", "contoso", &[]).get("/api/auth/me").await.expect(401);
}

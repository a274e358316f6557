//! Who the caller is.

use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_token_of_the_emulator_shows_its_holder_and_their_organization() {
    let app = TestApp::start().await;
    let me = app.user("adele").get("/api/auth/me").await.expect(200);
    assert_eq!(me.at("/data/email"), json!("adele@contoso.com"));
    assert_eq!(me.at("/data/displayName"), json!("Adele Vance"));
    assert_eq!(me.at("/data/avatarUrl"), json!(null));
    assert_eq!(me.at("/data/organization/name"), json!("contoso.com"));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!("c0000000-0000-4000-8000-000000000001"));
}

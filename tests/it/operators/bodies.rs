//! Bodies that are JSON, and not what the operation takes; the others of the document are in `envelope`.

use serde_json::{Value, json};
use tests::TestApp;

use super::{INVITATIONS, TENANTS, operator, org_id, patch, post, send};

#[tokio::test]
async fn a_body_that_is_wrong_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let id = org_id(&app.user("megan")).await;
    let operator = operator(&app, "adele@contoso.com").await;
    let tenant = format!("{TENANTS}/{id}");
    for (body, field) in [
        (json!({ "isActive": false }), "reason"),
        (json!({ "reason": "x" }), "isActive"),
        (json!({ "isActive": false, "reason": "" }), "reason"),
        (json!({ "isActive": false, "reason": " \t" }), "reason"),
        (json!({ "isActive": false, "reason": "x".repeat(501) }), "reason"),
        (json!({ "isActive": "no", "reason": "x" }), "isActive"),
        (json!({ "isActive": false, "reason": "x", "state": "deleted" }), "body"),
        (json!([]), "body"),
    ] {
        let refused = patch(&operator, &tenant, body.clone()).await.expect(400);
        assert!(!refused.at(&format!("/error/details/{field}")).is_null(), "{body}: {}", refused.text);
    }
    for body in [json!({}), json!({ "reason": " " }), json!({ "reason": 1 })] {
        post(&operator, &format!("{tenant}/restore"), body).await.expect(400);
    }
    for (body, field) in [
        (json!({}), "note"),
        (json!({ "note": "  " }), "note"),
        (json!({ "note": "x", "days": 0 }), "days"),
        (json!({ "note": "x", "days": 91 }), "days"),
        (json!({ "note": "x", "tenantId": "contoso.com" }), "tenantId"),
    ] {
        let refused = post(&operator, INVITATIONS, body.clone()).await.expect(400);
        assert!(!refused.at(&format!("/error/details/{field}")).is_null(), "{body}: {}", refused.text);
    }
    assert_eq!(operator.get(INVITATIONS).await.expect(200).at("/total"), json!(0));
    app.user("megan").get("/api/auth/me").await.expect(200);
    send(&operator, poem::http::Method::PUT, &tenant, Value::Null).await.expect(405);
}

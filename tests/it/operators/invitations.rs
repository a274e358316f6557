//! Links that operators make for customers.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{TestApp, emulator::ids};

use super::{INVITATIONS, TENANTS, delete, operator, post};
use crate::onboarding::{outcome, way::Way};

/// What stands behind `?` in a link.
fn query(link: &str) -> String {
    format!("?{}", link.split_once('?').expect("a link has a query").1)
}

#[tokio::test]
async fn a_link_connects_a_tenant_once_and_the_list_tells_which() {
    let app = TestApp::start().await;
    let operator = operator(&app, "megan@fabrikam.com").await;
    let body = json!({ "note": "Contoso, by Jo", "tenantId": ids::CONTOSO, "days": 30 });
    let made = post(&operator, INVITATIONS, body).await.expect(200);
    assert_eq!(
        (made.text_at("/state"), made.text_at("/tenantId")),
        ("open".to_owned(), ids::CONTOSO.to_owned())
    );
    let account = app.app.operator.colleagues().await.expect("the database")[0].id.to_string();
    assert_eq!(made.text_at("/createdBy"), account);
    let link = made.text_at("/link");
    assert!(link.starts_with("http://localhost:4000/api/onboarding/start?invitation="), "{link}");
    let stored = app.database.query("SELECT * FROM onboarding_invitations").await;
    let secret = link.split_once("invitation=").expect("it is there").1;
    assert!(!format!("{stored:?}").contains(secret), "the secret is not kept");
    assert!(!operator.get(INVITATIONS).await.expect(200).text.contains(secret), "nor shown again");

    assert_eq!(outcome(&Way::new(&app).connect(&query(&link), "adele@contoso.com").await), "connected");
    let list = operator.get(INVITATIONS).await.expect(200);
    assert_eq!((list.at("/total"), list.text_at("/items/0/state")), (json!(1), "used".to_owned()));
    let tenants = operator.get(&format!("{TENANTS}?filter={}", ids::CONTOSO)).await.expect(200);
    assert_eq!(list.at("/items/0/usedBy"), tenants.at("/items/0/id"));
    let id = made.text_at("/id");
    let used = delete(&operator, &format!("{INVITATIONS}/{id}")).await.expect(409);
    assert_eq!(used.code(), "CONFLICT");
}

#[tokio::test]
async fn a_link_that_was_taken_back_or_is_old_leads_nowhere_and_says_so_in_the_list() {
    let app = TestApp::start().await;
    let operator = operator(&app, "megan@fabrikam.com").await;
    let old = post(&operator, INVITATIONS, json!({ "note": "old", "days": 1 })).await.expect(200);
    app.advance(TimeDelta::seconds(1));
    let usual = post(&operator, INVITATIONS, json!({ "note": "usual" })).await.expect(200);
    assert!(usual.text_at("/expiresAt") > old.text_at("/expiresAt"));
    let path = format!("{INVITATIONS}/{}", usual.text_at("/id"));
    for _ in 0..2 {
        delete(&operator, &path).await.expect(204);
    }
    delete(&operator, &format!("{INVITATIONS}/01890000-0000-7000-8000-000000000000")).await.expect(404);
    app.advance(TimeDelta::days(2));
    for made in [&old, &usual] {
        let start = format!("/api/onboarding/start{}", query(&made.text_at("/link")));
        Way::new(&app).open(&start).await.expect(400);
    }
    let again = app.signed_in("megan@fabrikam.com").await;
    let list = again.get(&format!("{INVITATIONS}?limit=200")).await.expect(200);
    let states: Vec<Value> =
        list.at("/items").as_array().expect("a list").iter().map(|item| item["state"].clone()).collect();
    assert_eq!(states, [json!("withdrawn"), json!("expired")]);
    let second = again.get(&format!("{INVITATIONS}?limit=1&offset=1")).await.expect(200);
    assert_eq!((second.text_at("/items/0/note"), second.at("/total")), ("old".to_owned(), json!(2)));
}

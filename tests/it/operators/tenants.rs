//! Organizations, as operators see and change them.

use chrono::TimeDelta;
use domain::{
    id::{OrgId, TypedId},
    organizations::PURGE_AFTER,
};
use serde_json::{Value, json};
use tests::{Response, TestApp, emulator::ids};

use super::{ME, TENANTS, delete, operator, org_id, patch, post, recorded};
use crate::onboarding::work;

fn names(list: &Response) -> Vec<String> {
    let items = list.at("/items");
    let items = items.as_array();
    assert!(items.is_some(), "no list: {}", list.text);
    items.into_iter().flatten().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn all_organizations_are_listed_newest_first_and_page_by_page() {
    let app = TestApp::start().await;
    let contoso = org_id(&app.user("adele")).await;
    app.advance(TimeDelta::seconds(1));
    app.user("megan").get(ME).await.expect(200);
    let operator = operator(&app, "adele@contoso.com").await;
    let all = operator.get(TENANTS).await.expect(200);
    assert_eq!(
        (names(&all), all.at("/total")),
        (vec!["fabrikam.com".to_owned(), "contoso.com".to_owned()], json!(2))
    );
    let row = all.at("/items/1");
    assert_eq!(row["id"], json!(contoso));
    assert_eq!(row["tenantId"], json!(ids::CONTOSO));
    assert_eq!((&row["state"], &row["isActive"]), (&json!("pending"), &json!(true)));
    for absent in ["domain", "consentedAt", "deletedAt", "purgeAt"] {
        assert_eq!(row[absent], Value::Null, "{absent}");
    }
    let page = operator.get(&format!("{TENANTS}?limit=1&offset=1")).await.expect(200);
    assert_eq!((names(&page), page.at("/total")), (vec!["contoso.com".to_owned()], json!(2)));
    let beyond = operator.get(&format!("{TENANTS}?offset=2")).await.expect(200);
    assert_eq!((names(&beyond).len(), beyond.at("/total")), (0, json!(2)));
    for wrong in ["limit=0", "limit=201", "limit=x", "offset=-1", "filter="] {
        let status = if wrong == "filter=" { 200 } else { 400 };
        operator.get(&format!("{TENANTS}?{wrong}")).await.expect(status);
    }
}

#[tokio::test]
async fn organizations_are_found_by_a_part_of_name_or_domain_in_every_alphabet_or_by_an_id() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let contoso = org_id(&admin).await;
    app.user("megan").get(ME).await.expect(200);
    let operator = operator(&app, "adele@contoso.com").await;
    admin.patch("/api/auth/organization", json!({ "name": "Müller & Söhne 100%_Ltd" })).await.expect(200);
    admin.post("/api/onboarding/confirm", json!({})).await.expect(200);
    work(&app).await;
    let found = async |filter: &str| {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let list = operator.get(&format!("{TENANTS}?filter={query}")).await.expect(200);
        let ids = list
            .at("/items")
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item["id"].clone())
            .collect::<Vec<_>>();
        assert_eq!(list.at("/total"), json!(ids.len()));
        ids
    };
    for fits in [
        "MÜLLER",
        "söhne",
        "SÖHNE 100%",
        "%_",
        "contoso.com",
        "CONTOSO.",
        "  müller ",
        &contoso,
        ids::CONTOSO,
    ] {
        assert_eq!(found(fits).await, [json!(contoso)], "{fits}");
    }
    for misses in ["nobody", "Mueller", "Muller", "%%", "l_d", "\\", &contoso[..35], "Müller%Ltd"] {
        assert_eq!(found(misses).await, Vec::<Value>::new(), "{misses}");
    }
    let row = operator.get(&format!("{TENANTS}?filter=contoso.com")).await.expect(200).at("/items/0");
    assert_eq!(row["domain"], json!("contoso.com"));
}

#[tokio::test]
async fn a_look_into_an_organization_needs_a_reason_and_is_told_there() {
    let app = TestApp::start().await;
    let megan = app.user("megan");
    let id = org_id(&megan).await;
    let operator = operator(&app, "adele@contoso.com").await;
    for wrong in ["", "?reason=", "?reason=%20%20", &format!("?reason={}", "x".repeat(501))] {
        operator.get(&format!("{TENANTS}/{id}{wrong}")).await.expect(400);
    }
    assert!(recorded(&app, "organization.viewed").await.is_empty());
    megan.post("/api/api-keys", json!({ "name": "x" })).await.expect(201);
    let seen = operator.get(&format!("{TENANTS}/{id}?reason=ticket%204711")).await.expect(200);
    let counts = ["members", "connections", "apiKeys"].map(|name| seen.at(&format!("/{name}")));
    assert_eq!(counts, [json!(1), json!(0), json!(1)]);
    assert_eq!((seen.text_at("/id"), seen.at("/suspendedReason")), (id.clone(), Value::Null));
    assert_eq!(seen.at("/onboarding/finding"), Value::Null);
    let [viewed] = &recorded(&app, "organization.viewed").await[..] else { panic!("one look is one event") };
    assert_eq!((viewed.org_id.as_str(), viewed.actor.as_str()), (id.as_str(), "operator"));
    assert_eq!(viewed.request_id, seen.header("x-request-id").expect("each answer has it"));
    assert_eq!(viewed.data["reason"], json!("ticket 4711"));
    let account = &app.app.operator.colleagues().await.expect("the database")[0].id;
    assert_eq!(viewed.data["operator"], json!(account.to_string()));
    operator.get(&format!("{TENANTS}/01890000-0000-7000-8000-000000000000?reason=x")).await.expect(404);
    operator.get(&format!("{TENANTS}/nothing?reason=x")).await.expect(400);
    assert_eq!(recorded(&app, "organization.viewed").await.len(), 1);
}

#[tokio::test]
async fn a_suspended_organization_is_refused_with_the_next_request_and_let_in_again() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let (megan, there) = (app.user("megan"), replica.user("megan"));
    let id = org_id(&megan).await;
    there.get(ME).await.expect(200);
    let operator = operator(&app, "adele@contoso.com").await;
    let path = format!("{TENANTS}/{id}");
    let suspended =
        patch(&operator, &path, json!({ "isActive": false, "reason": "unpaid" })).await.expect(200);
    assert_eq!(
        (suspended.text_at("/state"), suspended.at("/isActive")),
        ("suspended".to_owned(), json!(false))
    );
    assert_eq!(megan.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    app.advance(TimeDelta::milliseconds(1_100));
    assert_eq!(there.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    let seen = operator.get(&format!("{path}?reason=look")).await.expect(200);
    assert_eq!(seen.at("/suspendedReason"), json!("unpaid"));
    let reactivated =
        patch(&operator, &path, json!({ "isActive": true, "reason": "paid" })).await.expect(200);
    assert_eq!(reactivated.text_at("/state"), "pending");
    megan.get(ME).await.expect(200);
    let seen = operator.get(&format!("{path}?reason=look")).await.expect(200);
    assert_eq!(seen.at("/suspendedReason"), Value::Null);
    let told: Vec<Value> =
        [recorded(&app, "organization.suspended").await, recorded(&app, "organization.reactivated").await]
            .into_iter()
            .flatten()
            .map(|event| event.data["reason"].clone())
            .collect();
    assert_eq!(told, [json!("unpaid"), json!("paid")]);
    let unknown = format!("{TENANTS}/01890000-0000-7000-8000-000000000000");
    patch(&operator, &unknown, json!({ "isActive": false, "reason": "x" })).await.expect(404);
}

#[tokio::test]
async fn a_deleted_organization_is_listed_and_can_be_brought_back_until_it_is_purged() {
    let app = TestApp::start().await;
    let megan = app.user("megan");
    let id = org_id(&megan).await;
    let operator = operator(&app, "adele@contoso.com").await;
    let path = format!("{TENANTS}/{id}");
    for query in ["", "?confirm=fabrikam.com", "?reason=x", "?confirm=fabrikam.com&reason=%20"] {
        delete(&operator, &format!("{path}{query}")).await.expect(400);
    }
    let wrong = delete(&operator, &format!("{path}?confirm=Fabrikam.com&reason=x")).await.expect(409);
    assert_eq!(wrong.code(), "CONFLICT");
    megan.get(ME).await.expect(200);
    let gone = delete(&operator, &format!("{path}?confirm=fabrikam.com&reason=asked")).await.expect(200);
    assert_eq!((gone.text_at("/state"), gone.at("/isActive")), ("deleted".to_owned(), json!(false)));
    assert!(gone.text_at("/purgeAt") > gone.text_at("/deletedAt"));
    assert_eq!(megan.get(ME).await.expect(403).code(), "ORGANIZATION_DELETED");
    let listed = operator.get(&format!("{TENANTS}?filter={id}")).await.expect(200);
    assert_eq!(listed.at("/items/0/purgeAt"), gone.at("/purgeAt"));
    patch(&operator, &path, json!({ "isActive": true, "reason": "no" })).await.expect(404);
    let back =
        post(&operator, &format!("{path}/restore"), json!({ "reason": "by mistake" })).await.expect(200);
    assert_eq!((back.at("/deletedAt"), back.at("/purgeAt")), (Value::Null, Value::Null));
    megan.get(ME).await.expect(200);
    post(&operator, &format!("{path}/restore"), json!({ "reason": "again" })).await.expect(404);
    let [deleted] = &recorded(&app, "organization.deleted").await[..] else { panic!("it is told once") };
    assert_eq!((&deleted.data["reason"], deleted.actor.as_str()), (&json!("asked"), "operator"));
    assert_eq!(recorded(&app, "organization.restored").await[0].data["reason"], json!("by mistake"));
}

#[tokio::test]
async fn a_suspended_organization_that_was_deleted_comes_back_suspended() {
    let app = TestApp::start().await;
    let megan = app.user("megan");
    let id = org_id(&megan).await;
    let operator = operator(&app, "adele@contoso.com").await;
    let path = format!("{TENANTS}/{id}");
    patch(&operator, &path, json!({ "isActive": false, "reason": "unpaid" })).await.expect(200);
    delete(&operator, &format!("{path}?confirm=fabrikam.com&reason=asked")).await.expect(200);
    let seen = operator.get(&format!("{path}?reason=look")).await.expect(200);
    assert_eq!((seen.text_at("/state"), seen.at("/suspendedReason")), ("deleted".to_owned(), Value::Null));
    let back = post(&operator, &format!("{path}/restore"), json!({ "reason": "mistake" })).await.expect(200);
    assert_eq!((back.text_at("/state"), back.at("/deletedAt")), ("suspended".to_owned(), Value::Null));
    assert_eq!(megan.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    let seen = operator.get(&format!("{path}?reason=look")).await.expect(200);
    assert_eq!(seen.at("/suspendedReason"), json!("unpaid"));
    patch(&operator, &path, json!({ "isActive": true, "reason": "paid" })).await.expect(200);
    megan.get(ME).await.expect(200);
}

/// Its keys may be destroyed already, and some of its rows gone.
#[tokio::test]
async fn what_may_be_under_purge_is_not_brought_back() {
    let app = TestApp::start().await;
    let id = org_id(&app.user("megan")).await.parse().map(OrgId::from_uuid).expect("an id");
    let staff = &app.app.operator;
    staff.delete(id, "fabrikam.com", &tests::reason("asked")).await.expect("it is there");
    app.advance(PURGE_AFTER);
    assert!(staff.restore(id, &tests::reason("too late")).await.expect("the database").is_none());
    work(&app).await;
    assert_eq!(app.database.count("SELECT count(*) AS n FROM organizations").await, 0);
}

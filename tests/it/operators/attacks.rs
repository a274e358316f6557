//! Those who are no operators, those who are none any more, and operators where they have no business.

use chrono::TimeDelta;
use poem::http::Method;
use serde_json::json;
use tests::{SERVICE, TestApp};

use super::{ME, PING, TENANTS, forbidden, operator, org_id, patch, post, recorded};

#[tokio::test]
async fn an_administrator_is_no_operator_nor_is_a_key_or_an_application_of_theirs() {
    let app = TestApp::start().await;
    let session = app.signed_in("adele@contoso.com").await;
    let admin = app.user("adele");
    let key = admin.post("/api/api-keys", json!({ "name": "x", "role": "admin" })).await.expect(201);
    let application =
        app.application("Tenantry", tests::emulator::ids::CONTOSO, &[tests::emulator::ids::TENANTRY_ADMIN]);
    forbidden(&session.get(PING).await);
    for actor in [&admin, &app.token(&key.text_at("/data/rawKey")), &application] {
        forbidden(&actor.get(PING).await);
        forbidden(&actor.get(TENANTS).await);
    }
    assert_eq!(app.anonymous().get(PING).await.expect(401).code(), "UNAUTHORIZED");
    assert_eq!(session.get(ME).await.expect(200).at("/data/isOperator"), json!(false));
}

/// The right belongs to the account in a session here, where it can be taken back, and to no other credential of the
/// same person.
#[tokio::test]
async fn an_operators_other_credentials_open_nothing() {
    let app = TestApp::start().await;
    let session = operator(&app, "adele@contoso.com").await;
    let ping = session.get(PING).await.expect(200);
    assert_eq!(ping.json(), json!({ "by": "account", "name": "Adele Vance" }));
    let bearer = app.user("adele");
    forbidden(&bearer.get(PING).await);
    assert_eq!(bearer.get(ME).await.expect(200).at("/data/isOperator"), json!(false));
    let key = bearer.post("/api/api-keys", json!({ "name": "x", "role": "admin" })).await.expect(201);
    let key = app.token(&key.text_at("/data/rawKey"));
    forbidden(&key.get(PING).await);
    assert_eq!(key.get(ME).await.expect(200).at("/data/isOperator"), json!(false));
    // The session's own token is the session.
    let token = session.cookie("accessToken").expect("they are signed in");
    app.token(&token).get(PING).await.expect(200);
}

#[tokio::test]
async fn an_operator_is_no_member_of_anybody_elses_and_no_administrator_at_home() {
    let app = TestApp::start().await;
    let (home, strangers) = (app.user("adele"), app.user("megan"));
    let (home_id, strange_id) = (org_id(&home).await, org_id(&strangers).await);
    let stranger = strangers.get("/api/members").await.expect(200).text_at("/data/0/id");
    let session = operator(&app, "alex@contoso.com").await;
    let me = session.get(ME).await.expect(200);
    assert_eq!((me.at("/data/isOperator"), me.at("/data/roles")), (json!(true), json!(["member"])));
    assert_eq!(me.text_at("/data/organization/id"), home_id);
    assert!(!session.get("/api/members").await.expect(200).text.contains("fabrikam"));
    session.get(&format!("/api/members/{stranger}")).await.expect(404);
    forbidden(&patch(&session, "/api/auth/organization", json!({ "name": "mine" })).await);
    forbidden(&session.get("/api/organization/export").await);
    // Naming another organization is no way in.
    let cookie = format!("accessToken={}", session.cookie("accessToken").expect("they are signed in"));
    let claimed = app.anonymous().with("cookie", &cookie).with("x-tenant-id", &strange_id);
    assert!(!claimed.get("/api/members").await.expect(200).text.contains("fabrikam"));
}

#[tokio::test]
async fn who_is_no_operator_any_more_is_refused_with_the_next_request() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let session = operator(&app, "adele@contoso.com").await;
    let token = session.cookie("accessToken").expect("they are signed in");
    let there = replica.token(&token);
    replica.app.turn_background().await.expect("the background turns");
    for actor in [&app.token(&token), &there] {
        actor.get(PING).await.expect(200);
        assert_eq!(actor.get(ME).await.expect(200).at("/data/isOperator"), json!(true));
    }
    app.app
        .operator
        .appoint("adele@contoso.com", false, &tests::reason("left"))
        .await
        .expect("they have an account");
    forbidden(&session.get(PING).await);
    assert_eq!(session.get(ME).await.expect(200).at("/data/isOperator"), json!(false));
    // A replica that has heard nothing for a second asks.
    app.advance(TimeDelta::milliseconds(1_100));
    forbidden(&there.get(PING).await);
    assert_eq!(there.get(ME).await.expect(200).at("/data/isOperator"), json!(false));
}

#[tokio::test]
async fn a_session_that_has_ended_is_no_operators_whatever_its_account() {
    let app = TestApp::start().await;
    let session = operator(&app, "adele@contoso.com").await;
    let token = session.cookie("accessToken").expect("they are signed in");
    session.get(PING).await.expect(200);
    session.post("/api/auth/logout").await.expect(204);
    assert_eq!(app.token(&token).get(PING).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test]
async fn a_page_of_another_site_does_nothing_with_an_operators_cookies() {
    let app = TestApp::start().await;
    let target = org_id(&app.user("megan")).await;
    let session = operator(&app, "adele@contoso.com").await;
    let value = session.cookie("csrf-token").expect("they are signed in");
    let path = format!("{TENANTS}/{target}?confirm=Fabrikam&reason=x");
    for headers in [
        &[][..],
        &[("origin", SERVICE)],
        &[("x-csrf-token", "wrong")],
        &[("x-csrf-token", value.as_str()), ("origin", "https://evil.example")],
    ] {
        let refused = session.send_bare(Method::DELETE, &path, headers).await.expect(403);
        assert_eq!(refused.code(), "CSRF_INVALID", "{headers:?}");
    }
    app.user("megan").get(ME).await.expect(200);
    post(&session, &format!("{TENANTS}/{target}/restore"), json!({ "reason": "x" })).await.expect(404);
}

/// A look is told in the organization that it is at, with a reason: another site's page would have the operator tell lies.
#[tokio::test]
async fn a_page_of_another_site_makes_no_look_in_an_operators_name() {
    let app = TestApp::start().await;
    let target = org_id(&app.user("megan")).await;
    let session = operator(&app, "adele@contoso.com").await;
    let path = format!("{TENANTS}/{target}?reason=none");
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let refused = session.send_bare(Method::GET, &path, &[header]).await.expect(403);
        assert_eq!(refused.code(), "CSRF_INVALID", "{header:?}");
    }
    assert!(recorded(&app, "organization.viewed").await.is_empty());
    for header in [("sec-fetch-site", "same-origin"), ("origin", SERVICE)] {
        session.send_bare(Method::GET, &path, &[header]).await.expect(200);
    }
    // A bearer is sent by no page that was not given it.
    let token = session.cookie("accessToken").expect("they are signed in");
    app.token(&token).with("sec-fetch-site", "cross-site").get(&path).await.expect(200);
    assert_eq!(recorded(&app, "organization.viewed").await.len(), 3);
}

//! Going on with a session: rotation, tabs that race, copies that come back.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Actor, TestApp};

use super::{ME, REFRESH};

/// A client without cookies, and its refresh token.
async fn native(app: &TestApp, who: &str) -> (Actor, String) {
    let token = app.signed_in(who).await.cookie("refreshToken").expect("it is there");
    (app.anonymous().with("x-auth-strategy", "bearer"), token)
}

fn body(token: &str) -> Value {
    json!({ "refreshToken": token })
}

#[tokio::test]
async fn an_access_token_lasts_a_quarter_of_an_hour_and_a_refresh_gives_the_next() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let before = browser.cookie("accessToken");
    app.advance(TimeDelta::minutes(15));
    assert_eq!(browser.get(ME).await.expect(401).code(), "UNAUTHORIZED");
    let refreshed = browser.post(REFRESH).await.expect(200);
    assert_eq!(refreshed.at("/data/accessToken"), json!(null), "a browser has it in a cookie");
    assert_ne!(browser.cookie("accessToken"), before);
    browser.get(ME).await.expect(200);
    let events = "SELECT count(*) AS n FROM events WHERE name = 'identity.session.rotated'";
    assert_eq!(app.database.count(events).await, 1);
}

#[tokio::test]
async fn a_client_without_cookies_has_its_tokens_in_the_body() {
    let app = TestApp::start().await;
    let (client, token) = native(&app, "alex@contoso.com").await;
    let refreshed = client.post(REFRESH, body(&token)).await.expect(200);
    assert!(refreshed.headers.get("set-cookie").is_none(), "never both");
    app.token(&refreshed.text_at("/data/accessToken")).get(ME).await.expect(200);
    let next = refreshed.text_at("/data/refreshToken");
    assert_ne!(next, token);
    client.post(REFRESH, body(&next)).await.expect(200);
}

#[tokio::test]
async fn tabs_that_race_get_the_same_successor_for_half_a_minute() {
    let app = TestApp::start().await;
    let (client, token) = native(&app, "alex@contoso.com").await;
    let racing = (0..8).map(|_| client.post(REFRESH, body(&token)));
    let mut successors = Vec::new();
    for refreshed in futures_util::future::join_all(racing).await {
        successors.push(refreshed.expect(200).text_at("/data/refreshToken"));
    }
    assert_eq!(
        app.database.count("SELECT count(*) AS n FROM events WHERE name = 'identity.session.rotated'").await,
        1
    );
    app.advance(TimeDelta::seconds(29));
    client.post(REFRESH, body(&token)).await.expect(200);
    // Whichever of them a tab has kept goes on.
    client.post(REFRESH, body(&successors[0])).await.expect(200);
    client.post(REFRESH, body(&successors[7])).await.expect(200);
}

#[tokio::test]
async fn a_copy_that_comes_back_later_ends_the_session_for_the_thief_and_for_the_owner() {
    let app = TestApp::start().await;
    let (client, stolen) = native(&app, "alex@contoso.com").await;
    let other = app.signed_in("alex@contoso.com").await;
    let owner = client.post(REFRESH, body(&stolen)).await.expect(200);
    app.advance(TimeDelta::seconds(31));
    assert_eq!(client.post(REFRESH, body(&stolen)).await.expect(401).code(), "SESSION_REVOKED");
    let next = body(&owner.text_at("/data/refreshToken"));
    assert_eq!(client.post(REFRESH, next).await.expect(401).code(), "SESSION_REVOKED");
    let access = owner.text_at("/data/accessToken");
    assert_eq!(app.token(&access).get(ME).await.expect(401).code(), "SESSION_REVOKED");
    other.get(ME).await.expect(200);
    let revoked = app.database.query("SELECT data FROM events WHERE name = 'identity.session.revoked'").await;
    assert_eq!(revoked.len(), 1);
    assert!(revoked[0]["data"].to_string().contains("reuse"), "{revoked:?}");
}

#[tokio::test]
async fn a_copy_of_two_tokens_ago_ends_it_at_once() {
    let app = TestApp::start().await;
    let (client, first) = native(&app, "alex@contoso.com").await;
    let second = client.post(REFRESH, body(&first)).await.expect(200).text_at("/data/refreshToken");
    client.post(REFRESH, body(&second)).await.expect(200);
    assert_eq!(client.post(REFRESH, body(&first)).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test]
async fn a_session_slides_for_a_week_and_ends_when_nobody_uses_it() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    for _ in 0..3 {
        app.advance(TimeDelta::days(6));
        browser.post(REFRESH).await.expect(200);
    }
    app.advance(TimeDelta::days(7));
    assert_eq!(browser.post(REFRESH).await.expect(401).code(), "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn how_long_tokens_last_is_the_operators_choice() {
    let settings = [("ACCESS_TOKEN_TTL", "2m"), ("REFRESH_TOKEN_TTL", "1h")];
    let mut builder = TestApp::builder();
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    let app = builder.start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    app.advance(TimeDelta::minutes(2));
    browser.get(ME).await.expect(401);
    browser.post(REFRESH).await.expect(200);
    app.advance(TimeDelta::hours(1));
    browser.post(REFRESH).await.expect(401);
}

#[tokio::test]
async fn whoever_may_not_come_any_more_does_not_go_on() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let me = browser.get(ME).await.expect(200);
    let admin = app.user("adele");
    let member = me.text_at("/data/id");
    admin.post(&format!("/api/members/{member}/suspend"), json!(null)).await.expect(200);
    assert_eq!(browser.get(ME).await.expect(403).code(), "USER_DISABLED");
    assert_eq!(browser.post(REFRESH).await.expect(403).code(), "USER_DISABLED");
    let again = app.browser().sign_in("alex@contoso.com").await.expect(403);
    assert!(again.text.contains("USER_DISABLED"), "{}", again.text);
    admin.post(&format!("/api/members/{member}/reactivate"), json!(null)).await.expect(200);
    browser.post(REFRESH).await.expect(200);
    app.suspend(&me.text_at("/data/organization/id")).await;
    assert_eq!(browser.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    assert_eq!(browser.post(REFRESH).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    let again = app.browser().sign_in("alex@contoso.com").await.expect(403);
    assert!(again.text.contains("ORGANIZATION_SUSPENDED"), "{}", again.text);
}

#[tokio::test]
async fn a_membership_that_is_no_more_the_accounts_opens_nothing() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let replica = app.replica().await;
    app.database.execute("UPDATE users SET account_id = NULL").await;
    let token = browser.cookie("accessToken").unwrap();
    assert_eq!(replica.token(&token).get(ME).await.expect(401).code(), "SESSION_REVOKED");
    assert_eq!(browser.post(REFRESH).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test]
async fn without_a_refresh_token_there_is_nothing_to_go_on_with() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    assert_eq!(
        nobody.post(REFRESH, json!({ "refreshToken": "x" })).await.expect(401).code(),
        "INVALID_REFRESH_TOKEN"
    );
    let empty = app.browser().post(REFRESH).await.expect(401);
    assert_eq!(empty.code(), "INVALID_REFRESH_TOKEN");
    assert!(empty.header("www-authenticate").is_some());
    nobody.post(REFRESH, json!({ "token": "x" })).await.expect(400);
}

#[tokio::test]
async fn a_session_is_refreshed_so_often_and_no_more() {
    let app = TestApp::builder().set("RATE_LIMIT_AUTH", "3/15m").start().await;
    let (client, mut token) = native(&app, "alex@contoso.com").await;
    for _ in 0..3 {
        token = client.post(REFRESH, body(&token)).await.expect(200).text_at("/data/refreshToken");
    }
    let refused = client.post(REFRESH, body(&token)).await.expect(429);
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.header("retry-after").is_some());
    app.advance(TimeDelta::minutes(5));
    client.post(REFRESH, body(&token)).await.expect(200);
}

//! What cannot be taken back takes somebody who has just shown who they are. The way in: whoever has a session, a token
//! or a browser of somebody's, and not what they sign in with.

use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use tests::{Browser, Response, TestApp, emulator::TokenRequest};

use super::{ME, REFRESH, START};

const DELETE: &str = "/api/organization?confirm=contoso.com";
/// In base64: `{"access_token":{"auth_time":{"essential":true}}}`.
const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4iOnsiYXV0aF90aW1lIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==";
const ADELE: &str = "adele@contoso.com";

async fn delete(browser: &Browser) -> Response {
    browser.send(Method::DELETE, DELETE, None).await
}

#[track_caller]
fn asked_again(response: &Response) {
    assert_eq!((response.status.as_u16(), response.code().as_str()), (401, "INTERACTION_REQUIRED"));
    assert_eq!(response.at("/error/details/maxAge"), json!(900));
    let challenge = response.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("max_age=\"900\""), "{challenge}");
}

/// A sign-in that Microsoft answers without asking anything, since the browser is signed in there.
async fn silently(app: &TestApp, browser: &Browser) -> Response {
    app.advance(TimeDelta::seconds(1));
    browser.sign_in(ADELE).await.expect(303)
}

#[tokio::test]
async fn a_session_of_just_now_may_and_an_older_one_is_shown_where_to_sign_in_again() {
    let app = TestApp::start().await;
    let browser = app.signed_in(ADELE).await;
    app.advance(TimeDelta::minutes(14));
    // The name is wrong, so this went as far as that.
    let wrong = browser.send(Method::DELETE, "/api/organization?confirm=x", None).await;
    assert_eq!(wrong.expect(409).code(), "CONFLICT");
    app.advance(TimeDelta::minutes(2));
    browser.post(REFRESH).await.expect(200);
    let refused = delete(&browser).await;
    asked_again(&refused);
    assert!(
        refused.header("www-authenticate").unwrap().contains("error=\"insufficient_user_authentication\"")
    );
    let link = refused.text_at("/error/details/signInUrl");
    assert_eq!(link, "http://localhost:4000/api/oauth/microsoft/start?prompt=login&max_age=900");
    browser.get(ME).await.expect(200);
    let start = link.strip_prefix("http://localhost:4000").unwrap();
    browser.sign_in_from(start, ADELE).await.expect(303);
    delete(&browser).await.expect(200);
}

/// Somebody's browser is open, and signed in at Microsoft.
#[tokio::test]
async fn a_new_session_that_nobody_was_asked_for_is_not_a_sign_in() {
    let app = TestApp::start().await;
    let browser = app.signed_in(ADELE).await;
    app.advance(TimeDelta::minutes(20));
    silently(&app, &browser).await;
    browser.get(ME).await.expect(200);
    asked_again(&delete(&browser).await);
    browser.post(REFRESH).await.expect(200);
    asked_again(&delete(&browser).await);
}

#[tokio::test]
async fn taking_the_age_out_of_the_address_ends_on_a_page() {
    let app = TestApp::start().await;
    let browser = app.signed_in(ADELE).await;
    app.advance(TimeDelta::minutes(30));
    let started = browser.get(&format!("{START}?prompt=login&max_age=900")).await.expect(303);
    let address = started.header("location").unwrap().to_owned();
    assert!(address.contains("&max_age=900") && address.contains("&prompt=login"), "{address}");
    let without = address.replace("&max_age=900", "").replace("&prompt=login", "");
    let callback = browser.at_authority(&without, ADELE).await;
    let page = browser.get(&callback).await.expect(502);
    assert!(page.text.contains("Microsoft did not ask who you are"), "{}", page.text);
    assert!(page.text.contains("prompt=login"), "{}", page.text);
    browser.post(REFRESH).await.expect(200);
    asked_again(&delete(&browser).await);
}

#[tokio::test]
async fn how_recent_is_for_the_operator_to_say() {
    let app = TestApp::builder().set("TENANT_POLICY", "open").set("RECENT_SIGN_IN", "1m").start().await;
    let browser = app.signed_in(ADELE).await;
    app.advance(TimeDelta::seconds(61));
    let refused = delete(&browser).await.expect(401);
    assert_eq!(refused.at("/error/details/maxAge"), json!(60));
}

#[tokio::test]
async fn an_access_token_must_say_itself_when_its_person_signed_in() {
    let app = TestApp::start().await;
    let now = app.clock.peek().timestamp();
    for (what, auth_time) in [
        ("nothing", Value::Null),
        ("too long ago", json!(now - 901)),
        ("in a while", json!(now + 3_600)),
        ("a text", json!(now.to_string())),
        ("nonsense", json!([now])),
    ] {
        // It was issued this moment, which proves nothing: refreshing does that.
        let token = TokenRequest::user("adele").claim("auth_time", auth_time);
        let adele = app.bearer(&token);
        adele.get(ME).await.expect(200);
        let refused = adele.delete(DELETE).await;
        asked_again(&refused);
        let challenge = refused.header("www-authenticate").unwrap();
        let claims = refused.text_at("/error/details/claims");
        assert_eq!(claims, r#"{"access_token":{"auth_time":{"essential":true}}}"#, "{what}");
        let sent = format!("error=\"insufficient_claims\", claims=\"{CLAIMS}\"");
        assert!(challenge.contains(&sent) && challenge.contains("authorization_uri="), "{challenge}");
    }
    let adele = app.user("adele");
    app.advance(TimeDelta::minutes(16));
    asked_again(&adele.delete(DELETE).await);
    app.user("adele").delete(DELETE).await.expect(200);
}

#[tokio::test]
async fn nobody_but_a_person_signs_in() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let daemon = app.application("Stranger", "contoso", &["Tenantry.Admin"]);
    adele.get(ME).await.expect(200);
    assert_eq!(daemon.delete(DELETE).await.expect(403).code(), "FORBIDDEN");
    let key = json!({ "name": "workflow", "scopes": ["organization:delete"] });
    adele.post("/api/api-keys", key).await.expect(400);
    app.user("adele").get(ME).await.expect(200);
}

#[tokio::test]
async fn who_lacks_the_permission_is_not_sent_to_sign_in() {
    let app = TestApp::start().await;
    let alex = app.signed_in("alex@contoso.com").await;
    app.advance(TimeDelta::minutes(20));
    alex.post(REFRESH).await.expect(200);
    assert_eq!(delete(&alex).await.expect(403).code(), "FORBIDDEN");
}

//! Requests that other pages cause with somebody's cookies.

use poem::http::Method;
use serde_json::json;
use tests::{SERVICE, TestApp};

use super::{ME, REFRESH, SESSIONS};

#[tokio::test]
async fn what_changes_something_needs_the_value_and_a_page_that_may_call() {
    let app = TestApp::builder().set("CORS_ORIGINS", "https://app.example.com").start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let value = browser.cookie("csrf-token").unwrap();
    let good = [("x-csrf-token", value.as_str())];
    let end = async |headers: &[(&str, &str)]| browser.send_bare(Method::DELETE, SESSIONS, headers).await;
    for headers in [
        &[][..],
        &[("x-csrf-token", "")],
        &[("x-csrf-token", "wrong")],
        &[("x-csrf-token", value.as_str()), ("origin", "https://evil.example")],
        &[("x-csrf-token", value.as_str()), ("origin", "null")],
        &[("x-csrf-token", value.as_str()), ("origin", "http://localhost:4001")],
        &[("x-csrf-token", value.as_str()), ("origin", "http://localhost:4000.evil.example")],
        &[("x-csrf-token", value.as_str()), ("sec-fetch-site", "cross-site")],
        &[("x-csrf-token", value.as_str()), ("sec-fetch-site", "same-site")],
        &[("origin", SERVICE)],
    ] {
        assert_eq!(end(headers).await.expect(403).code(), "CSRF_INVALID", "{headers:?}");
    }
    end(&good).await.expect(200);
    end(&[good[0], ("origin", SERVICE)]).await.expect(200);
    end(&[good[0], ("origin", "https://app.example.com")]).await.expect(200);
    end(&[good[0], ("sec-fetch-site", "same-origin")]).await.expect(200);
    // Reading changes nothing, and a page of another site cannot read the answer.
    browser.send_bare(Method::GET, ME, &[("origin", "https://evil.example")]).await.expect(200);
}

#[tokio::test]
async fn refreshing_and_signing_out_are_changes_too() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    for path in [REFRESH, "/api/auth/logout"] {
        let refused = browser.send_bare(Method::POST, path, &[]).await.expect(403);
        assert_eq!(refused.code(), "CSRF_INVALID", "{path}");
        let foreign = [("origin", "https://evil.example")];
        browser.send_bare(Method::POST, path, &foreign).await.expect(403);
    }
    browser.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_value_is_of_one_session_and_a_planted_one_is_none() {
    let app = TestApp::start().await;
    let (victim, attacker) =
        (app.signed_in("alex@contoso.com").await, app.signed_in("nestor@fabrikam.com").await);
    // A neighboring domain can set a cookie; it has its own session's value, or one that it made up.
    for planted in [attacker.cookie("csrf-token").unwrap(), "AAAAAAAAAAAAAAAAAAAAAAAA".to_owned()] {
        victim.plant("csrf-token", &planted);
        let refused = victim.send(Method::DELETE, SESSIONS, None).await.expect(403);
        assert_eq!(refused.code(), "CSRF_INVALID");
    }
    victim.lose("csrf-token");
    let value = victim.get("/api/auth/csrf").await.expect(200).text_at("/data/csrfToken");
    assert_eq!(victim.cookie("csrf-token").as_deref(), Some(value.as_str()));
    victim.send(Method::DELETE, SESSIONS, None).await.expect(200);
    assert_eq!(victim.get("/api/auth/csrf").await.expect(200).text_at("/data/csrfToken"), value);
}

#[tokio::test]
async fn the_value_is_renewed_with_every_refresh_and_the_one_before_is_still_the_sessions() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let before = browser.cookie("csrf-token");
    browser.post(REFRESH).await.expect(200);
    assert_ne!(browser.cookie("csrf-token"), before);
    browser.send(Method::DELETE, SESSIONS, None).await.expect(200);
}

#[tokio::test]
async fn a_bearer_needs_no_value() {
    let app = TestApp::start().await;
    let token = app.signed_in("alex@contoso.com").await.cookie("accessToken").unwrap();
    let note = json!({ "siteId": "s", "driveId": "d", "itemId": "i", "note": "mine" });
    app.token(&token).with("origin", "https://evil.example").post("/api/annotations", note).await.expect(201);
    assert_eq!(app.user("alex").get("/api/auth/csrf").await.expect(200).at("/data/csrfToken"), json!(null));
}

#[tokio::test]
async fn switched_off_the_exact_origin_is_still_wanted() {
    let app = TestApp::builder().set("ENABLE_CSRF", "false").start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let end = async |headers: &[(&str, &str)]| browser.send_bare(Method::DELETE, SESSIONS, headers).await;
    end(&[]).await.expect(403);
    end(&[("origin", "https://evil.example")]).await.expect(403);
    end(&[("sec-fetch-site", "cross-site")]).await.expect(403);
    end(&[("origin", SERVICE)]).await.expect(200);
    end(&[("sec-fetch-site", "same-origin")]).await.expect(200);
}

//! Calls from pages of other origins.

use poem::http::Method;
use tests::{Actor, Response, TestApp};

const APP: &str = "https://app.example.com";

async fn app() -> TestApp {
    TestApp::builder().set("CORS_ORIGINS", "https://app.example.com,http://localhost:5173").start().await
}

async fn preflight(actor: &Actor, origin: &str, path: &str) -> Response {
    actor
        .with("origin", origin)
        .with("access-control-request-method", "PATCH")
        .with("access-control-request-headers", "authorization,content-type,if-match")
        .send(Method::OPTIONS, path, None)
        .await
}

#[tokio::test]
async fn a_preflight_is_answered_before_anybody_authenticates() {
    let app = app().await;
    let answer = preflight(&app.anonymous(), APP, "/api/auth/organization").await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
    let methods = answer.header("access-control-allow-methods").unwrap();
    assert!(methods.split(", ").any(|method| method == "PATCH"), "{methods}");
    let headers = answer.header("access-control-allow-headers").unwrap();
    let needed = [
        "Authorization",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Idempotency-Key",
        "Range",
    ];
    for header in needed {
        assert!(headers.split(", ").any(|allowed| allowed == header), "{headers}");
    }
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_page_reads_refusals_and_their_challenge_too() {
    let app = app().await;
    let refused = app.anonymous().with("origin", APP).get("/api/auth/me").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some(APP));
    let exposed = refused.header("access-control-expose-headers").unwrap().to_owned();
    let needed =
        ["WWW-Authenticate", "ETag", "Location", "Retry-After", "RateLimit-Remaining", "X-Request-Id"];
    let of_files = ["Accept-Ranges", "Content-Disposition", "Content-Range"];
    for header in needed.into_iter().chain(of_files) {
        assert!(exposed.split(", ").any(|name| name == header), "{exposed}");
    }
    let nowhere = app.anonymous().with("origin", APP).get("/nowhere").await.expect(404);
    assert_eq!(nowhere.header("access-control-allow-origin"), Some(APP));
    let me = app.user("adele").with("origin", APP).get("/api/auth/me").await.expect(200);
    assert_eq!(me.header("access-control-allow-origin"), Some(APP));
}

#[tokio::test]
async fn other_origins_get_nothing_however_similar_they_are() {
    let app = app().await;
    let others = [
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://sub.app.example.com",
        "HTTPS://APP.EXAMPLE.COM",
        "null",
        "*",
    ];
    for origin in others {
        let refused = preflight(&app.anonymous(), origin, "/api/auth/me").await.expect(403);
        assert_eq!(refused.code(), "FORBIDDEN");
        let answer = app.user("adele").with("origin", origin).get("/api/auth/me").await.expect(200);
        for answer in [refused, answer] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
        }
    }
}

#[tokio::test]
async fn what_is_no_preflight_is_an_operation_like_any() {
    let app = app().await;
    app.anonymous().with("origin", APP).send(Method::OPTIONS, "/api/auth/me", None).await.expect(405);
    app.anonymous().send(Method::OPTIONS, "/api/auth/me", None).await.expect(405);
}

#[tokio::test]
async fn without_origins_no_page_may_call() {
    let app = TestApp::start().await;
    preflight(&app.anonymous(), APP, "/api/auth/me").await.expect(403);
    let answer = app.user("adele").with("origin", APP).get("/api/auth/me").await.expect(200);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, None));
}

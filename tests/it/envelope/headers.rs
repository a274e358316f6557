//! What every response has, whatever it says.

use poem::http::Method;
use serde_json::json;
use tests::{Response, TestApp};

use crate::annotations::taxonomy;

#[track_caller]
fn has_the_headers_of_every_response(response: &Response) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        let values: Vec<_> = response.headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{name} of {} {}", response.status, response.text);
    }
    assert_eq!(response.headers.get_all("x-request-id").iter().count(), 1);
    assert_eq!(response.header("server"), None);
}

#[tokio::test]
async fn every_response_has_them_success_and_refusal_alike() {
    let app = TestApp::start().await;
    let (nobody, member, admin) = (app.anonymous(), app.user("alex"), app.user("adele"));
    let path = format!("/api/taxonomies/{}", taxonomy(&admin, "Topics").await);
    let name = || json!({ "name": "Topics" });
    let raw = |body: &'static str| admin.send_raw(Method::POST, "/api/taxonomies", Some("text/plain"), body);
    let large = admin.with("content-length", "9999999");
    for (status, response) in [
        (200, nobody.get("/healthz").await),
        (200, nobody.get("/readyz").await),
        (200, nobody.get("/openapi.json").await),
        (200, member.get("/api/auth/me").await),
        (200, member.get("/api/taxonomies").await),
        (200, admin.patch(&path, json!({})).await),
        (201, admin.post("/api/taxonomies", json!({ "name": "Places" })).await),
        (304, member.with("if-none-match", "*").get(&path).await),
        (400, admin.post("/api/taxonomies", json!({})).await),
        (401, nobody.get("/api/auth/me").await),
        (401, app.token("x").get("/api/auth/me").await),
        (403, member.post("/api/taxonomies", name()).await),
        (404, nobody.get("/nowhere").await),
        (405, nobody.delete("/healthz").await),
        (409, admin.post("/api/taxonomies", name()).await),
        (412, admin.with("if-match", "\"9\"").delete(&path).await),
        (413, large.post("/api/taxonomies", name()).await),
        (415, raw("x").await),
        (204, admin.delete(&path).await),
    ] {
        has_the_headers_of_every_response(&response.expect(status));
    }
    let not_ready = TestApp::builder().without_keys().start().await;
    has_the_headers_of_every_response(&not_ready.anonymous().get("/readyz").await.expect(503));
}

#[tokio::test]
async fn a_clients_request_id_is_taken_when_it_is_a_plain_word() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let longest = "x".repeat(64);
    for word in ["a", "Abc-123_4.5", "01890000-0000-7000-8000-000000000000", &longest] {
        let response = admin.with("x-request-id", word).get("/api/auth/me").await.expect(200);
        assert_eq!(response.header("x-request-id"), Some(word));
        let refusal = admin.with("x-request-id", word).get("/nowhere").await.expect(404);
        assert_eq!(refusal.header("x-request-id"), Some(word));
        assert_eq!(refusal.at("/error/requestId"), json!(word));
    }
    admin.with("x-request-id", "mine").post("/api/taxonomies", json!({ "name": "x" })).await.expect(201);
    assert_eq!(app.database.count("SELECT count(*) FROM events WHERE request_id = 'mine'").await, 1);
}

#[tokio::test]
async fn a_clients_request_id_that_is_no_plain_word_is_replaced() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let too_long = "x".repeat(65);
    for odd in ["", " ", "a b", "a\"b", "<script>", "a/b", "a,b", "é", "%0a", "${jndi}", &too_long] {
        let response = admin.with("x-request-id", odd).get("/nowhere").await.expect(404);
        let given = response.text_at("/error/requestId");
        assert!(given.parse::<uuid::Uuid>().is_ok(), "{odd} became {given}");
        assert_eq!(response.header("x-request-id"), Some(given.as_str()));
    }
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let app = TestApp::start().await;
    let one = app.anonymous().get("/healthz").await;
    let other = app.anonymous().get("/healthz").await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

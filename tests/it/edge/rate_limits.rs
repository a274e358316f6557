//! Limits by principal and by organization. Those by address are tested where there are addresses.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_principal_is_limited_and_told_when_to_come_back() {
    let app = TestApp::builder().set("RATE_LIMIT_PRINCIPAL", "3/6s").start().await;
    let adele = app.user("adele");
    for remaining in ["2", "1", "0"] {
        let answer = adele.get("/api/auth/me").await.expect(200);
        assert_eq!(answer.header("ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("ratelimit-remaining"), Some(remaining));
        assert_eq!(answer.header("ratelimit-policy"), Some("3;w=6;comment=\"principal\""));
    }
    let refused = adele.get("/api/auth/me").await.expect(429);
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), Some("2"));
    assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
    assert_eq!(refused.header("ratelimit-reset"), Some("6"));

    app.user("adele").get("/api/auth/me").await.expect(429);
    app.user("megan").get("/api/auth/me").await.expect(200);
    app.advance(TimeDelta::seconds(2));
    adele.get("/api/auth/me").await.expect(200);
    adele.get("/api/auth/me").await.expect(429);
}

#[tokio::test]
async fn an_organization_is_limited_whoever_of_it_calls() {
    let app = TestApp::builder()
        .set("RATE_LIMIT_ORGANIZATION", "2/10s")
        .set("RATE_LIMIT_PRINCIPAL", "100/10s")
        .start()
        .await;
    app.user("adele").get("/api/auth/me").await.expect(200);
    let second = app.user("alex").get("/api/auth/me").await.expect(200);
    assert_eq!(second.header("ratelimit-limit"), Some("2"), "the limit that is nearest to a refusal");
    let policy = "100;w=10;comment=\"principal\", 2;w=10;comment=\"organization\"";
    assert_eq!(second.header("ratelimit-policy"), Some(policy));
    app.user("adele").get("/api/auth/me").await.expect(429);
    app.user("megan").get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_refused_write_writes_nothing() {
    let app = TestApp::builder().set("RATE_LIMIT_PRINCIPAL", "1/10s").start().await;
    let adele = app.user("adele");
    adele.post("/api/taxonomies", json!({ "name": "Colors" })).await.expect(201);
    adele.post("/api/taxonomies", json!({ "name": "Sizes" })).await.expect(429);
    assert_eq!(app.database.count("SELECT count(*) AS n FROM taxonomies").await, 1);
}

#[tokio::test]
async fn without_limits_there_are_no_headers() {
    let app = TestApp::start().await;
    let answer = app.user("adele").get("/api/auth/me").await.expect(200);
    assert_eq!(answer.header("ratelimit-limit"), None);
    assert_eq!(answer.header("ratelimit-policy"), None);
}

//! The log of a key's uses, and how often it may be used.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestApp;

use super::{KEYS, ME, key, refused};

#[tokio::test]
async fn every_attempt_is_in_the_log_refused_ones_too_and_the_last_use_beside_the_key() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (actor, id) = key(&app, &adele, &["taxonomies:read"], json!({})).await;
    for _ in 0..3 {
        actor.get("/api/taxonomies").await.expect(200);
    }
    refused(&actor.get("/api/members").await, 403, "API_KEY_INSUFFICIENT_SCOPE");
    let path = format!("{KEYS}/{id}");
    assert_eq!(adele.get(&path).await.expect(200).at("/data/lastUsedAt"), Value::Null, "written late");
    app.app.turn_background().await.unwrap();
    let shown = adele.get(&path).await.expect(200);
    assert!(shown.at("/data/lastUsedAt").is_string());
    adele.delete(&format!("{path}/revoke")).await.expect(200);
    refused(&actor.get(ME).await, 401, "API_KEY_REVOKED");
    app.app.turn_background().await.unwrap();

    let uses = adele.get(&format!("{path}/usage")).await.expect(200);
    let rows: Vec<Value> = uses.at("/data").as_array().unwrap().clone();
    let told = |row: &Value| {
        (row["method"].clone(), row["path"].clone(), row["outcome"].clone(), row["count"].clone())
    };
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [
            (json!("GET"), json!(ME), json!("revoked"), json!(1)),
            (json!("GET"), json!("/api/members"), json!("insufficient_scope"), json!(1)),
            (json!("GET"), json!("/api/taxonomies"), json!("allowed"), json!(3)),
        ]
    );
    assert!(rows[2]["firstAt"].as_str() < rows[2]["lastAt"].as_str());
    // Of a key that nobody has there is no row.
    app.token(&format!("ak_{}", "0".repeat(48))).get(ME).await.expect(401);
    app.app.turn_background().await.unwrap();
    assert_eq!(app.database.count("SELECT count(*) FROM api_key_uses").await, 3);
}

#[tokio::test]
async fn a_hot_key_asks_no_database() {
    let app = TestApp::start().await;
    let (actor, _) = key(&app, &app.user("adele"), &[], json!({})).await;
    actor.get(ME).await.expect(200);
    let before = app.app.statements();
    for _ in 0..10 {
        actor.get(ME).await.expect(200);
    }
    assert_eq!(app.app.statements(), before);
}

#[tokio::test]
async fn a_key_with_a_limit_of_its_own_is_held_to_it_and_its_owner_is_not() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (limited, _) = key(&app, &adele, &[], json!({ "requestsPerMinute": 3 })).await;
    let (other, _) = key(&app, &adele, &[], json!({ "requestsPerMinute": 3 })).await;
    for _ in 0..3 {
        limited.get(ME).await.expect(200);
    }
    let refused = limited.get(ME).await.expect(429);
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(refused.header("ratelimit-limit"), Some("3"));
    other.get(ME).await.expect(200);
    adele.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(20));
    limited.get(ME).await.expect(200);
}

#[tokio::test]
async fn the_general_limit_counts_each_key_beside_its_owner() {
    let app = TestApp::builder().set("RATE_LIMIT_PRINCIPAL", "4/10s").start().await;
    let adele = app.user("adele");
    let (one, _) = key(&app, &adele, &[], json!({})).await;
    let (other, _) = key(&app, &adele, &[], json!({})).await;
    for actor in [&one, &other] {
        for _ in 0..4 {
            actor.get(ME).await.expect(200);
        }
        actor.get(ME).await.expect(429);
    }
    adele.get(ME).await.expect(200);
}

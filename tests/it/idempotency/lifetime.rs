//! When a key is remembered, and until when.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestApp;

use super::{ANNOTATIONS, TAXONOMIES, events, id, is_replayed, keyed, keys, named, on_item, taxonomies};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_is_refused_leaves_no_key_so_the_next_one_runs() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let taken = id(&admin.post(TAXONOMIES, named("Topics")).await.expect(201));
    let keyed = keyed(&admin, "k");
    for _ in 0..100 {
        let refused = keyed.post(TAXONOMIES, named("Topics")).await.expect(409);
        assert!(refused.header("retry-after").is_none(), "the one before is over: {}", refused.text);
    }
    assert_eq!(keys(&app).await, 0);
    // What stood in the way is gone: the same request runs.
    admin.delete(&format!("{TAXONOMIES}/{taken}")).await.expect(204);
    let made = keyed.post(TAXONOMIES, named("Topics")).await.expect(201);
    assert!(!is_replayed(&made));
    assert_eq!((taxonomies(&app).await, keys(&app).await), (1, 1));
}

#[tokio::test]
async fn after_a_refusal_the_key_may_come_with_another_body() {
    let app = TestApp::start().await;
    let admin = keyed(&app.user("adele"), "k");
    let unknown = "01890000-0000-7000-8000-000000000000";
    let mut body = on_item("item");
    body["termIds"] = json!([unknown]);
    admin.post(ANNOTATIONS, body).await.expect(400);
    admin.post(ANNOTATIONS, json!({})).await.expect(400);
    admin.post(&format!("{TAXONOMIES}/{unknown}/terms"), json!({ "label": "Law" })).await.expect(404);
    assert_eq!((keys(&app).await, events(&app, "annotation.created").await), (0, 0));
    admin.post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert_eq!(keys(&app).await, 1);
}

#[tokio::test]
async fn a_key_is_free_after_24_hours() {
    let app = TestApp::start().await;
    let first = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    app.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    let again = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert_eq!((id(&again), is_replayed(&again)), (id(&first), true));
    app.advance(TimeDelta::seconds(1));
    let adele = keyed(&app.user("adele"), "k");
    let other = adele.post(ANNOTATIONS, on_item("another")).await.expect(201);
    assert!(!is_replayed(&other), "even with another body");
    assert_ne!(id(&other), id(&first));
    let again = adele.post(ANNOTATIONS, on_item("another")).await.expect(201);
    assert_eq!((id(&again), is_replayed(&again)), (id(&other), true));
    assert_eq!(keys(&app).await, 1);
}

#[tokio::test]
async fn a_repeat_does_not_prolong_the_key() {
    let app = TestApp::start().await;
    let first = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    app.advance(TimeDelta::hours(23));
    let again = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert_eq!(id(&again), id(&first));
    app.advance(TimeDelta::hours(2));
    let later = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert_ne!(id(&later), id(&first));
}

#[tokio::test]
async fn new_keys_take_some_expired_ones_of_their_organization_with_them() {
    let app = TestApp::start().await;
    keyed(&app.user("megan"), "theirs").post(ANNOTATIONS, on_item("item")).await.expect(201);
    let adele = app.user("adele");
    for number in 0..20 {
        keyed(&adele, &format!("old-{number}")).post(ANNOTATIONS, on_item("item")).await.expect(201);
    }
    assert_eq!(keys(&app).await, 21);
    app.advance(TimeDelta::hours(25));
    let adele = app.user("adele");
    // Each adds one and takes eight, until only the other organization's is left of the old ones.
    for (key, left) in [("a", 14), ("b", 7), ("c", 4), ("d", 5)] {
        keyed(&adele, key).post(ANNOTATIONS, on_item("item")).await.expect(201);
        assert_eq!(keys(&app).await, left, "{key}");
    }
}

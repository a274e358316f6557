//! The part of an item that an annotation means.

use serde_json::json;
use tests::TestApp;

use super::on_item;

#[tokio::test]
async fn a_place_is_a_page_or_a_range_of_text() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    for place in [
        json!({ "page": 1, "textStart": null, "textEnd": null }),
        json!({ "page": u32::MAX, "textStart": null, "textEnd": null }),
        json!({ "page": null, "textStart": 0, "textEnd": 1 }),
        json!({ "page": null, "textStart": 5, "textEnd": u32::MAX }),
    ] {
        let mut given = place.clone();
        given.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let made = author.post("/api/annotations", on_item("a", json!({ "place": given }))).await.expect(201);
        assert_eq!(made.at("/data/place"), place);
    }
    let whole = author.post("/api/annotations", on_item("a", json!({}))).await.expect(201);
    assert_eq!(whole.at("/data/place"), json!(null));
}

#[tokio::test]
async fn a_place_that_is_both_or_neither_or_no_range_is_refused() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    for place in [
        json!({}),
        json!({ "page": 1, "textStart": 0, "textEnd": 1 }),
        json!({ "page": 1, "textEnd": 1 }),
        json!({ "textStart": 0 }),
        json!({ "textEnd": 1 }),
        json!({ "textStart": 3, "textEnd": 3 }),
        json!({ "textStart": 3, "textEnd": 2 }),
    ] {
        let refused =
            author.post("/api/annotations", on_item("a", json!({ "place": place }))).await.expect(400);
        let reason = refused.at("/error/details/place/0");
        assert!(
            reason.as_str().unwrap().starts_with("is either a page, or textStart and textEnd"),
            "{place}"
        );
    }
    assert_eq!(app.database.count("SELECT count(*) FROM annotations").await, 0);
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_by_its_own_field_also_where_null_is_taken() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    let made = author.post("/api/annotations", on_item("a", json!({}))).await.expect(201);
    let path = format!("/api/annotations/{}", made.text_at("/data/id"));
    for (place, field, reason) in [
        (json!({ "page": 0 }), "place.page", "is less than 1"),
        (json!({ "page": 4_294_967_296_u64 }), "place.page", "is more than 4294967295"),
        (json!({ "page": 1.5 }), "place.page", "has the wrong type"),
        (json!({ "textStart": -1, "textEnd": 1 }), "place.textStart", "is less than 0"),
        (json!({ "page": 1, "line": 2 }), "place", "has members that are not known: line"),
        (json!("page 1"), "place", "has the wrong type"),
    ] {
        let created = author.post("/api/annotations", on_item("a", json!({ "place": place }))).await;
        let patched = author.patch(&path, json!({ "place": place })).await;
        for refused in [created, patched] {
            assert_eq!(refused.expect(400).at("/error/details"), json!({ field: [reason] }), "{place}");
        }
    }
}

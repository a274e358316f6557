//! Versions of what can be edited: `ETag`, `If-Match`, `If-None-Match`.

use serde_json::json;
use tests::{Actor, TestApp};

use super::{annotation, taxonomy, term};

/// One of each thing that can be edited, with a change to it.
async fn editable(admin: &Actor) -> Vec<(String, serde_json::Value)> {
    let topics = taxonomy(admin, "Topics").await;
    let law = term(admin, &topics, "Law").await;
    let annotation = annotation(admin, "a").await;
    vec![
        (format!("/api/annotations/{annotation}"), json!({ "note": "x" })),
        (format!("/api/taxonomies/{topics}/terms/{law}"), json!({ "label": "x" })),
        (format!("/api/taxonomies/{topics}"), json!({ "name": "x" })),
        ("/api/auth/organization".to_owned(), json!({ "name": "x" })),
    ]
}

#[tokio::test]
async fn a_change_is_refused_unless_the_version_is_the_one_that_was_read() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, change) in editable(&admin).await {
        let read = admin.get(&path).await.expect(200);
        let tag = read.header("etag").expect("a version").to_owned();
        for stale in ["\"0\"", "\"99\"", "\"word\"", "\"\"", "\"-1\""] {
            let refused = admin.with("if-match", stale).patch(&path, change.clone()).await.expect(412);
            assert_eq!(refused.code(), "PRECONDITION_FAILED", "{path} {stale}");
        }
        assert_eq!(admin.get(&path).await.json(), read.json());
        let changed = admin.with("if-match", &tag).patch(&path, change.clone()).await.expect(200);
        let next = changed.header("etag").expect("a version").to_owned();
        assert_ne!(next, tag);
        admin.with("if-match", &tag).patch(&path, change.clone()).await.expect(412);
        admin.with("if-match", &next).patch(&path, change.clone()).await.expect(200);
        admin.with("if-match", "*").patch(&path, change.clone()).await.expect(200);
        admin.patch(&path, change).await.expect(200);
    }
}

#[tokio::test]
async fn a_deletion_is_refused_unless_the_version_is_the_one_that_was_read() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, _) in editable(&admin).await.into_iter().take(3) {
        admin.with("if-match", "\"2\"").delete(&path).await.expect(412);
        admin.with("if-match", "\"1\"").delete(&path).await.expect(204);
        admin.with("if-match", "*").delete(&path).await.expect(404);
    }
}

#[tokio::test]
async fn an_if_match_that_is_no_entity_tag_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, change) in editable(&admin).await {
        for wrong in ["1", "W/\"1\"", "\"1", "\"1\", \"2\"", ""] {
            let refused = admin.with("if-match", wrong).patch(&path, change.clone()).await.expect(400);
            let reason = json!({ "If-Match": ["is not one entity tag in double quotes, nor *"] });
            assert_eq!(refused.at("/error/details"), reason, "{path} {wrong}");
        }
    }
}

#[tokio::test]
async fn who_has_the_present_version_is_not_sent_it_again() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, change) in editable(&admin).await {
        let tag = admin.get(&path).await.expect(200).header("etag").expect("a version").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"0\", {tag}"), "*".to_owned()] {
            let same = admin.with("if-none-match", &known).get(&path).await.expect(304);
            assert_eq!(same.text, "");
            assert_eq!(same.header("etag"), Some(tag.as_str()));
            assert_eq!(same.header("content-type"), None);
            assert_eq!(same.header("cache-control"), Some("no-store"));
            assert!(same.header("x-request-id").is_some());
        }
        admin.with("if-none-match", "\"0\"").get(&path).await.expect(200);
        admin.patch(&path, change).await.expect(200);
        admin.with("if-none-match", &tag).get(&path).await.expect(200);
    }
    admin.with("if-none-match", "*").get("/api/annotations").await.expect(200);
}

#[tokio::test]
async fn of_two_changes_at_once_to_the_version_that_was_read_one_is_refused() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, change) in editable(&admin).await {
        let tag = admin.get(&path).await.expect(200).header("etag").expect("a version").to_owned();
        let actor = admin.with("if-match", &tag);
        let (one, other) = tokio::join!(actor.patch(&path, change.clone()), actor.patch(&path, change));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{path}");
    }
}

#[tokio::test]
async fn of_changes_at_once_without_a_version_the_last_one_wins() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (path, change) in editable(&admin).await {
        let before = admin.get(&path).await.expect(200).header("etag").map(str::to_owned);
        let patch = || admin.patch(&path, change.clone());
        for response in <[_; 4]>::from(tokio::join!(patch(), patch(), patch(), patch())) {
            response.expect(200);
        }
        let number = |tag: Option<&str>| tag.unwrap().trim_matches('"').parse::<i64>().unwrap();
        let after = admin.get(&path).await.expect(200);
        assert_eq!(number(after.header("etag")), number(before.as_deref()) + 4, "{path}");
    }
}

//! What nobody foresaw: the client learns that it happened, and the id to ask with.

use serde_json::json;
use tests::{Response, TestApp};

use super::{refused, rows};
use crate::annotations::{annotation, taxonomy};

#[track_caller]
fn tells_nothing(response: &Response) {
    assert_eq!(refused(response, 500, "INTERNAL"), json!(null));
    assert_eq!(response.at("/error/message"), json!("Something went wrong on our side"));
    let text = response.text.to_lowercase();
    for word in ["select", "insert", "sql", "table", "column", "outbox", "annotation", "relation", "panicked"]
    {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[tokio::test]
async fn a_statement_that_the_database_refuses_is_an_internal_error_without_a_word_of_it() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    let path = format!("/api/annotations/{}", annotation(&author, "a").await);
    app.database.execute("ALTER TABLE annotations RENAME COLUMN note TO elsewhere").await;
    for failed in [
        author.get("/api/annotations").await,
        author.get(&path).await,
        author.patch(&path, json!({ "note": "x" })).await,
        author.delete(&path).await,
    ] {
        tells_nothing(&failed);
    }
    // The rest goes on.
    author.get("/api/taxonomies").await.expect(200);
}

#[tokio::test]
async fn a_write_whose_event_cannot_be_written_leaves_nothing() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let path = format!("/api/taxonomies/{}", taxonomy(&admin, "Topics").await);
    let before = rows(&app).await;
    app.database.execute("ALTER TABLE outbox RENAME TO elsewhere").await;
    for failed in [
        admin.post("/api/taxonomies", json!({ "name": "Places" })).await,
        admin.patch(&path, json!({ "name": "Places" })).await,
        admin.delete(&path).await,
        admin.patch("/api/auth/organization", json!({ "name": "x" })).await,
    ] {
        tells_nothing(&failed);
    }
    app.database.execute("ALTER TABLE elsewhere RENAME TO outbox").await;
    assert_eq!(rows(&app).await, before);
    assert_eq!(admin.get(&path).await.expect(200).at("/data/name"), json!("Topics"));
    admin.post("/api/taxonomies", json!({ "name": "Places" })).await.expect(201);
}

#[tokio::test]
async fn who_cannot_be_provisioned_for_a_defect_is_told_nothing_of_it() {
    let app = TestApp::start().await;
    app.database.execute("ALTER TABLE users RENAME TO elsewhere").await;
    tells_nothing(&app.user("adele").get("/api/auth/me").await);
}

//! The one envelope of every refusal, and the headers of every response.

mod bodies;
mod failures;
mod headers;
mod json;
mod outage;
mod parameters;
mod routes;

use serde_json::{Value, json};
use tests::{Response, TestApp};

use crate::annotations::{annotation, taxonomy, term};

/// The response is the envelope with this status and code; gives its details.
#[track_caller]
fn refused(response: &Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status.as_u16(), status, "{}", response.text);
    let body = response.json();
    let error = body.get("error").and_then(Value::as_object).expect("the envelope");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    let mut members: Vec<&str> = error.keys().map(String::as_str).filter(|name| *name != "details").collect();
    members.sort_unstable();
    assert_eq!(members, ["code", "message", "requestId"]);
    let text = |member: &str| error.get(member).and_then(Value::as_str);
    assert_eq!(text("code"), Some(code), "{}", response.text);
    assert!(text("message").is_some_and(|message| !message.is_empty()));
    assert_eq!(text("requestId"), response.header("x-request-id"));
    assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    error.get("details").cloned().unwrap_or_default()
}

/// The response is a `400` with these reasons.
#[track_caller]
fn invalid(response: &Response, details: &Value) {
    assert_eq!(&refused(response, 400, "VALIDATION_FAILED"), details);
}

/// How many rows each table has.
async fn rows(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "organizations",
        "users",
        "taxonomies",
        "terms",
        "annotations",
        "annotation_terms",
        "events",
        "outbox",
    ] {
        counts.push(app.database.count(&format!("SELECT count(*) FROM {table}")).await);
    }
    counts
}

/// An operation that takes a body, and a body that it takes.
struct Operation {
    method: &'static str,
    path: String,
    body: Value,
}

/// Every operation that takes a body, on things that exist.
async fn operations(app: &TestApp) -> Vec<Operation> {
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let law = term(&admin, &topics, "Law").await;
    let note = annotation(&admin, "a").await;
    let item = json!({ "siteId": "s", "driveId": "d", "itemId": "i" });
    [
        ("POST", "/api/taxonomies".to_owned(), json!({ "name": "x" })),
        ("PATCH", format!("/api/taxonomies/{topics}"), json!({ "name": "y" })),
        ("POST", format!("/api/taxonomies/{topics}/terms"), json!({ "label": "x" })),
        ("PATCH", format!("/api/taxonomies/{topics}/terms/{law}"), json!({ "label": "x" })),
        ("POST", "/api/annotations".to_owned(), item),
        ("PATCH", format!("/api/annotations/{note}"), json!({ "note": "x" })),
        ("PATCH", "/api/auth/organization".to_owned(), json!({ "name": "x" })),
        ("POST", "/api/api-keys".to_owned(), json!({ "name": "x" })),
    ]
    .map(|(method, path, body)| Operation { method, path, body })
    .into()
}

/// Every operation of the document that takes a body is among [`operations`].
#[tokio::test]
async fn no_operation_with_a_body_is_left_out() {
    let app = TestApp::start().await;
    let paths = tests::document()["paths"].as_object().unwrap().values();
    let operations_of_document = paths.flat_map(|item| item.as_object().unwrap().values());
    // A body that may be left out is the refresh token's: `identity` has its tests. `operators` has those of what is for
    // the service's own staff.
    let with_body = operations_of_document
        .filter(|operation| operation["x-permission"] != json!("operator"))
        .filter(|operation| operation.pointer("/requestBody/required") == Some(&json!(true)))
        .count();
    assert_eq!(operations(&app).await.len(), with_body);
}

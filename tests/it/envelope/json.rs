//! Bodies that are no JSON, or are not sent as it.

use poem::{Body, http::Method};
use serde_json::{Value, json};
use tests::{Response, TestApp};

use super::{Operation, operations, refused, rows};

const LIMIT: usize = 1024 * 1024;

async fn send(app: &TestApp, operation: &Operation, content_type: Option<&str>, body: Vec<u8>) -> Response {
    let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
    app.user("adele").send_raw(method, &operation.path, content_type, body).await
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_by_every_operation() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let before = rows(&app).await;
    let texts: [&[u8]; 13] = [
        b"",
        b" \n",
        b"{",
        b"{\"name\":}",
        b"{\"name\":\"x\"",
        b"{\"name\":\"x\"} {}",
        b"{'name':'x'}",
        b"{\"name\":\"x\",}",
        b"{\"name\":NaN}",
        b"{\"name\":1e999}",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\\ud800\"}",
        b"name=x",
    ];
    for operation in &operations {
        for text in texts {
            let response = send(&app, operation, Some("application/json"), text.to_vec()).await;
            let details = refused(&response, 400, "VALIDATION_FAILED");
            let reason = details["body"][0].as_str().unwrap_or_default();
            assert!(reason.starts_with("is not JSON: "), "{}: {details}", operation.path);
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_by_every_operation() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        let Value::Object(members) = &operation.body else { unreachable!("bodies are objects") };
        let (name, value) = members.iter().next().expect("bodies have members");
        let rest = operation.body.to_string();
        let twice = format!("{{\"{name}\":{value},{}", &rest[1..]);
        let response = send(&app, operation, Some("application/json"), twice.into_bytes()).await;
        let details = refused(&response, 400, "VALIDATION_FAILED");
        let reason = details["body"][0].as_str().unwrap_or_default();
        assert!(reason.contains(&format!("the member \"{name}\" stands there twice")), "{reason}");
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn json_that_is_nested_too_deeply_is_refused() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let nested = |depth: usize| {
        let config = ["[".repeat(depth), "]".repeat(depth)].concat();
        format!("{{\"settings\":{{\"config\":{config}}}}}")
    };
    let path = "/api/auth/organization";
    let send = |text: String| admin.send_raw(Method::PATCH, path, Some("application/json"), text);
    send(nested(100)).await.expect(200);
    let before = rows(&app).await;
    for depth in [200, 100_000] {
        let details = refused(&send(nested(depth)).await, 400, "VALIDATION_FAILED");
        let reason = details["body"][0].as_str().unwrap_or_default();
        assert!(reason.starts_with("is not JSON: recursion limit exceeded"), "{reason}");
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_body_of_another_type_or_of_none_is_refused_by_every_operation() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("text/json"),
            Some("nonsense"),
            Some(""),
        ] {
            let body = operation.body.to_string().into_bytes();
            let response = send(&app, operation, content_type, body).await;
            assert_eq!(refused(&response, 415, "UNSUPPORTED_MEDIA_TYPE"), json!(null));
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn json_may_be_sent_under_each_of_its_names() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for name in ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"] {
        let patch = json!({ "name": name }).to_string();
        let response = admin.send_raw(Method::PATCH, "/api/auth/organization", Some(name), patch).await;
        assert_eq!(response.expect(200).at("/data/name"), json!(name));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_every_operation_declared_or_not() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let mut text = operation.body.to_string().into_bytes();
        text.resize(LIMIT + 1, b' ');
        let admin = app.user("adele");
        let declared = admin.with("content-length", &text.len().to_string());
        let json = Some("application/json");
        let declared = declared.send_raw(method.clone(), &operation.path, json, text.clone()).await;
        assert_eq!(refused(&declared, 413, "PAYLOAD_TOO_LARGE"), json!(null));
        let streamed = Body::from_async_read(std::io::Cursor::new(text));
        let streamed = admin.send_raw(method, &operation.path, json, streamed).await;
        assert_eq!(refused(&streamed, 413, "PAYLOAD_TOO_LARGE"), json!(null));
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let app = TestApp::start().await;
    let mut text = json!({ "name": "x" }).to_string().into_bytes();
    text.resize(LIMIT, b' ');
    let admin = app.user("adele").with("content-length", &LIMIT.to_string());
    admin.send_raw(Method::POST, "/api/taxonomies", Some("application/json"), text).await.expect(201);
}

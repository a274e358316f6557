//! Bodies that are JSON, and not what the operation takes.

use poem::http::Method;
use serde_json::{Value, json};
use tests::TestApp;

use super::{invalid, operations, refused, rows};

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_by_every_operation() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        for body in [json!([]), json!("x"), json!(1), json!(true), Value::Null] {
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let response = admin.send(method, &operation.path, Some(&body)).await;
            invalid(&response, &json!({ "body": ["has the wrong type"] }));
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_member_that_is_not_known_is_refused_by_every_operation() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        for unknown in ["unknown", "id", "orgId", "__proto__", ""] {
            let mut body = operation.body.clone();
            body[unknown] = json!("x");
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let response = admin.send(method, &operation.path, Some(&body)).await;
            let reason = format!("has members that are not known: {unknown}");
            invalid(&response, &json!({ "body": [reason] }));
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        let (name, _) = operation.body.as_object().unwrap().iter().next().unwrap();
        for value in [json!(1), json!(true), json!([]), json!({}), Value::Null] {
            let mut body = operation.body.clone();
            body[name] = value;
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let response = admin.send(method, &operation.path, Some(&body)).await;
            invalid(&response, &json!({ name: ["has the wrong type"] }));
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn what_is_required_is_named_when_it_is_missing() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for operation in operations(&app).await.iter().filter(|operation| operation.method == "POST") {
        let missing: serde_json::Map<String, Value> = operation
            .body
            .as_object()
            .unwrap()
            .keys()
            .map(|name| (name.clone(), json!(["is required"])))
            .collect();
        let response = admin.post(&operation.path, json!({})).await;
        invalid(&response, &Value::Object(missing));
    }
}

#[tokio::test]
async fn lengths_are_counted_in_characters_and_their_limits_are_told() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for (name, description) in [("💥".repeat(200), "ä".repeat(2000)), ("x".to_owned(), String::new())] {
        admin.post("/api/taxonomies", json!({ "name": name, "description": description })).await.expect(201);
    }
    let longest = |id: &str| id.repeat(400);
    let longest = json!({ "siteId": longest("s"), "driveId": longest("d"), "itemId": longest("i") });
    admin.post("/api/annotations", longest).await.expect(201);
    let before = rows(&app).await;
    let item = |length: usize| json!({ "siteId": "s", "driveId": "d", "itemId": "i".repeat(length) });
    for (path, body, field, reason) in [
        ("taxonomies", json!({ "name": "" }), "name", "is shorter than 1 characters"),
        ("taxonomies", json!({ "name": "ä".repeat(201) }), "name", "is longer than 200 characters"),
        (
            "taxonomies",
            json!({ "name": "x", "description": "x".repeat(2001) }),
            "description",
            "is longer than 2000 characters",
        ),
        (
            "annotations",
            json!({ "siteId": "s", "driveId": "d", "itemId": "ä" }),
            "itemId",
            "does not match ^[!-~]*$",
        ),
        ("annotations", item(0), "itemId", "is shorter than 1 characters"),
        ("annotations", item(401), "itemId", "is longer than 400 characters"),
    ] {
        let response = admin.post(&format!("/api/{path}"), body).await;
        invalid(&response, &json!({ field: [reason] }));
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_by_field() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    admin.get("/api/auth/me").await.expect(200);
    let before = rows(&app).await;
    let body = json!({
        "siteId": "",
        "driveId": 1,
        "place": { "page": 0, "line": 1 },
        "note": "x".repeat(10_001),
        "termIds": ["x", "01890000-0000-7000-8000-000000000000", null],
        "author": "somebody",
    });
    let response = admin.post("/api/annotations", body).await;
    invalid(
        &response,
        &json!({
            "body": ["has members that are not known: author"],
            "driveId": ["has the wrong type"],
            "itemId": ["is required"],
            "note": ["is longer than 10000 characters"],
            "place": ["has members that are not known: line"],
            "place.page": ["is less than 1"],
            "siteId": ["is shorter than 1 characters"],
            "termIds.0": ["is not of the format uuid"],
            "termIds.2": ["has the wrong type"],
        }),
    );
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_text_with_nul_is_refused_by_its_field_since_postgresql_cannot_keep_it() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let operations = operations(&app).await;
    let before = rows(&app).await;
    for operation in &operations {
        let (name, _) = operation.body.as_object().unwrap().iter().next().unwrap();
        let mut body = operation.body.clone();
        body[name] = json!("a\0b");
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let response = admin.send(method, &operation.path, Some(&body)).await;
        let reasons = refused(&response, 400, "VALIDATION_FAILED")[name].take();
        let reason = reasons.as_array().and_then(|reasons| reasons.last()).cloned();
        assert_eq!(reason, Some(json!("has the character U+0000, which cannot be kept")));
    }
    assert_eq!(rows(&app).await, before);
}

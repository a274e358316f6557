//! API keys: made, used, refused, rotated, ended; and what is kept of them.

mod addresses;
mod ending;
mod issuing;
mod keys;
mod uses;

use serde_json::{Value, json};
use tests::{Actor, Response, TestApp};

const ME: &str = "/api/auth/me";
const KEYS: &str = "/api/api-keys";

/// A key with these scopes and whatever else is given.
async fn made(owner: &Actor, scopes: &[&str], more: Value) -> Response {
    let mut body = json!({ "name": "workflow", "scopes": scopes });
    let Value::Object(more) = more else { unreachable!("an object is given") };
    body.as_object_mut().expect("an object").extend(more);
    owner.post(KEYS, body).await
}

/// The same as somebody who calls, and the key's id.
async fn key(app: &TestApp, owner: &Actor, scopes: &[&str], more: Value) -> (Actor, String) {
    let made = made(owner, scopes, more).await.expect(201);
    (app.token(&made.text_at("/data/rawKey")), made.text_at("/data/id"))
}

#[track_caller]
fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!((response.status.as_u16(), response.code().as_str()), (status, code), "{}", response.text);
    let challenge = (status == 401).then_some("ApiKey");
    assert_eq!(response.header("www-authenticate"), challenge);
}

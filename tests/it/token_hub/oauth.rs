//! `POST /oauth/token`.

use poem::http::Method;
use serde_json::{Value, json};
use tests::{
    Actor, Response, TestApp,
    emulator::{Endpoint, Fault},
};
use url::form_urlencoded::Serializer;

use super::{Key, connected, key_of, who_is};
use crate::connections::connect;

const FORM: &str = "application/x-www-form-urlencoded";

fn form(members: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(members).finish()
}

async fn post(actor: &Actor, members: &[(&str, &str)]) -> Response {
    actor.send_raw(Method::POST, "/oauth/token", Some(FORM), form(members)).await
}

fn basic(app: &TestApp, id: &str, secret: &str) -> Actor {
    use base64::{Engine, engine::general_purpose::STANDARD};
    app.anonymous().with("authorization", &format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn ask(app: &TestApp, key: &Key, scope: &str) -> Response {
    post(&basic(app, &key.id, &key.raw), &[GRANT, ("scope", scope)]).await
}

#[tokio::test]
async fn a_key_is_a_client_in_both_ways_and_gets_a_token_of_the_connection() {
    let (app, browser, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let scope = format!("graph connection:{id}");
    let posted = [GRANT, ("scope", scope.as_str()), ("client_id", &key.id), ("client_secret", &key.raw)];
    for answer in [ask(&app, &key, &scope).await, post(&app.anonymous(), &posted).await] {
        let answer = answer.expect(200);
        assert_eq!(answer.at("/token_type"), json!("Bearer"));
        assert_eq!(answer.at("/scope"), json!(scope));
        assert!(answer.at("/expires_in").as_i64().is_some_and(|seconds| seconds >= 300), "{}", answer.text);
        assert_eq!(
            (answer.header("cache-control"), answer.header("pragma")),
            (Some("no-store"), Some("no-cache"))
        );
        assert_eq!(who_is(&app, &answer.text_at("/access_token")).await, "alex@contoso.com");
        assert_eq!(answer.at("/refresh_token"), Value::Null);
    }
    // The only one that it sees need not be named, nor Graph.
    let answer = ask(&app, &key, "").await.expect(200);
    assert_eq!(answer.at("/scope"), json!(scope));
    let sharepoint = ask(&app, &key, "sharepoint").await.expect(200);
    assert_ne!(sharepoint.at("/access_token"), answer.at("/access_token"));
    let dotted = ask(&app, &key, "https://graph.microsoft.com/.default").await.expect(200);
    assert_eq!(dotted.at("/access_token"), answer.at("/access_token"));
    connect(&browser, "pat@outlook.com").await;
    assert_eq!(ask(&app, &key, "graph").await.expect(400).at("/error"), json!("invalid_scope"));
    ask(&app, &key, &scope).await.expect(200);
}

#[tokio::test]
async fn whoever_is_no_client_is_told_in_oauths_form() {
    let (app, _, id) = connected().await;
    let alex = app.user("alex");
    let (key, other) = (key_of(&app, &alex, json!({})).await, key_of(&app, &alex, json!({})).await);
    let scope = format!("graph connection:{id}");
    let nobodys = format!("ak_{}", "0".repeat(48));
    for (id, secret) in [
        (key.id.as_str(), nobodys.as_str()),
        (&other.id, &key.raw),
        ("", &key.raw),
        (&key.id, ""),
        (&key.id, "nonsense"),
    ] {
        let refused = post(&basic(&app, id, secret), &[GRANT, ("scope", &scope)]).await.expect(401);
        assert_eq!(refused.at("/error"), json!("invalid_client"), "{id} {secret}");
        assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"tenantry\""));
        assert!(!refused.text.contains("ak_"), "{}", refused.text);
    }
    let missing = post(&app.anonymous(), &[GRANT, ("scope", &scope)]).await.expect(401);
    assert_eq!((missing.at("/error"), missing.header("www-authenticate")), (json!("invalid_client"), None));
    let twice = [GRANT, ("client_id", key.id.as_str()), ("client_secret", &key.raw)];
    let both = post(&basic(&app, &key.id, &key.raw), &twice).await;
    assert_eq!(both.expect(400).at("/error"), json!("invalid_request"));
    alex.delete(&format!("/api/api-keys/{}/revoke", key.id)).await.expect(200);
    assert_eq!(ask(&app, &key, &scope).await.expect(401).at("/error"), json!("invalid_client"));
}

#[tokio::test]
async fn what_is_asked_wrong_is_told_by_its_word() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let client = basic(&app, &key.id, &key.raw);
    let scope = format!("graph connection:{id}");
    for (members, error) in [
        (&[("scope", scope.as_str())][..], "invalid_request"),
        (&[("grant_type", "password"), ("scope", &scope)], "unsupported_grant_type"),
        (&[GRANT, GRANT, ("scope", &scope)], "invalid_request"),
        (&[GRANT, ("scope", "graph sharepoint")], "invalid_scope"),
        (&[GRANT, ("scope", "User.Read")], "invalid_scope"),
        (&[GRANT, ("scope", "graph connection:mine")], "invalid_scope"),
    ] {
        assert_eq!(post(&client, members).await.expect(400).at("/error"), json!(error), "{members:?}");
    }
    let json = client.send_raw(Method::POST, "/oauth/token", Some("application/json"), "{}").await;
    assert_eq!(json.expect(400).at("/error"), json!("invalid_request"));
    client.get("/oauth/token").await.expect(405);
}

#[tokio::test]
async fn a_keys_limits_hold_here_too() {
    let (app, _, id) = connected().await;
    let admin = app.signed_in("adele@contoso.com").await;
    let of_admin = connect(&admin, "adele@contoso.com").await;
    let megan = app.signed_in("megan@fabrikam.com").await;
    let of_stranger = connect(&megan, "megan@fabrikam.com").await;
    let alex = app.user("alex");
    let key = key_of(&app, &alex, json!({})).await;
    let unknown =
        ask(&app, &key, &format!("graph connection:{}", uuid::Uuid::from_u128(7))).await.expect(400);
    for foreign in [&of_admin, &of_stranger] {
        let refused = ask(&app, &key, &format!("graph connection:{foreign}")).await.expect(400);
        assert_eq!(refused.text, unknown.text);
        assert_eq!(refused.at("/error"), json!("invalid_scope"));
    }
    let everybodys = json!({ "role": "admin", "allowedConnections": [id] });
    let listed = key_of(&app, &app.user("adele"), everybodys).await;
    ask(&app, &listed, &format!("graph connection:{id}")).await.expect(200);
    ask(&app, &listed, &format!("graph connection:{of_admin}")).await.expect(400);
    let graph = key_of(&app, &alex, json!({ "allowedResources": ["graph"] })).await;
    ask(&app, &graph, "graph").await.expect(200);
    assert_eq!(ask(&app, &graph, "sharepoint").await.expect(400).at("/error"), json!("invalid_scope"));
    let without = key_of(&app, &alex, json!({ "scopes": ["proxy:graph"] })).await;
    assert_eq!(ask(&app, &without, "graph").await.expect(400).at("/error"), json!("unauthorized_client"));
    let hurried = key_of(&app, &alex, json!({ "requestsPerMinute": 1 })).await;
    ask(&app, &hurried, "graph").await.expect(200);
    let limited = ask(&app, &hurried, "graph").await.expect(429);
    assert!(limited.header("retry-after").is_some() && limited.at("/error").is_string(), "{}", limited.text);
    app.app.turn_background().await.unwrap();
    let usage = alex.get(&format!("/api/api-keys/{}/usage", hurried.id)).await.expect(200);
    let outcomes: Vec<Value> =
        usage.at("/data").as_array().unwrap().iter().map(|entry| entry["outcome"].clone()).collect();
    assert!(
        outcomes.contains(&json!("allowed")) && outcomes.contains(&json!("rate_limited")),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_connection_that_is_broken_and_a_microsoft_that_is_down_are_told_apart() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let scope = format!("graph connection:{id}");
    app.advance(chrono::TimeDelta::hours(2));
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    let down = ask(&app, &key, &scope).await.expect(503);
    assert_eq!(down.at("/error"), json!("temporarily_unavailable"));
    assert!(down.header("retry-after").is_some());
    app.emulator.clear_faults();
    app.advance(chrono::TimeDelta::hours(1));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 700_082));
    let broken = ask(&app, &key, &scope).await.expect(400);
    assert_eq!(broken.at("/error"), json!("invalid_grant"));
    assert!(broken.text_at("/error_description").contains("reconnect link"), "{}", broken.text);
}

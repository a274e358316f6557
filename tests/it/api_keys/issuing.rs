//! What a key is made of, and who may make which.

use serde_json::{Value, json};
use tests::TestApp;

use super::{KEYS, ME, key, made, refused};
use crate::annotations::user_id;

#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_its_scopes_say_from_each_of_its_places() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let made = made(&adele, &["taxonomies:read"], json!({ "serviceId": "n8n" })).await.expect(201);
    let raw = made.text_at("/data/rawKey");
    let (id, prefix) = (made.text_at("/data/id"), made.text_at("/data/keyPrefix"));
    assert!(raw.len() == 51 && raw.starts_with("ak_") && raw.starts_with(&prefix) && prefix.len() == 11);
    assert_eq!(made.text_at("/data/wireKey").len(), 48);
    assert_eq!(made.header("location"), Some(format!("{KEYS}/{id}").as_str()));

    let anonymous = app.anonymous();
    for actor in [
        anonymous.with("Authorization", &format!("ApiKey {raw}")),
        anonymous.with("X-Api-Key", &raw),
        anonymous.with("Authorization", &format!("Bearer {raw}")),
    ] {
        let me = actor.get(ME).await.expect(200);
        assert_eq!(me.at("/data/kind"), json!("apiKey"));
        assert_eq!(me.at("/data/keyId"), json!(id));
        assert_eq!(me.at("/data/keyPrefix"), json!(prefix));
        assert_eq!(me.at("/data/serviceId"), json!("n8n"));
        assert_eq!(me.at("/data/scopes"), json!(["taxonomies:read"]));
        assert_eq!(me.at("/data/permissions"), json!(["taxonomies:read"]));
        assert_eq!(me.at("/data/email"), Value::Null, "it is not its owner");
        actor.get("/api/taxonomies").await.expect(200);
    }
    for shown in [adele.get(KEYS).await.expect(200), adele.get(&format!("{KEYS}/{id}")).await.expect(200)] {
        assert!(
            !shown.text.contains(&raw) && !shown.text.contains("rawKey") && !shown.text.contains("wireKey")
        );
        assert!(shown.text.contains(&prefix));
    }
    // Neither of the two is anywhere in the database.
    for (table, columns) in [("api_keys", "*"), ("api_key_secrets", "*"), ("events", "*"), ("lookups", "*")] {
        let rows = app.database.query(&format!("SELECT {columns} FROM {table}")).await;
        let text = json!(rows).to_string();
        let hex = raw.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let wire = made.text_at("/data/wireKey");
        for secret in [raw.as_str(), &raw[11..], &hex, &wire] {
            assert!(!text.contains(secret), "{table} has {secret}");
        }
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused_by_its_reason() {
    let app = TestApp::start().await;
    for text in ["ak_", "ak_nonsense", &format!("ak_{}", "0".repeat(48))] {
        refused(&app.token(text).get(ME).await, 401, "API_KEY_INVALID");
    }
    let anonymous = app.anonymous();
    refused(&anonymous.with("X-Api-Key", "").get(ME).await, 401, "API_KEY_MISSING");
    refused(&anonymous.with("Authorization", "ApiKey").get(ME).await, 401, "API_KEY_MISSING");
    // Beside another credential nobody can know which one counts.
    let both = app.user("adele").with("X-Api-Key", &format!("ak_{}", "0".repeat(48)));
    assert_eq!(both.get(ME).await.expect(401).code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn a_scope_that_the_key_has_not_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let (reader, _) = key(&app, &app.user("adele"), &["taxonomies:read"], json!({})).await;
    let answer = reader.post("/api/taxonomies", json!({ "name": "x" })).await;
    refused(&answer, 403, "API_KEY_INSUFFICIENT_SCOPE");
    assert_eq!(answer.at("/error/details/scopes"), json!(["taxonomies:manage"]));
    let (nothing, _) = key(&app, &app.user("adele"), &[], json!({})).await;
    nothing.get(ME).await.expect(200);
    refused(&nothing.get("/api/taxonomies").await, 403, "API_KEY_INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have_and_no_key_makes_keys() {
    let app = TestApp::start().await;
    app.user("adele").get(ME).await.expect(200);
    let alex = app.user("alex");
    for scope in ["taxonomies:manage", "api-keys:own", "api-keys:manage", "nonsense"] {
        let answer = made(&alex, &[scope], json!({})).await.expect(400);
        assert!(answer.at("/error/details/scopes").is_array(), "{scope}: {}", answer.text);
    }
    made(&app.user("adele"), &["api-keys:own"], json!({})).await.expect(400);
    made(&alex, &[], json!({ "role": "admin" })).await.expect(400);
    made(&app.user("adele"), &[], json!({ "role": "admin" })).await.expect(201);
    let (own, _) = key(&app, &alex, &["annotations:read"], json!({})).await;
    refused(&own.get(KEYS).await, 403, "API_KEY_INSUFFICIENT_SCOPE");
    refused(&made(&own, &[], json!({})).await, 403, "API_KEY_INSUFFICIENT_SCOPE");
}

/// Bob's key of RFC 7518 appendix C.
const X: &str = "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ";
const Y: &str = "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck";

#[tokio::test]
async fn what_a_key_says_of_its_tokens_is_kept_and_shown() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let limits = json!({
        "allowedResources": ["graph"],
        "includeRefreshToken": true,
        "jwePublicKey": { "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "mine" },
        "proxyRules": [{ "methods": ["GET", "PUT"], "path": "/graph/v1.0/me/**" }],
    });
    let (_, id) = key(&app, &adele, &[], limits.clone()).await;
    let shown = adele.get(&format!("{KEYS}/{id}")).await.expect(200);
    for name in ["allowedResources", "includeRefreshToken", "proxyRules"] {
        assert_eq!(shown.at("/data")[name], limits[name], "{name}");
    }
    for (name, value) in limits["jwePublicKey"].as_object().unwrap() {
        assert_eq!(&shown.at("/data/jwePublicKey")[name], value, "{name}");
    }
    // Rotation gives new secrets, and leaves what the key may do as it is.
    let rotated = adele.post(&format!("{KEYS}/{id}/rotate"), json!(null)).await.expect(200);
    assert_eq!(rotated.at("/data/jwePublicKey"), shown.at("/data/jwePublicKey"));
    assert_eq!(rotated.at("/data/proxyRules"), limits["proxyRules"]);
    assert_eq!(adele.get(KEYS).await.expect(200).at("/data/0/jwePublicKey/x"), json!(X));

    let (_, plain) = key(&app, &adele, &[], json!({})).await;
    let shown = adele.get(&format!("{KEYS}/{plain}")).await.expect(200);
    for name in ["allowedConnections", "jwePublicKey", "proxyRules"] {
        assert_eq!(shown.at("/data")[name], Value::Null, "{name}");
    }
    assert_eq!(shown.at("/data/includeRefreshToken"), json!(false));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_told_by_field() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for (more, field) in [
        (json!({ "allowedIps": ["10.0.0.0/8", "10.0.0.1/8"] }), "allowedIps.1"),
        (json!({ "allowedIps": ["nowhere"] }), "allowedIps.0"),
        (json!({ "allowedResources": [""] }), "allowedResources.0"),
        (json!({ "expiresAt": "2020-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "requestsPerMinute": 0 }), "requestsPerMinute"),
        (json!({ "role": "admin", "allowedUserIds": [uuid::Uuid::nil()] }), "allowedUserIds"),
        (json!({ "jwePublicKey": { "kty": "EC", "crv": "P-521", "x": X, "y": Y } }), "jwePublicKey"),
        (json!({ "jwePublicKey": { "kty": "EC", "crv": "P-256", "x": X, "y": X } }), "jwePublicKey"),
        (json!({ "jwePublicKey": { "kty": "EC", "crv": "P-256", "x": X, "y": Y, "d": X } }), "jwePublicKey"),
        (json!({ "jwePublicKey": { "kty": "RSA", "n": X, "e": "AQAB" } }), "jwePublicKey"),
        (json!({ "proxyRules": [{ "methods": ["GET"], "path": "/api/annotations" }] }), "proxyRules.0"),
        (json!({ "proxyRules": [{ "methods": [], "path": "/graph/v1.0/me" }] }), "proxyRules.0.methods"),
        (json!({ "allowedConnections": ["mine"] }), "allowedConnections.0"),
    ] {
        let answer = made(&adele, &[], more).await.expect(400);
        assert!(answer.at("/error/details")[field].is_array(), "{field}: {}", answer.text);
    }
    let megan = user_id(&app.user("megan")).await;
    let of_another = json!({ "role": "admin", "allowedUserIds": [megan] });
    made(&adele, &[], of_another).await.expect(400);
}

#[tokio::test]
async fn a_member_sees_their_own_keys_and_an_administrator_all_of_them() {
    let app = TestApp::start().await;
    let (admin, alex, lee) = (app.user("adele"), app.user("alex"), app.user("lee"));
    admin.get(ME).await.expect(200);
    let (_, id) = key(&app, &alex, &[], json!({})).await;
    let path = format!("{KEYS}/{id}");
    for (actor, status) in [(&alex, 200), (&admin, 200), (&lee, 404), (&app.user("megan"), 404)] {
        actor.get(&path).await.expect(status);
        actor.get(&format!("{path}/usage")).await.expect(status);
    }
    assert_eq!(lee.get(KEYS).await.expect(200).at("/data"), json!([]));
    for stranger in [&lee, &app.user("megan")] {
        stranger.delete(&path).await.expect(404);
        stranger.delete(&format!("{path}/revoke")).await.expect(404);
        stranger.post(&format!("{path}/rotate"), json!(null)).await.expect(404);
    }
    admin.delete(&format!("{path}/revoke")).await.expect(200);
}

#[tokio::test]
async fn a_repeat_with_the_same_idempotency_key_shows_the_key_without_its_secret() {
    let app = TestApp::start().await;
    let keyed = app.user("adele").with("Idempotency-Key", "once");
    let first = made(&keyed, &[], json!({})).await.expect(201);
    let again = made(&keyed, &[], json!({})).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text_at("/data/id"), first.text_at("/data/id"));
    assert_eq!((again.at("/data/rawKey"), again.at("/data/wireKey")), (Value::Null, Value::Null));
    assert_eq!(app.database.count("SELECT count(*) FROM api_keys").await, 1);
}

#[tokio::test]
async fn what_a_key_makes_is_its_owners_and_the_event_names_the_key() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (writer, id) = key(&app, &adele, &["taxonomies:manage", "taxonomies:read"], json!({})).await;
    writer.post("/api/taxonomies", json!({ "name": "by a key" })).await.expect(201);
    let events =
        app.database.query("SELECT actor_kind, actor_id FROM events WHERE name = 'taxonomy.created'").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["actor_kind"], json!("api_key"));
    assert_eq!(events[0]["actor_id"], json!(id));
    // Its idempotency keys are its own.
    let keyed = |actor: &tests::Actor| actor.with("Idempotency-Key", "same");
    let one = keyed(&writer).post("/api/taxonomies", json!({ "name": "one" })).await.expect(201);
    let other = keyed(&adele).post("/api/taxonomies", json!({ "name": "other" })).await.expect(201);
    assert_ne!(one.text_at("/data/id"), other.text_at("/data/id"));
}

/// The prefix is no secret and not unique: whoever has one key of it has no other.
#[tokio::test]
async fn two_keys_with_one_prefix_are_told_apart_across_organizations() {
    let app = TestApp::start().await;
    let (ours, our_id) = key(&app, &app.user("adele"), &[], json!({})).await;
    let (theirs, their_id) = key(&app, &app.user("megan"), &[], json!({})).await;
    let prefix = |actor: &tests::Actor| actor.token.as_deref().unwrap()[..11].to_owned();
    // Somebody else's secret is found under our prefix too, before and after ours.
    app.database
        .execute(&format!(
            "UPDATE lookups SET value = '{}' WHERE value = '{}'",
            prefix(&ours),
            prefix(&theirs)
        ))
        .await;
    assert_eq!(app.database.count("SELECT count(DISTINCT value) FROM lookups").await, 1);
    assert_eq!(ours.get(ME).await.expect(200).at("/data/keyId"), json!(our_id));
    // A key with their prefix and our digits is nobody's.
    let mixed = format!("{}{}", prefix(&ours), &theirs.token.as_deref().unwrap()[11..]);
    refused(&app.token(&mixed).get(ME).await, 401, "API_KEY_INVALID");
    app.database
        .execute(&format!(
            "UPDATE lookups SET value = '{}' WHERE value = '{}'",
            prefix(&theirs),
            prefix(&ours)
        ))
        .await;
    assert_eq!(theirs.get(ME).await.expect(200).at("/data/keyId"), json!(their_id));
}

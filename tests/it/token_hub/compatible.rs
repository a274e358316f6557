//! `GET /api/external/tokens`.

use aws_lc_rs::{
    cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    digest::{SHA256, digest},
    iv::FixedLength,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    TestApp,
    emulator::{Endpoint, Fault, UserPatch},
};

use super::{Key, TOKENS, connected, key_of, who_is};
use crate::connections::{builder, connect};

/// What the published decoder does: the SHA-256 of the key, 16 bytes of IV, AES-256-CBC.
fn decrypted(key: &str, token: &Value) -> String {
    let bytes: Vec<u8> = serde_json::from_value(token["data"].clone()).expect("bytes");
    assert_eq!(token["type"], json!("Buffer"));
    let (iv, text) = bytes.split_first_chunk::<16>().expect("an IV");
    let digest = digest(&SHA256, key.as_bytes());
    let cipher = UnboundCipherKey::new(&AES_256, digest.as_ref()).expect("a key");
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).expect("a key");
    let mut text = text.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(*iv));
    String::from_utf8(cipher.decrypt(&mut text, context).expect("it opens").to_vec()).expect("text")
}

fn opens(key: &str, token: &Value) -> bool {
    std::panic::catch_unwind(|| decrypted(key, token)).is_ok_and(|text| text.starts_with("eyJ"))
}

async fn accounts(actor: &tests::Actor, query: &str) -> Vec<Value> {
    let answer = actor.get(&format!("{TOKENS}{query}")).await.expect(200);
    answer.at("/accounts").as_array().expect("a list").clone()
}

/// The connections of an answer.
async fn ids(actor: &tests::Actor, query: &str) -> Vec<String> {
    let accounts = accounts(actor, query).await;
    let mut ids: Vec<String> =
        accounts.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    ids.dedup();
    ids
}

#[tokio::test]
async fn every_connection_is_there_once_for_each_resource_with_a_token_that_the_wire_key_opens() {
    let (app, browser, id) = connected().await;
    let personal = connect(&browser, "pat@outlook.com").await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let found = accounts(&key.actor, "").await;
    let told: Vec<_> = found.iter().map(|one| (one["id"].clone(), one["provider"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!(personal), json!("microsoft")),
            (json!(id), json!("microsoft")),
            (json!(id), json!("microsoft-sharepoint")),
        ]
    );
    let graph = &found[1];
    let connection = browser.get(&format!("/api/connections/{id}")).await.expect(200);
    for (ours, theirs) in
        [("userId", "/data/userId"), ("tenantId", "/data/tenantId"), ("status", "/data/status")]
    {
        assert_eq!(graph[ours], connection.at(theirs), "{ours}");
    }
    assert_eq!(graph["refreshToken"], Value::Null, "it was not asked for");
    assert_eq!(graph["resource"], json!("https://graph.microsoft.com"));
    assert!(graph["scope"].as_array().is_some_and(|scopes| !scopes.is_empty()));
    let ends = graph["expiresAt"].as_str().unwrap();
    assert!(ends.ends_with('Z') && ends.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{ends}");
    let token = decrypted(&key.wire, &graph["accessToken"]);
    assert_eq!(who_is(&app, &token).await, "alex@contoso.com");
    assert!(!opens(TOKEN_KEY, &graph["accessToken"]), "the service's own key opens nothing of it");
    assert_ne!(decrypted(&key.wire, &found[2]["accessToken"]), token);
    assert_eq!(found[2]["resource"], json!("https://contoso.sharepoint.com"));

    // Another key has another wire key, and neither opens the other's.
    let other = key_of(&app, &app.user("alex"), json!({})).await;
    let theirs = accounts(&other.actor, "").await;
    assert_eq!(decrypted(&other.wire, &theirs[1]["accessToken"]), token);
    assert!(!opens(&key.wire, &theirs[1]["accessToken"]));
}

const TOKEN_KEY: &str = "a key for tests, which is long enough to be one";

#[tokio::test]
async fn the_services_own_key_is_the_wire_key_only_where_that_is_switched_on() {
    let app = builder().set("EXTERNAL_TOKENS_SHARED_KEY", "true").start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    connect(&browser, "alex@contoso.com").await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let found = accounts(&key.actor, "").await;
    assert_eq!(who_is(&app, &decrypted(TOKEN_KEY, &found[0]["accessToken"])).await, "alex@contoso.com");
    assert!(!opens(&key.wire, &found[0]["accessToken"]));
}

#[tokio::test]
async fn a_rotated_key_answers_with_the_wire_key_of_the_secret_that_was_sent() {
    let (app, _, _) = connected().await;
    let alex = app.user("alex");
    let key = key_of(&app, &alex, json!({})).await;
    let rotated = alex.post(&format!("/api/api-keys/{}/rotate", key.id), json!(null)).await.expect(200);
    let (raw, wire) = (rotated.text_at("/data/rawKey"), rotated.text_at("/data/wireKey"));
    assert_ne!(wire, key.wire);
    let old = accounts(&key.actor, "").await;
    let new = accounts(&app.token(&raw), "").await;
    assert_eq!(decrypted(&key.wire, &old[0]["accessToken"]), decrypted(&wire, &new[0]["accessToken"]));
    assert!(!opens(&wire, &old[0]["accessToken"]));
}

#[tokio::test]
async fn a_refresh_token_is_in_it_for_keys_that_were_made_so_and_that_is_told() {
    let (app, _, _) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({ "includeRefreshToken": true })).await;
    let found = accounts(&key.actor, "").await;
    let refresh_token = decrypted(&key.wire, &found[0]["refreshToken"]);
    assert_ne!(refresh_token, decrypted(&key.wire, &found[0]["accessToken"]));
    let told = "SELECT count(*) FROM events WHERE name = 'connection.refresh_token.handed_out'";
    assert_eq!(app.database.count(told).await, 1);
}

#[tokio::test]
async fn a_key_sees_what_its_role_and_its_lists_leave_and_other_filters_are_refused() {
    let (app, _, id) = connected().await;
    let admin = app.signed_in("adele@contoso.com").await;
    let of_admin = connect(&admin, "adele@contoso.com").await;
    let megan = app.signed_in("megan@fabrikam.com").await;
    let of_stranger = connect(&megan, "megan@fabrikam.com").await;
    let adele = app.user("adele");
    let id_of = async |name: &str| app.user(name).get("/api/auth/me").await.text_at("/data/id");
    let (alex_id, adele_id) = (id_of("alex").await, id_of("adele").await);
    let own = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let all = key_of(&app, &adele, json!({ "role": "admin" })).await.actor;
    assert_eq!(ids(&own, "").await, [id.as_str()]);
    assert_eq!(ids(&all, "").await, [of_admin.as_str(), id.as_str()]);
    // A member's key asks for the member's own; anybody else's filter is refused, whoever that is.
    assert_eq!(ids(&own, &format!("?userId={alex_id}")).await, [id.as_str()]);
    assert_eq!(ids(&own, "?email=ALEX@contoso.com").await, [id.as_str()]);
    let nobody = uuid::Uuid::from_u128(7);
    for query in [
        format!("?userId={adele_id}"),
        format!("?userId={nobody}"),
        "?email=adele@contoso.com".to_owned(),
        "?email=nobody@contoso.com".to_owned(),
    ] {
        assert_eq!(own.get(&format!("{TOKENS}{query}")).await.expect(403).code(), "FORBIDDEN", "{query}");
    }
    assert_eq!(ids(&all, &format!("?userId={alex_id}")).await, [id.as_str()]);
    assert_eq!(ids(&all, "?email=alex@contoso.com").await, [id.as_str()]);
    assert_eq!(ids(&all, &format!("?userId={nobody}")).await, Vec::<String>::new());
    // A connection that is not seen is as one that does not exist.
    for (actor, account) in [(&own, &of_admin), (&own, &of_stranger), (&all, &of_stranger)] {
        let unseen = actor.get(&format!("{TOKENS}?accountId={account}")).await.expect(200);
        let unknown = actor.get(&format!("{TOKENS}?accountId={nobody}")).await.expect(200);
        assert_eq!((unseen.text.as_str(), &unknown.text), ("{\"accounts\":[]}", &unseen.text));
    }
    assert_eq!(ids(&all, &format!("?accountId={id}")).await, [id.as_str()]);
    // Its lists.
    let listed = json!({ "role": "admin", "allowedUserIds": [alex_id] });
    let one = key_of(&app, &adele, listed).await.actor;
    assert_eq!(ids(&one, "").await, [id.as_str()]);
    one.get(&format!("{TOKENS}?userId={adele_id}")).await.expect(403);
    let one = key_of(&app, &adele, json!({ "role": "admin", "allowedConnections": [id] })).await.actor;
    assert_eq!(ids(&one, "").await, [id.as_str()]);
    let graph = key_of(&app, &adele, json!({ "role": "admin", "allowedResources": ["graph"] })).await.actor;
    let providers = accounts(&graph, "").await;
    assert!(providers.iter().all(|one| one["provider"] == "microsoft") && providers.len() == 2);
}

#[tokio::test]
async fn a_key_is_made_for_connections_that_its_maker_sees_only() {
    let (app, _, id) = connected().await;
    let megan = app.signed_in("megan@fabrikam.com").await;
    let of_stranger = connect(&megan, "megan@fabrikam.com").await;
    let nobody = uuid::Uuid::from_u128(7).to_string();
    for (maker, role, ids) in [
        ("alex", "user", [&of_stranger]),
        ("alex", "user", [&nobody]),
        ("lee", "user", [&id]),
        ("adele", "user", [&id]),
        ("adele", "admin", [&of_stranger]),
    ] {
        let body = json!({ "name": "x", "role": role, "allowedConnections": ids });
        let refused = app.user(maker).post("/api/api-keys", body).await.expect(400);
        assert!(refused.at("/error/details/allowedConnections").is_array(), "{maker}: {}", refused.text);
    }
    let alex = app.user("alex");
    let key = key_of(&app, &alex, json!({ "allowedConnections": [id] })).await;
    let shown = alex.get(&format!("/api/api-keys/{}", key.id)).await.expect(200);
    assert_eq!(shown.at("/data/allowedConnections"), json!([id]));
}

#[tokio::test]
async fn it_is_for_api_keys_with_the_scope_and_nobody_else() {
    let (app, browser, _) = connected().await;
    for actor in [app.anonymous(), app.user("alex"), browser.actor(), app.token("nonsense")] {
        let refused = actor.get(TOKENS).await.expect(401);
        assert_eq!(
            (refused.code().as_str(), refused.header("www-authenticate")),
            ("API_KEY_MISSING", Some("ApiKey"))
        );
    }
    let without = key_of(&app, &app.user("alex"), json!({ "scopes": ["proxy:graph"] })).await.actor;
    assert_eq!(without.get(TOKENS).await.expect(403).code(), "API_KEY_INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn no_token_in_it_is_about_to_end_and_one_that_cannot_be_had_spoils_no_other() {
    let (app, browser, id) = connected().await;
    let other = connect(&browser, "megan@fabrikam.com").await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    app.advance(TimeDelta::minutes(57));
    let at = app.clock.peek();
    for account in accounts(&key.actor, "").await {
        let ends: chrono::DateTime<chrono::Utc> = account["expiresAt"].as_str().unwrap().parse().unwrap();
        assert!(ends - at >= TimeDelta::minutes(5), "{account}");
    }
    // What is kept is over, and one account is switched off.
    app.advance(TimeDelta::hours(2));
    disable(&app, "megan");
    let found = accounts(&key.actor, "").await;
    let of = |id: &str| found.iter().filter(|one| one["id"] == id).collect::<Vec<_>>();
    for broken in of(&other) {
        assert_ne!(broken["status"], json!("ACTIVE"), "{broken}");
        assert_eq!(broken["accessToken"], json!({ "type": "Buffer", "data": null }));
        assert_eq!((&broken["expiresAt"], &broken["scope"]), (&Value::Null, &json!([])));
    }
    assert!(!of(&other).is_empty());
    for working in of(&id) {
        assert_eq!(working["status"], json!("ACTIVE"));
        decrypted(&key.wire, &working["accessToken"]);
    }
    // Microsoft is down: no state changes, and there is no token.
    app.advance(TimeDelta::hours(2));
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    let found = accounts(&key.actor, &format!("?accountId={id}")).await;
    assert_eq!((&found[0]["status"], &found[0]["accessToken"]["data"]), (&json!("ACTIVE"), &Value::Null));
}

/// Somebody's account is switched off.
fn disable(app: &TestApp, who: &str) {
    let patch = UserPatch { enabled: Some(false), ..UserPatch::default() };
    app.emulator.update_user(who, patch).expect("somebody");
}

#[tokio::test]
async fn a_hand_out_is_told_once_and_repeats_cost_no_write_and_no_secret_is_in_it() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let found = accounts(&key.actor, "").await;
    let told = "SELECT * FROM events WHERE name = 'connection.token.handed_out'";
    let events = app.database.query(told).await;
    assert_eq!(events.len(), 2, "one for each resource");
    let text = json!(events).to_string();
    assert!(text.contains(&id) && !text.contains("eyJ") && !text.contains(&key.wire), "{text}");
    let before = app.app.statements();
    for _ in 0..5 {
        assert_eq!(accounts(&key.actor, "").await, found, "the same token is the same text");
    }
    assert_eq!(app.app.statements(), before, "nor do they read");
    assert_eq!(app.database.query(told).await.len(), 2);
}

#[tokio::test]
async fn what_is_remembered_of_a_list_is_nobody_elses_and_ends_with_every_change() {
    let (app, browser, id) = connected().await;
    let Key { actor: key, raw, .. } = key_of(&app, &app.user("alex"), json!({})).await;
    let replica = app.replica().await;
    let there = replica.token(&raw);
    let other = key_of(&app, &app.user("adele"), json!({})).await.actor;
    let listed = key_of(&app, &app.user("alex"), json!({ "allowedResources": ["graph"] })).await.actor;
    for _ in 0..2 {
        for caller in [&key, &there] {
            assert_eq!(ids(caller, "").await, [id.as_str()]);
        }
        assert_eq!((accounts(&key, "").await.len(), accounts(&listed, "").await.len()), (2, 1));
        for query in ["", &format!("?accountId={id}")] {
            assert!(accounts(&other, query).await.is_empty());
        }
        assert!(accounts(&key, "?accountId=00000000-0000-4000-8000-000000000000").await.is_empty());
    }
    let second = connect(&browser, "megan@fabrikam.com").await;
    replica.app.turn_background().await.unwrap();
    for caller in [&key, &there] {
        assert_eq!(ids(caller, "").await, [second.as_str(), id.as_str()], "one was added");
    }
    disable(&app, "megan");
    app.advance(TimeDelta::hours(2));
    for _ in 0..2 {
        let broken = accounts(&key, &format!("?accountId={second}")).await;
        assert_ne!(broken[0]["status"], json!("ACTIVE"), "one broke");
    }
    app.user("alex").delete(&format!("/api/connections/{second}")).await.expect(204);
    replica.app.turn_background().await.unwrap();
    for caller in [&key, &there] {
        assert_eq!(ids(caller, "").await, [id.as_str()], "one was removed");
    }
}

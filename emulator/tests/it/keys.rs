use emulator::{Rotation, ids};
use serde_json::{Value, json};

use crate::support::{Entra, header, is_signed_by, user};

async fn rotate(entra: &Entra, rotation: Value) -> Value {
    let answer = entra.post("/emulator/control/keys/rotate", rotation).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn keys_name_the_issuer_they_speak_for() {
    let entra = Entra::start().await;
    let keys = entra.keys().await;
    let issuers: Vec<&str> = keys.iter().map(|key| key["issuer"].as_str().unwrap()).collect();
    let work = "https://localhost:4143/{tenantid}/v2.0";
    let personal = format!("https://localhost:4143/{}/v2.0", ids::PERSONAL_TENANT);
    assert_eq!(issuers, [work, work, &personal]);
    for key in &keys {
        assert_eq!(key["kty"], "RSA");
        assert_eq!(key["use"], "sig");
        assert_eq!(key["e"], "AQAB");
        assert_eq!(key["kid"], key["x5t"]);
        assert_eq!(key["x5c"].as_array().unwrap().len(), 1);
        assert_eq!(key.get("alg"), None);
    }
    let of_tenant = entra.get(&format!("/{}/discovery/v2.0/keys", ids::FABRIKAM)).await;
    assert_eq!(of_tenant.json()["keys"], json!(keys));
    assert_eq!(of_tenant.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn version_1_lists_the_work_keys_without_an_issuer() {
    let entra = Entra::start().await;
    let keys = entra.get("/common/discovery/keys").await.json()["keys"].clone();
    let keys = keys.as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| key.get("issuer").is_none()));
}

#[tokio::test]
async fn tokens_are_signed_by_published_keys() {
    let entra = Entra::start().await;
    for who in ["adele", "pat"] {
        let token = entra.mint(user(who)).await;
        let key = entra.key_of(&token).await.unwrap();
        assert!(is_signed_by(&token, &key), "{who}");
    }
}

#[tokio::test]
async fn keys_are_the_same_in_every_emulator() {
    let (one, other) = tokio::join!(Entra::start(), Entra::start());
    assert_ne!(one.emulator.http_url(), other.emulator.http_url());
    assert_eq!(one.keys().await, other.keys().await);
    one.emulator.rotate_keys(Rotation::default());
    assert_ne!(one.keys().await, other.keys().await);
}

#[tokio::test]
async fn a_rotation_keeps_the_old_keys_published() {
    let entra = Entra::start().await;
    let before = entra.mint(user("adele")).await;
    let state = rotate(&entra, json!({})).await;
    let after = entra.mint(user("adele")).await;
    assert_ne!(header(&before)["kid"], header(&after)["kid"]);
    assert_eq!(state["current"], header(&after)["kid"]);
    assert_eq!(state["previous"], header(&before)["kid"]);
    assert_eq!(entra.keys().await.len(), 4);
    for token in [&before, &after] {
        assert!(is_signed_by(token, &entra.key_of(token).await.unwrap()));
    }
    let previous = entra.mint(json!({ "user": "adele", "signWith": "previous" })).await;
    assert_eq!(header(&previous)["kid"], header(&before)["kid"]);
}

#[tokio::test]
async fn a_rotation_can_drop_the_old_keys() {
    let entra = Entra::start().await;
    let before = entra.mint(user("adele")).await;
    rotate(&entra, json!({ "drop": true })).await;
    assert_eq!(entra.key_of(&before).await, None);
    let after = entra.mint(user("adele")).await;
    assert!(is_signed_by(&after, &entra.key_of(&after).await.unwrap()));
    assert_eq!(entra.keys().await.len(), 2, "one work key, one of personal accounts");
}

#[tokio::test]
async fn a_rotation_can_give_another_key_the_same_kid() {
    let entra = Entra::start().await;
    let before = entra.mint(user("adele")).await;
    rotate(&entra, json!({ "reuseKid": true })).await;
    let after = entra.mint(user("adele")).await;
    assert_eq!(header(&before)["kid"], header(&after)["kid"]);
    let key = entra.key_of(&after).await.unwrap();
    assert!(is_signed_by(&after, &key));
    assert!(!is_signed_by(&before, &key));
    assert_eq!(entra.keys().await.len(), 3);
}

#[tokio::test]
async fn a_key_can_sign_before_it_is_announced() {
    let entra = Entra::start().await;
    rotate(&entra, json!({ "announce": false })).await;
    let token = entra.mint(user("adele")).await;
    assert_eq!(entra.key_of(&token).await, None);
    entra.post("/emulator/control/keys/announce", json!({})).await;
    assert!(is_signed_by(&token, &entra.key_of(&token).await.unwrap()));
}

#[tokio::test]
async fn fresh_keys_are_made_when_the_spare_ones_are_used_up() {
    let entra = Entra::start().await;
    for _ in 0..4 {
        entra.emulator.rotate_keys(Rotation::dropping());
    }
    let token = entra.mint(user("adele")).await;
    assert!(is_signed_by(&token, &entra.key_of(&token).await.unwrap()));
}

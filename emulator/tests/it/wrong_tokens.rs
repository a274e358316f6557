use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use emulator::{SignWith, TokenRequest, ids};
use serde_json::json;

use crate::support::{Entra, claims, header, is_signed_by, now};

#[tokio::test]
async fn a_rogue_key_signs_under_the_current_kid() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "signWith": "rogue" })).await;
    let key = entra.key_of(&token).await.unwrap();
    assert!(!is_signed_by(&token, &key));
    let good = entra.mint(json!({ "user": "adele" })).await;
    assert_eq!(header(&token)["kid"], header(&good)["kid"]);
}

#[tokio::test]
async fn a_kid_can_be_unknown() {
    let entra = Entra::start().await;
    let wish = TokenRequest::user("adele").sign_with(SignWith::Rogue).kid("unheard-of");
    let token = entra.emulator.mint(&wish).unwrap();
    assert_eq!(header(&token)["kid"], "unheard-of");
    assert_eq!(entra.key_of(&token).await, None);
}

#[tokio::test]
async fn the_key_of_personal_accounts_can_vouch_for_a_work_tenant() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "signWith": "personal" })).await;
    let key = entra.key_of(&token).await.unwrap();
    assert!(is_signed_by(&token, &key));
    assert_eq!(claims(&token)["tid"], ids::CONTOSO);
    assert!(key["issuer"].as_str().unwrap().contains(ids::PERSONAL_TENANT));
}

#[tokio::test]
async fn the_previous_key_is_still_published_at_the_start() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "signWith": "previous" })).await;
    let good = entra.mint(json!({ "user": "adele" })).await;
    assert_ne!(header(&token)["kid"], header(&good)["kid"]);
    assert!(is_signed_by(&token, &entra.key_of(&token).await.unwrap()));
}

#[tokio::test]
async fn a_token_can_be_unsigned() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "signWith": "none" })).await;
    assert_eq!(header(&token)["alg"], "none");
    assert!(token.ends_with('.'));
}

#[tokio::test]
async fn the_public_key_can_be_taken_for_a_secret() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "signWith": "hs256" })).await;
    assert_eq!(header(&token)["alg"], "HS256");
    assert!(entra.key_of(&token).await.is_some());
    let signature = token.rsplit('.').next().unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap().len(), 32);
}

#[tokio::test]
async fn claims_can_be_replaced_and_removed() {
    let entra = Entra::start().await;
    let wish = json!({
        "user": "adele",
        "audience": "https://somewhere.example",
        "claims": { "iss": "https://evil.example/", "tid": null, "scp": null, "extra": [1] },
    });
    let token = entra.mint(wish).await;
    let claims = claims(&token);
    assert_eq!(claims["aud"], "https://somewhere.example");
    assert_eq!(claims["iss"], "https://evil.example/");
    assert_eq!(claims["extra"], json!([1]));
    assert_eq!((claims.get("tid"), claims.get("scp")), (None, None));
    assert!(is_signed_by(&token, &entra.key_of(&token).await.unwrap()));
}

#[tokio::test]
async fn an_expired_token_was_good_once() {
    let entra = Entra::start().await;
    let claims = claims(&entra.emulator.mint(&TokenRequest::user("adele").expires_in(-600)).unwrap());
    assert_eq!(claims["exp"], now().timestamp() - 600);
    assert_eq!(claims["nbf"], now().timestamp() - 4200);
}

#[tokio::test]
async fn a_payload_can_be_given_to_the_letter() {
    let entra = Entra::start().await;
    let payload = r#"{"tid":"a","tid":"b"}"#;
    let token = entra.mint(json!({ "rawPayload": payload })).await;
    let part = token.split('.').nth(1).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(part).unwrap(), payload.as_bytes());
}

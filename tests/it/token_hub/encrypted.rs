//! Tokens for keys that have a public key.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    encoding::AsDer,
    rsa::{
        KeyPair as RsaKeyPair, KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey,
        PrivateDecryptingKey,
    },
    signature::KeyPair,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{connected, key_of, who_is};

#[tokio::test]
async fn a_token_is_had_by_whoever_has_the_private_key_and_plain_ones_are_not_given() {
    let (app, browser, id) = connected().await;
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let der = private.as_der().unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.as_ref()).unwrap();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({
        "kty": "RSA",
        "n": number(pair.public_key().modulus().big_endian_without_leading_zero()),
        "e": number(pair.public_key().exponent().big_endian_without_leading_zero()),
        "kid": "mine",
    });
    let key = key_of(&app, &app.user("alex"), json!({ "jwePublicKey": jwk })).await;
    let path = format!("/api/connections/{id}/token");
    let answer = key.actor.get(&path).await.expect(200);
    assert_eq!(answer.at("/data/tokenType"), json!("JWE"));
    let plain = browser.get(&path).await.expect(200);
    assert_eq!(plain.at("/data/tokenType"), json!("Bearer"));
    assert!(!answer.text.contains(&plain.text_at("/data/accessToken")));

    let jwe = answer.text_at("/data/accessToken");
    let parts: Vec<Vec<u8>> = jwe.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    let header: Value = serde_json::from_slice(&parts[0]).unwrap();
    assert_eq!(header, json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "mine" }));
    let private = OaepPrivateDecryptingKey::new(private).unwrap();
    let mut content_key = vec![0; private.min_output_size()];
    let content_key = private.decrypt(&OAEP_SHA256_MGF1SHA256, &parts[1], &mut content_key, None).unwrap();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, content_key).unwrap());
    let mut sealed = [parts[3].clone(), parts[4].clone()].concat();
    let nonce = Nonce::try_assume_unique_for_key(&parts[2]).unwrap();
    let aad = Aad::from(jwe.split('.').next().unwrap().as_bytes());
    let token = String::from_utf8(cipher.open_in_place(nonce, aad, &mut sealed).unwrap().to_vec()).unwrap();
    assert_eq!(who_is(&app, &token).await, "alex@contoso.com");

    // By OAuth there is no other form than plain.
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=graph connection:{id}",
        key.id, key.raw
    );
    let kind = Some("application/x-www-form-urlencoded");
    let refused = app.anonymous().send_raw(poem::http::Method::POST, "/oauth/token", kind, form).await;
    assert_eq!(refused.expect(400).at("/error"), json!("unauthorized_client"));
    // The key's log calls it what it is.
    app.app.turn_background().await.unwrap();
    let uses = app.user("alex").get(&format!("/api/api-keys/{}/usage", key.id)).await.expect(200);
    let uses = uses.at("/data");
    let of_oauth = uses.as_array().unwrap().iter().find(|entry| entry["path"] == "/oauth/token").unwrap();
    assert_eq!(of_oauth["outcome"], json!("encryption_required"));
}

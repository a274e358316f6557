//! What a tenant demands before there is a token, and what a client can handle.

use emulator::{AccessPolicy, ids};
use serde_json::json;

use crate::{
    browser::{authorize, parameter},
    support::{Entra, claims, now},
    user_grants::{TENANTRY_SCOPE, TOKEN, refused, text, web},
};

#[tokio::test]
async fn policies_ask_for_more_and_a_second_factor_answers_them() {
    let entra = Entra::start().await;
    let first = entra.tokens("alex@contoso.com").await;
    entra.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph").user("alex"));
    let refusal =
        refused(&entra.refresh(text(&first, "refresh_token"), "User.Read").await, "invalid_grant", 50076);
    assert_eq!(refusal["suberror"], "basic_action");
    let challenge = text(&refusal, "claims");
    assert!(challenge.starts_with(r#"{"access_token":{"capolids":{"#), "{challenge}");
    // Another resource does not mind.
    assert_eq!(entra.refresh(text(&first, "refresh_token"), TENANTRY_SCOPE).await.status, 200);

    let browser = entra.browser();
    let page = browser.sign_in(&authorize(&[("claims", challenge)]), "alex@contoso.com").await;
    let answer = browser.submit(&page, &[("code", ids::MFA_CODE)]).await;
    let second = entra.redeem(&parameter(&answer, "code").unwrap()).await.json();
    assert_eq!(claims(text(&second, "access_token"))["amr"], json!(["pwd", "mfa"]));
    assert_eq!(entra.refresh(text(&second, "refresh_token"), "User.Read").await.status, 200);

    entra.emulator.add_policy(AccessPolicy::block("Microsoft Graph"));
    let blocked = entra.refresh(text(&second, "refresh_token"), "User.Read").await;
    assert_eq!(refused(&blocked, "invalid_grant", 53003)["suberror"], "message_only");
    entra.emulator.clear_policies();

    // Through the API in between, which passes the challenge on.
    entra.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph"));
    let obo = async |refresh_token: &str| {
        let caller = entra.refresh(refresh_token, TENANTRY_SCOPE).await.json();
        let form = [
            ("assertion", text(&caller, "access_token")),
            ("requested_token_use", "on_behalf_of"),
            ("scope", "User.Read"),
        ];
        entra.form(TOKEN, &web("urn:ietf:params:oauth:grant-type:jwt-bearer", &form)).await
    };
    refused(&obo(text(&first, "refresh_token")).await, "invalid_grant", 50076);
    assert_eq!(obo(text(&second, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_client_that_handles_challenges_gets_long_lived_tokens() {
    let entra = Entra::start().await;
    let claims_wanted = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let code = entra.code("alex@contoso.com", &[("claims", claims_wanted)]).await;
    let body = entra.redeem(&code).await.json();
    let lifetime = body["expires_in"].as_i64().unwrap();
    assert!((72_000..=100_800).contains(&lifetime));
    assert_eq!(body["refresh_in"], lifetime / 2);
    let access = claims(text(&body, "access_token"));
    assert_eq!(access["xms_cc"], json!(["cp1"]));
    assert_eq!(access["exp"], now().timestamp() + lifetime);
}

#[tokio::test]
async fn consent_takes_its_time() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    let files = json!({ "tenant": "contoso", "resource": "Microsoft Graph", "scopes": ["Mail.Read"] });
    entra.emulator.set_propagation(30);
    entra.post("/emulator/control/consent", files).await;
    let refresh = async || entra.refresh(text(&tokens, "refresh_token"), "Mail.Read").await;
    refused(&refresh().await, "invalid_grant", 65001);
    entra.post("/emulator/control/clock", json!({ "advance": 30 })).await;
    assert_eq!(refresh().await.status, 200);
}

#[tokio::test]
async fn an_authentication_context_is_met_by_a_second_factor_and_stays() {
    let entra = Entra::start().await;
    let wanted = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let first = entra.tokens("alex@contoso.com").await;
    let form =
        [("refresh_token", text(&first, "refresh_token")), ("scope", TENANTRY_SCOPE), ("claims", wanted)];
    let refusal = refused(&entra.form(TOKEN, &web("refresh_token", &form)).await, "invalid_grant", 50076);
    assert_eq!(refusal["claims"], wanted);

    let browser = entra.browser();
    let page = browser.sign_in(&authorize(&[("claims", wanted)]), "alex@contoso.com").await;
    let answer = browser.submit(&page, &[("code", ids::MFA_CODE)]).await;
    let second = entra.redeem(&parameter(&answer, "code").unwrap()).await.json();
    let renewed = entra.refresh(text(&second, "refresh_token"), TENANTRY_SCOPE).await.json();
    assert_eq!(claims(text(&renewed, "access_token"))["acrs"], json!(["c1"]));
}

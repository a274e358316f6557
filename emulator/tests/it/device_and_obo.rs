//! Tokens for users of devices without a browser, and of APIs that call others.

use emulator::ids;
use serde_json::{Value, json};

use crate::{
    support::{Entra, claims},
    user_grants::{TENANTRY_SCOPE, TOKEN, refused, text, web},
};

#[tokio::test]
async fn a_device_waits_for_somebody_to_sign_in() {
    let entra = Entra::start().await;
    let scope = format!("openid offline_access {TENANTRY_SCOPE}");
    let start = async || {
        let form = [("client_id", ids::TENANTRY_CLI), ("scope", &scope)];
        entra.form("/contoso.com/oauth2/v2.0/devicecode", &form).await.json()
    };
    let poll = async |device: &Value| {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", ids::TENANTRY_CLI),
            ("device_code", text(device, "device_code")),
        ];
        entra.form(TOKEN, &form).await
    };
    let device = start().await;
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(900), &json!(5)));
    assert!(text(&device, "message").contains(text(&device, "user_code")));
    assert_eq!(text(&device, "verification_uri"), entra.url("/devicelogin"));
    refused(&poll(&device).await, "authorization_pending", 70016);

    let browser = entra.browser();
    let page = browser.get("/devicelogin").await;
    let wrong = browser.submit(&page, &[("user_code", "NOTHING")]).await;
    assert!(wrong.text.contains("role=\"alert\""));
    let page = browser.submit(&wrong, &[("user_code", text(&device, "user_code"))]).await;
    let page = browser.submit(&page, &[("username", "alex@contoso.com")]).await;
    let page = browser.submit(&page, &[("password", "emulator")]).await;
    assert!(page.text.contains("Permissions requested"), "{}", page.text);
    let done = browser.submit(&page, &[("consent", "accept")]).await;
    assert!(done.text.contains("You have signed in to Tenantry CLI"));
    let tokens = poll(&device).await.json();
    assert_eq!(claims(text(&tokens, "access_token"))["oid"], ids::ALEX);
    assert!(tokens["refresh_token"].is_string());
    refused(&poll(&device).await, "invalid_grant", 54005);

    let device = start().await;
    let page = browser.get("/devicelogin").await;
    let page = browser.submit(&page, &[("user_code", text(&device, "user_code"))]).await;
    assert!(page.text.contains("Pick an account"));
    browser.submit(&page, &[("cancel", "1")]).await;
    refused(&poll(&device).await, "authorization_declined", 70018);
    let device = start().await;
    entra.post("/emulator/control/clock", json!({ "advance": 900 })).await;
    refused(&poll(&device).await, "expired_token", 70020);
    refused(&poll(&json!({ "device_code": "x" })).await, "bad_verification_code", 70018);
}

#[tokio::test]
async fn an_app_with_a_secret_lets_devices_in_where_public_flows_are_allowed_and_then_without_the_secret() {
    let entra = Entra::start().await;
    let scope = format!("openid offline_access {TENANTRY_SCOPE}");
    let form = [("client_id", ids::TENANTRY_APP), ("scope", scope.as_str())];
    let device = entra.form("/contoso.com/oauth2/v2.0/devicecode", &form).await.json();
    let browser = entra.browser();
    let page = browser.get("/devicelogin").await;
    let page = browser.submit(&page, &[("user_code", text(&device, "user_code"))]).await;
    let page = browser.submit(&page, &[("username", "alex@contoso.com")]).await;
    let done = browser.submit(&page, &[("password", "emulator")]).await;
    assert!(done.text.contains("You have signed in to Tenantry"), "{}", done.text);
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", ids::TENANTRY_APP),
        ("device_code", text(&device, "device_code")),
    ];
    let tokens = entra.form(TOKEN, &poll).await.json();
    let refresh = text(&tokens, "refresh_token");
    let bare =
        [("grant_type", "refresh_token"), ("client_id", ids::TENANTRY_APP), ("refresh_token", refresh)];
    assert!(entra.form(TOKEN, &bare).await.json()["access_token"].is_string());
    let with_secret = [&bare[..], &[("client_secret", "emulator-secret")]].concat();
    refused(&entra.form(TOKEN, &with_secret).await, "invalid_client", 700_025);

    entra.post("/emulator/control/apps/Tenantry", json!({ "publicFlows": false })).await;
    refused(&entra.form(TOKEN, &bare).await, "invalid_client", 7_000_218);
    let device = entra.form("/contoso.com/oauth2/v2.0/devicecode", &form).await;
    refused(&device, "invalid_client", 7_000_218);
}

#[tokio::test]
async fn an_api_calls_another_on_behalf_of_its_caller() {
    let entra = Entra::start().await;
    let obo = async |assertion: &str, scope: &str| {
        let form = [("assertion", assertion), ("requested_token_use", "on_behalf_of"), ("scope", scope)];
        entra.form(TOKEN, &web("urn:ietf:params:oauth:grant-type:jwt-bearer", &form)).await
    };
    let graph = "https://graph.microsoft.com/User.Read";
    let caller = entra.mint(json!({ "user": "alex" })).await;
    let body = obo(&caller, graph).await.json();
    let token = claims(text(&body, "access_token"));
    assert_eq!((&token["oid"], &token["appid"]), (&json!(ids::ALEX), &json!(ids::TENANTRY_APP)));
    assert_eq!(body["refresh_token"], Value::Null);
    let lasting = obo(&caller, &format!("{graph} offline_access")).await.json();
    assert!(lasting["refresh_token"].is_string());

    for (wish, code) in [
        (json!({ "user": "alex", "audience": "Stranger" }), 500_131),
        (
            json!({ "user": "alex", "audience": ids::TENANTRY_APP.to_uppercase(), "claims": { "aud": ids::TENANTRY_APP.to_uppercase() } }),
            500_131,
        ),
        (json!({ "user": "alex", "expiresIn": -1 }), 500_133),
        (json!({ "user": "alex", "notBefore": 60 }), 500_133),
        (json!({ "user": "alex", "signWith": "rogue" }), 50013),
        (json!({ "app": "Stranger" }), 7_000_114),
        (json!({ "user": "alex", "kind": "id", "audience": "Tenantry" }), 240_002),
    ] {
        refused(&obo(&entra.mint(wish).await, graph).await, "invalid_grant", code);
    }
    refused(&obo("nonsense", graph).await, "invalid_grant", 50013);
    let missing = obo(&caller, "Mail.Read").await;
    assert_eq!(refused(&missing, "invalid_grant", 65001)["suberror"], "consent_required");
    let removal = json!({ "tenant": "contoso", "resource": "Microsoft Graph", "remove": true });
    entra.post("/emulator/control/consent", removal).await;
    refused(&obo(&caller, graph).await, "invalid_grant", 65001);
}

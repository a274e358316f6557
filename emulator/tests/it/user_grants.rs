//! Tokens for users: by code, refresh token, device code and on behalf of.

use emulator::{AccessPolicy, Revocation, UserPatch, ids};
use serde_json::{Value, json};

use crate::{
    browser::{CALLBACK, authorize, parameter},
    support::{Answer, Entra, claims, now},
};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const TOKEN: &str = "/contoso.com/oauth2/v2.0/token";
const TENANTRY_SCOPE: &str = "api://a0000000-0000-4000-8000-00000000000a/access_as_user";

/// A form for the web app, with its secret.
pub(crate) fn web<'a>(grant: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("grant_type", grant),
        ("client_id", ids::TENANTRY_APP),
        ("client_secret", ids::TENANTRY_SECRET),
    ];
    form.extend(more);
    form
}

impl Entra {
    /// A code of the web app for somebody.
    pub(crate) async fn code(&self, who: &str, changes: &[(&str, &str)]) -> String {
        let answer = self.browser().sign_in(&authorize(changes), who).await;
        parameter(&answer, "code").unwrap()
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.form(TOKEN, &web("authorization_code", &[("code", code), ("redirect_uri", CALLBACK)])).await
    }

    pub(crate) async fn refresh(&self, token: &str, scope: &str) -> Answer {
        self.form(TOKEN, &web("refresh_token", &[("refresh_token", token), ("scope", scope)])).await
    }

    /// What the web app holds for somebody.
    pub(crate) async fn tokens(&self, who: &str) -> Value {
        let answer = self.redeem(&self.code(who, &[]).await).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

/// A member of an answer that is text.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

pub(crate) fn refused(answer: &Answer, error: &str, code: u32) -> Value {
    let body = answer.json();
    assert_eq!((&body["error"], &body["error_codes"]), (&json!(error), &json!([code])), "{}", answer.text);
    body
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let entra = Entra::start().await;
    let code = entra
        .code(
            "alex@contoso.com",
            &[("nonce", "n-1"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")],
        )
        .await;
    let form = [
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_info", "1"),
    ];
    let answer = entra.form(TOKEN, &web("authorization_code", &form)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], body["ext_expires_in"]);
    assert_eq!(body["refresh_in"], Value::Null);
    for scope in ["openid", "profile", "User.Read"] {
        assert!(text(&body, "scope").split(' ').any(|known| known == scope), "{body}");
    }
    assert!(text(&body, "refresh_token").len() > 1024);
    assert!(body["client_info"].is_string());
    let id = claims(text(&body, "id_token"));
    assert_eq!((&id["nonce"], &id["aud"]), (&json!("n-1"), &json!(ids::TENANTRY_APP)));
    assert_eq!((&id["ver"], &id["scp"]), (&json!("2.0"), &Value::Null));
    let access = claims(text(&body, "access_token"));
    assert_eq!(access["aud"], "https://graph.microsoft.com");
    assert_eq!(
        (&access["ver"], &access["appid"], &access["appidacr"]),
        (&json!("1.0"), &json!(ids::TENANTRY_APP), &json!("1"))
    );
    assert_eq!(access["amr"], json!(["pwd"]));
    assert!(text(&access, "scp").contains("User.Read"));
}

#[tokio::test]
async fn a_refresh_token_serves_all_resources_and_survives_its_use() {
    let entra = Entra::start().await;
    let first = entra.tokens("alex@contoso.com").await;
    let first = text(&first, "refresh_token");
    let graph = entra.refresh(first, "https://graph.microsoft.com/User.Read offline_access").await.json();
    assert!(text(&graph, "scope").split(' ').any(|scope| scope == "https://graph.microsoft.com/User.Read"));
    assert_eq!(graph["id_token"], Value::Null);
    let own = entra.refresh(first, &format!("openid {TENANTRY_SCOPE}")).await.json();
    assert_eq!(own["scope"], TENANTRY_SCOPE);
    assert!(own["id_token"].is_string());
    let access = claims(text(&own, "access_token"));
    assert_eq!((&access["aud"], &access["scp"]), (&json!(ids::TENANTRY_APP), &json!("access_as_user")));
    assert_ne!(graph["refresh_token"], own["refresh_token"]);
    let default = entra.refresh(first, &format!("{}/.default", ids::TENANTRY_URI)).await.json();
    assert_eq!(default["scope"], format!("{TENANTRY_SCOPE} {}/.default", ids::TENANTRY_URI));

    // Ninety days from the last use, not from the first.
    entra.post("/emulator/control/clock", json!({ "advance": 89 * 86400 })).await;
    let later = entra.refresh(first, "User.Read").await.json();
    entra.post("/emulator/control/clock", json!({ "advance": 2 * 86400 })).await;
    assert_eq!(
        refused(&entra.refresh(first, "User.Read").await, "invalid_grant", 700_082)["suberror"],
        "bad_token"
    );
    assert_eq!(entra.refresh(text(&later, "refresh_token"), "User.Read").await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_is_good_where_its_user_is_a_guest() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("adele@contoso.com").await;
    let form =
        web("refresh_token", &[("refresh_token", text(&tokens, "refresh_token")), ("scope", TENANTRY_SCOPE)]);
    let there = entra.form("/fabrikam.com/oauth2/v2.0/token", &form).await.json();
    let access = claims(text(&there, "access_token"));
    assert_eq!((&access["oid"], &access["tid"]), (&json!(ids::ADELE_IN_FABRIKAM), &json!(ids::FABRIKAM)));
    let tokens = entra.tokens("alex@contoso.com").await;
    let form =
        web("refresh_token", &[("refresh_token", text(&tokens, "refresh_token")), ("scope", TENANTRY_SCOPE)]);
    refused(&entra.form("/fabrikam.com/oauth2/v2.0/token", &form).await, "invalid_grant", 50034);
}

#[tokio::test]
async fn revocation_ends_what_was_given_before() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    entra.post("/emulator/control/clock", json!({ "advance": 60 })).await;
    // A password change does not touch what a confidential client holds.
    let change = UserPatch { revoke: Some(Revocation::Password), ..UserPatch::default() };
    entra.emulator.update_user("alex", change).unwrap();
    assert_eq!(entra.refresh(text(&tokens, "refresh_token"), "User.Read").await.status, 200);
    entra.post("/emulator/control/users/alex", json!({ "revoke": "sessions" })).await;
    let answer = entra.refresh(text(&tokens, "refresh_token"), "User.Read").await;
    assert_eq!(refused(&answer, "invalid_grant", 50173)["suberror"], "bad_token");
    let tokens = entra.tokens("alex@contoso.com").await;
    assert_eq!(entra.refresh(text(&tokens, "refresh_token"), "User.Read").await.status, 200);
    entra.post("/emulator/control/users/alex", json!({ "enabled": false })).await;
    refused(&entra.refresh(text(&tokens, "refresh_token"), "User.Read").await, "invalid_grant", 50057);
}

#[tokio::test]
async fn a_page_redeems_from_its_own_origin_and_for_a_day() {
    let entra = Entra::start().await;
    let spa = [
        ("client_id", ids::TENANTRY_SPA),
        ("redirect_uri", "http://localhost:5173/auth"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "openid offline_access api://a0000000-0000-4000-8000-00000000000a/access_as_user"),
    ];
    let code = entra.code("alex@contoso.com", &spa).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", ids::TENANTRY_SPA),
        ("redirect_uri", "http://localhost:5173/auth"),
        ("code_verifier", VERIFIER),
        ("code", &code),
    ];
    refused(&entra.form(TOKEN, &form).await, "invalid_request", 9_002_327);
    let from_page = async |form: &[(&str, &str)]| {
        let request = entra.request("POST", TOKEN).header("origin", "http://localhost:5173").form(form);
        Answer::of(request.send().await.unwrap()).await
    };
    let body = from_page(&form).await.json();
    assert_eq!(body["refresh_token_expires_in"], 86400);
    assert_eq!(claims(text(&body, "access_token"))["azpacr"], "0");

    entra.post("/emulator/control/clock", json!({ "advance": 23 * 3600 })).await;
    let refresh = |token: &Value| {
        let token = text(token, "refresh_token").to_owned();
        [
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", ids::TENANTRY_SPA.to_owned()),
            ("refresh_token", token),
        ]
    };
    let borrowed = |form: &[(&'static str, String)]| {
        form.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>()
    };
    let from_page = async |form: Vec<(&str, String)>| {
        let request = entra.request("POST", TOKEN).header("origin", "http://localhost:5173").form(&form);
        Answer::of(request.send().await.unwrap()).await
    };
    let second = from_page(borrowed(&refresh(&body))).await.json();
    assert_eq!(second["refresh_token_expires_in"], 3600);
    entra.post("/emulator/control/clock", json!({ "advance": 3600 })).await;
    let third = from_page(borrowed(&refresh(&second))).await;
    assert_eq!(refused(&third, "invalid_grant", 700_084)["suberror"], "bad_token");

    // A web app's code is not for pages.
    let code = entra.code("alex@contoso.com", &[]).await;
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", ids::TENANTRY_APP.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code", code),
    ];
    refused(&from_page(form.to_vec()).await, "invalid_request", 9_002_326);
}

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
    let missing = obo(&caller, "Files.Read.All").await;
    assert_eq!(refused(&missing, "invalid_grant", 65001)["suberror"], "consent_required");
    let removal = json!({ "tenant": "contoso", "resource": "Microsoft Graph", "remove": true });
    entra.post("/emulator/control/consent", removal).await;
    refused(&obo(&caller, graph).await, "invalid_grant", 65001);
}

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
    let files = json!({ "tenant": "contoso", "resource": "Microsoft Graph", "scopes": ["Files.Read.All"] });
    entra.emulator.set_propagation(30);
    entra.post("/emulator/control/consent", files).await;
    let refresh = async || entra.refresh(text(&tokens, "refresh_token"), "Files.Read.All").await;
    refused(&refresh().await, "invalid_grant", 65001);
    entra.post("/emulator/control/clock", json!({ "advance": 30 })).await;
    assert_eq!(refresh().await.status, 200);
}

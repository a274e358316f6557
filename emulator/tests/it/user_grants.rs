//! Tokens for users, by code and refresh token.

use emulator::{Revocation, UserPatch, ids};
use serde_json::{Value, json};

use crate::{
    browser::{CALLBACK, authorize, parameter},
    support::{Answer, Entra, claims},
};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const TOKEN: &str = "/contoso.com/oauth2/v2.0/token";
pub(crate) const TENANTRY_SCOPE: &str = "api://a0000000-0000-4000-8000-00000000000a/access_as_user";

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

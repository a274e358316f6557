//! What a client may not do with what it holds for a user.

use emulator::{Fault, ids};
use serde_json::json;

use crate::{
    browser::CALLBACK,
    support::Entra,
    user_grants::{CHALLENGE, TOKEN, VERIFIER, refused, text, web},
};

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let entra = Entra::start().await;
    let code = entra.code("alex@contoso.com", &[]).await;
    assert_eq!(entra.redeem(&code).await.status, 200);
    refused(&entra.redeem(&code).await, "invalid_grant", 54005);
    let code = entra.code("alex@contoso.com", &[]).await;
    entra.post("/emulator/control/clock", json!({ "advance": 600 })).await;
    refused(&entra.redeem(&code).await, "invalid_grant", 70008);
    refused(&entra.redeem("mangled").await, "invalid_grant", 9_002_313);
}

#[tokio::test]
async fn a_scope_that_says_nothing_is_a_mistake() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    for scope in ["", " "] {
        let answer = entra.refresh(text(&tokens, "refresh_token"), scope).await;
        refused(&answer, "invalid_request", 28003);
        let form = [("scope", scope)];
        refused(&entra.form(TOKEN, &web("client_credentials", &form)).await, "invalid_request", 28003);
    }
    let code = entra.code("alex@contoso.com", &[]).await;
    let form = [("code", code.as_str()), ("redirect_uri", CALLBACK), ("scope", "")];
    refused(&entra.form(TOKEN, &web("authorization_code", &form)).await, "invalid_request", 28003);
}

#[tokio::test]
async fn a_secret_ends() {
    let entra = Entra::start().await;
    let ask = async || entra.form(TOKEN, &web("client_credentials", &[("scope", ".default")])).await;
    let end = json!({ "secretExpires": "2026-03-01T12:01:00Z" });
    entra.post("/emulator/control/apps/Tenantry", end).await;
    assert_eq!(ask().await.status, 200);
    entra.post("/emulator/control/clock", json!({ "advance": 60 })).await;
    let answer = ask().await;
    assert_eq!(answer.status, 401);
    refused(&answer, "invalid_client", 7_000_222);
    entra.post("/emulator/control/apps/Tenantry", json!({ "secret": ids::TENANTRY_SECRET })).await;
    assert_eq!(ask().await.status, 200);
}

#[tokio::test]
async fn an_app_role_is_taken_away_and_given_back_in_time() {
    let entra = Entra::start().await;
    let roles = async || {
        let body = entra.form(TOKEN, &web("client_credentials", &[("scope", ".default")])).await.json();
        crate::support::claims(text(&body, "access_token"))["roles"].clone()
    };
    let all = json!(["Organization.Read.All", "User.Read.All", "Sites.Read.All"]);
    assert_eq!(roles().await, all);
    let set = async |roles: serde_json::Value| {
        let at = "/emulator/control/consent";
        let app = "Microsoft Graph";
        let body = json!({ "tenant": "contoso", "app": app, "principal": "Tenantry", "roles": roles });
        assert_eq!(entra.post(at, body).await.status, 200);
    };
    set(json!(["User.Read.All"])).await;
    assert_eq!(roles().await, json!(["User.Read.All"]));
    entra.emulator.set_propagation(90);
    set(all.clone()).await;
    assert_eq!(roles().await, json!(["User.Read.All"]));
    entra.post("/emulator/control/clock", json!({ "advance": 90 })).await;
    assert_eq!(roles().await, json!(["User.Read.All", "Organization.Read.All", "Sites.Read.All"]));
}

#[tokio::test]
async fn a_code_is_bound_to_what_it_was_asked_for() {
    let entra = Entra::start().await;
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = entra.code("alex@contoso.com", &challenge).await;
    let with = async |form: &[(&str, &str)]| {
        let mut all = vec![("code", code.as_str())];
        all.extend(form);
        entra.form(TOKEN, &web("authorization_code", &all)).await
    };
    let right = ("redirect_uri", CALLBACK);
    let wrong_verifier = "x".repeat(43);
    refused(&with(&[right]).await, "invalid_grant", 50147);
    refused(&with(&[right, ("code_verifier", "short")]).await, "invalid_grant", 501_491);
    refused(&with(&[right, ("code_verifier", &wrong_verifier)]).await, "invalid_grant", 501_481);
    let other = ("redirect_uri", "http://localhost:4001/api/oauth/microsoft/callback");
    refused(&with(&[other, ("code_verifier", VERIFIER)]).await, "invalid_grant", 500_112);
    let form = [("code", code.as_str()), right, ("code_verifier", VERIFIER)];
    let elsewhere = entra.form("/common/oauth2/v2.0/token", &web("authorization_code", &form)).await;
    refused(&elsewhere, "invalid_grant", 700_005);
    let stranger = [
        ("grant_type", "authorization_code"),
        ("client_id", ids::STRANGER_APP),
        ("client_secret", ids::STRANGER_SECRET),
        ("code", &code),
        right,
    ];
    refused(&entra.form(TOKEN, &stranger).await, "invalid_grant", 70000);
    let nobody =
        [("grant_type", "authorization_code"), ("client_id", ids::TENANTRY_APP), form[0], right, form[2]];
    refused(&entra.form(TOKEN, &nobody).await, "invalid_client", 7_000_218);
    // By the tenant's id instead of its domain: the same tenant.
    let same = format!("/{}/oauth2/v2.0/token", ids::CONTOSO);
    assert_eq!(entra.form(&same, &web("authorization_code", &form)).await.status, 200);
}

#[tokio::test]
async fn one_token_is_for_one_resource() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    let token = text(&tokens, "refresh_token");
    let own = format!("{}/access_as_user", ids::TENANTRY_URI);
    refused(&entra.refresh(token, &format!("User.Read {own}")).await, "invalid_request", 28000);
    let mixed = format!("{own} {}/.default", ids::TENANTRY_URI);
    refused(&entra.refresh(token, &mixed).await, "invalid_scope", 70011);
    refused(&entra.refresh(token, "api://nobody/x").await, "invalid_resource", 500_011);
    refused(&entra.refresh(token, "User.Read.All").await, "invalid_grant", 65001);
    // A sign-in may name several; a redemption without a scope means the first.
    let both = format!("openid offline_access {own} User.Read");
    let code = entra.code("alex@contoso.com", &[("scope", &both)]).await;
    assert_eq!(entra.redeem(&code).await.json()["scope"], own);
}

#[tokio::test]
async fn an_app_that_is_removed_or_disabled_gets_nothing() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    let refresh = async || entra.refresh(text(&tokens, "refresh_token"), "User.Read").await;
    let app = "/emulator/control/apps/Tenantry";
    entra.post(app, json!({ "tenant": "contoso", "enabled": false })).await;
    refused(&refresh().await, "unauthorized_client", 7_000_112);
    entra.post(app, json!({ "enabled": true })).await;
    assert_eq!(refresh().await.status, 200);
    let consent = "/emulator/control/consent";
    entra.post(consent, json!({ "tenant": "contoso", "principal": "alex", "remove": true })).await;
    refused(&refresh().await, "invalid_grant", 50105);
    entra.post(consent, json!({ "tenant": "contoso", "remove": true })).await;
    refused(&refresh().await, "unauthorized_client", 700_016);
}

#[tokio::test]
async fn users_are_throttled_in_another_form_than_apps() {
    let entra = Entra::start().await;
    let tokens = entra.tokens("alex@contoso.com").await;
    let refresh = async || entra.refresh(text(&tokens, "refresh_token"), "User.Read").await;
    let loops = json!({ "endpoint": "token", "kind": "refuse", "times": 1 });
    entra.post("/emulator/control/faults", loops).await;
    refused(&refresh().await, "invalid_grant", 50196);
    entra.emulator.set_fault(
        Fault::refuse("interaction_required", 50079).suberror("basic_action").claims("{}").times(1),
    );
    let body = refused(&refresh().await, "interaction_required", 50079);
    assert_eq!((&body["suberror"], &body["claims"]), (&json!("basic_action"), &json!("{}")));
    assert_eq!(refresh().await.status, 200);
}

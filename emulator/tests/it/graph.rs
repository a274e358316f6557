//! Microsoft Graph and `UserInfo`.

mod batch;
mod delta;
mod directory;
mod downloads;
mod drives;
mod sharepoint;
mod sites;
mod troubles;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use emulator::ids;
pub(crate) use emulator::ids::{CONTOSO_MARKETING_DRIVE as MARKETING, item};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Entra, claims},
    user_grants::text,
};

pub(crate) async fn ask(entra: &Entra, path: &str, token: &str) -> Answer {
    let request = entra.request("GET", path).header("authorization", format!("Bearer {token}"));
    Answer::of(request.send().await.unwrap()).await
}

pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code);
    assert_eq!(error["innerError"]["request-id"], answer.header("request-id").unwrap());
}

/// A token for Graph.
pub(crate) async fn for_graph(entra: &Entra, mut wish: Value) -> String {
    wish["audience"] = json!("https://graph.microsoft.com");
    entra.mint(wish).await
}

/// A path of Graph, with a token for somebody.
pub(crate) async fn get(entra: &Entra, who: &str, path: &str) -> Answer {
    let token = for_graph(entra, json!({ "user": who })).await;
    ask(entra, &format!("/v1.0{path}"), &token).await
}

/// What an address of Graph leads to.
pub(crate) async fn follow(entra: &Entra, who: &str, link: &Value) -> Answer {
    let link = link.as_str().unwrap();
    let path = link.strip_prefix(&entra.url("/v1.0")).unwrap_or_else(|| panic!("{link}"));
    get(entra, who, path).await
}

/// `name` of all of `value`.
pub(crate) fn all<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    page["value"].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_user_sees_himself() {
    let entra = Entra::start().await;
    let token = for_graph(&entra, json!({ "user": "adele", "scopes": ["User.Read", "openid"] })).await;
    let me = ask(&entra, "/v1.0/me", &token).await;
    assert!(me.header("content-type").unwrap().starts_with("application/json;odata.metadata=minimal"));
    assert_eq!((&me.json()["id"], &me.json()["surname"]), (&json!(ids::ADELE), &json!("Vance")));
    assert_eq!(me.json().as_object().unwrap().len(), 12);
    let some = ask(&entra, "/v1.0/me?$select=displayName,id", &token).await.json();
    assert_eq!(some.as_object().unwrap().len(), 3);

    let photo = ask(&entra, "/v1.0/me/photo/$value", &token).await;
    assert_eq!(photo.header("content-type"), Some("image/png"));
    let other = for_graph(&entra, json!({ "user": "alex" })).await;
    refused(&ask(&entra, "/v1.0/me/photo/$value", &other).await, 404, "ImageNotFound");

    let info = ask(&entra, "/oidc/userinfo", &token).await.json();
    let id_token = claims(&entra.mint(json!({ "user": "adele", "kind": "id" })).await);
    assert_eq!(info["sub"], id_token["sub"]);
    assert_eq!((&info["email"], &info["given_name"]), (&json!("adele@contoso.com"), &json!("Adele")));
}

#[tokio::test]
async fn an_organization_shows_more_to_those_who_may() {
    let entra = Entra::start().await;
    let user = for_graph(&entra, json!({ "user": "alex", "scopes": ["User.Read"] })).await;
    let seen = ask(&entra, "/v1.0/organization", &user).await.json()["value"][0].clone();
    assert_eq!((&seen["id"], &seen["displayName"]), (&json!(ids::CONTOSO), &json!("Contoso")));
    assert_eq!(seen["verifiedDomains"][0]["name"], "contoso.com");
    assert_eq!(seen["tenantType"], Value::Null);
    let wish = json!({ "app": "Tenantry", "tenant": "fabrikam", "roles": ["Organization.Read.All"] });
    let app = for_graph(&entra, wish).await;
    let path = format!("/v1.0/organization/{}", ids::FABRIKAM);
    assert_eq!(ask(&entra, &path, &app).await.json()["tenantType"], "AAD");
    let other = format!("/v1.0/organization/{}", ids::CONTOSO);
    refused(&ask(&entra, &other, &app).await, 404, "Request_ResourceNotFound");
    let none = for_graph(&entra, json!({ "app": "Tenantry", "roles": [] })).await;
    refused(&ask(&entra, "/v1.0/organization", &none).await, 403, "Authorization_RequestDenied");
    refused(&ask(&entra, "/v1.0/me", &app).await, 400, "BadRequest");
}

#[tokio::test]
async fn other_tokens_are_refused() {
    let entra = Entra::start().await;
    for wish in [
        json!({ "user": "alex" }),
        json!({ "user": "alex", "audience": "https://graph.microsoft.com", "expiresIn": -1 }),
        json!({ "user": "alex", "audience": "https://graph.microsoft.com", "signWith": "rogue" }),
    ] {
        let answer = ask(&entra, "/v1.0/me", &entra.mint(wish).await).await;
        refused(&answer, 401, "InvalidAuthenticationToken");
        assert!(answer.header("www-authenticate").unwrap().contains("authorization_uri="));
    }
    refused(&entra.get("/v1.0/me").await, 401, "InvalidAuthenticationToken");
    let weak = for_graph(&entra, json!({ "user": "alex", "scopes": ["openid"] })).await;
    refused(&ask(&entra, "/v1.0/me", &weak).await, 403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn revocation_reaches_those_who_handle_challenges() {
    let entra = Entra::start().await;
    let wanted = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let code = entra.code("alex@contoso.com", &[("claims", wanted)]).await;
    let handles = entra.redeem(&code).await.json();
    let plain = entra.tokens("alex@contoso.com").await;
    entra.post("/emulator/control/clock", json!({ "advance": 60 })).await;
    entra.post("/emulator/control/users/alex", json!({ "revoke": "sessions" })).await;
    assert_eq!(ask(&entra, "/v1.0/me", text(&plain, "access_token")).await.status, 200);
    let answer = ask(&entra, "/v1.0/me", text(&handles, "access_token")).await;
    refused(&answer, 401, "InvalidAuthenticationToken");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let encoded = challenge.split_once("claims=\"").unwrap().1.rsplit_once('"').unwrap().0;
    let encoded = encoded.rsplit('"').next().unwrap();
    let decoded: Value = serde_json::from_slice(&STANDARD.decode(encoded).unwrap()).unwrap();
    assert_eq!(decoded["access_token"]["nbf"]["essential"], true);
}

#[tokio::test]
async fn instance_discovery_knows_its_own_host() {
    let entra = Entra::start().await;
    let ask = async |endpoint: &str| {
        entra
            .get(&format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}"))
            .await
    };
    let known = ask(&entra.url("/common/oauth2/v2.0/authorize")).await;
    assert_eq!(known.status, 200, "{}", known.text);
    let aliases = &known.json()["metadata"][0]["aliases"];
    assert!(entra.emulator.http_url().ends_with(aliases[0].as_str().unwrap()));
    let unknown = ask("https://evil.example/common/oauth2/v2.0/authorize").await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["error"]), (400, &json!("invalid_instance")));
}

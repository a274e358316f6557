use base64::{Engine as _, engine::general_purpose::STANDARD};
use emulator::ids;
use serde_json::{Value, json};

use crate::support::{Answer, Entra, claims, credentials, is_signed_by, now};

fn path(tenant: &str) -> String {
    format!("/{tenant}/oauth2/v2.0/token")
}

/// Asks Contoso with good credentials, but for one parameter: another value, or none.
async fn with(entra: &Entra, name: &str, value: Option<&str>) -> Answer {
    let mut form = credentials();
    form.retain(|(known, _)| *known != name);
    form.extend(value.map(|value| (name, value)));
    entra.form(&path("contoso.com"), &form).await
}

fn refused(answer: &Answer, status: u16, error: &str, code: u32) {
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["error"]), (status, &json!(error)), "{}", answer.text);
    assert_eq!(body["error_codes"], json!([code]));
    let description = body["error_description"].as_str().unwrap();
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    for (name, value) in [
        ("Trace ID", &body["trace_id"]),
        ("Correlation ID", &body["correlation_id"]),
        ("Timestamp", &body["timestamp"]),
    ] {
        let line = format!("\r\n{name}: {}", value.as_str().unwrap());
        assert!(description.contains(&line), "{description}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("x-ms-request-id"), body["trace_id"].as_str());
}

#[tokio::test]
async fn an_app_gets_a_token_of_its_own() {
    let entra = Entra::start().await;
    let answer = entra.form(&path(ids::CONTOSO), &credentials()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store, no-cache"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.header("x-ms-request-id").is_some());
    assert!(answer.header("x-ms-ests-server").is_some());

    let body = answer.json();
    let lifetime = body["expires_in"].as_i64().unwrap();
    assert!((3600..=5400).contains(&lifetime));
    assert_eq!(body["ext_expires_in"], lifetime);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body.get("scope"), None);
    assert_eq!(body.get("refresh_token"), None);

    let token = body["access_token"].as_str().unwrap();
    assert!(is_signed_by(token, &entra.key_of(token).await.unwrap()));
    let mut claims = claims(token);
    for opaque in ["uti", "rh", "aio"] {
        assert!(claims.as_object_mut().unwrap().remove(opaque).is_some_and(|value| value.is_string()));
    }
    assert_eq!(
        claims,
        json!({
            "aud": ids::TENANTRY_APP,
            "iss": format!("https://localhost:4143/{}/v2.0", ids::CONTOSO),
            "iat": now().timestamp(),
            "nbf": now().timestamp(),
            "exp": now().timestamp() + lifetime,
            "azp": ids::TENANTRY_APP,
            "azpacr": "1",
            "idtyp": "app",
            "oid": ids::TENANTRY_IN_CONTOSO,
            "sub": ids::TENANTRY_IN_CONTOSO,
            "tid": ids::CONTOSO,
            "ver": "2.0",
        })
    );
}

#[tokio::test]
async fn a_secret_may_come_by_basic_authentication() {
    let entra = Entra::start().await;
    let pair = STANDARD.encode(format!("{}:{}", ids::STRANGER_APP, "stranger%2Dsecret"));
    let scope = format!("{}/.default", ids::TENANTRY_APP);
    let request = entra
        .request("POST", &path("fabrikam.com"))
        .header("authorization", format!("Basic {pair}"))
        .form(&[("grant_type", "client_credentials"), ("scope", &scope)]);
    let answer = Answer::of(request.send().await.unwrap()).await;
    let claims = claims(answer.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], ids::TENANTRY_APP);
    assert_eq!(claims["azp"], ids::STRANGER_APP);
    assert_eq!(claims["oid"], ids::STRANGER_IN_FABRIKAM);
}

#[tokio::test]
async fn graph_asks_for_version_1() {
    let entra = Entra::start().await;
    for scope in ["https://graph.microsoft.com/.default", ".default"] {
        let answer = with(&entra, "scope", Some(scope)).await;
        let claims = claims(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(claims["aud"], "https://graph.microsoft.com");
        assert_eq!(claims["iss"], format!("https://localhost:4143/{}/", ids::CONTOSO));
        assert_eq!(claims["ver"], "1.0");
        assert_eq!(claims["appid"], ids::TENANTRY_APP);
        assert_eq!(claims["appidacr"], "1");
    }
}

#[tokio::test]
async fn roles_are_those_that_were_consented_to() {
    let entra = Entra::start().await;
    let roles = async |entra: &Entra| {
        let answer = entra.form(&path("contoso.com"), &credentials()).await;
        claims(answer.json()["access_token"].as_str().unwrap())["roles"].clone()
    };
    assert_eq!(roles(&entra).await, Value::Null);
    let mut consent = json!({ "tenant": "contoso", "principal": "Tenantry", "roles": ["Tenantry.Admin"] });
    assert_eq!(entra.post("/emulator/control/consent", consent.clone()).await.status, 200);
    assert_eq!(roles(&entra).await, json!(["Tenantry.Admin"]));
    consent["remove"] = json!(true);
    entra.post("/emulator/control/consent", consent).await;
    assert_eq!(roles(&entra).await, Value::Null);
}

#[tokio::test]
async fn wrong_clients_are_refused() {
    let entra = Entra::start().await;
    refused(&with(&entra, "client_secret", Some("wrong")).await, 401, "invalid_client", 7_000_215);
    refused(&with(&entra, "client_secret", None).await, 401, "invalid_client", 7_000_218);
    let unknown = "11111111-1111-4111-8111-111111111111";
    refused(&with(&entra, "client_id", Some(unknown)).await, 400, "unauthorized_client", 700_016);
    refused(&with(&entra, "client_id", Some(ids::TENANTRY_SPA)).await, 401, "invalid_client", 700_025);
}

#[tokio::test]
async fn wrong_scopes_are_refused() {
    let entra = Entra::start().await;
    let tenantry = format!("{}/.default", ids::TENANTRY_URI);
    for scope in
        ["User.Read", &format!("{tenantry} openid"), &format!("{tenantry} {}/.default", ids::TENANTRY_APP)]
    {
        refused(&with(&entra, "scope", Some(scope)).await, 400, "invalid_scope", 70011);
    }
    let two = format!("{tenantry} {}/.default", ids::STRANGER_URI);
    refused(&with(&entra, "scope", Some(&two)).await, 400, "invalid_request", 28000);
    let unknown = with(&entra, "scope", Some("api://nobody/.default")).await;
    refused(&unknown, 400, "invalid_resource", 500_011);
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let entra = Entra::start().await;
    for missing in ["grant_type", "client_id", "scope"] {
        let answer = with(&entra, missing, None).await;
        refused(&answer, 400, "invalid_request", 900_144);
        assert!(answer.text.contains(&format!("'{missing}'")), "{}", answer.text);
    }
    let resource = with(&entra, "resource", Some(ids::TENANTRY_URI)).await;
    refused(&resource, 400, "invalid_request", 901_002);
    let grant = with(&entra, "grant_type", Some("password")).await;
    refused(&grant, 400, "unsupported_grant_type", 70003);
    let request = entra
        .request("POST", &path("contoso.com"))
        .header("authorization", "Bearer abc")
        .form(&credentials());
    let answer = Answer::of(request.send().await.unwrap()).await;
    refused(&answer, 400, "invalid_request", 9_002_313);
}

#[tokio::test]
async fn an_app_needs_a_tenant_that_knows_it() {
    let entra = Entra::start().await;
    for alias in ["common", "organizations", "consumers", ids::PERSONAL_TENANT] {
        refused(&entra.form(&path(alias), &credentials()).await, 400, "invalid_request", 9_001_023);
    }
    refused(&entra.form(&path("nobody.example"), &credentials()).await, 400, "invalid_request", 90002);
    let removal = json!({ "tenant": "fabrikam", "app": "Tenantry", "remove": true });
    entra.post("/emulator/control/consent", removal).await;
    refused(&entra.form(&path("fabrikam.com"), &credentials()).await, 401, "invalid_client", 7_000_229);
    assert_eq!(entra.form(&path("contoso.com"), &credentials()).await.status, 200);
    entra.post("/emulator/control/consent", json!({ "tenant": "fabrikam" })).await;
    assert_eq!(entra.form(&path("fabrikam.com"), &credentials()).await.status, 200);
}

#[tokio::test]
async fn a_page_may_not_send_a_secret() {
    let entra = Entra::start().await;
    let request = entra
        .request("POST", &path("contoso.com"))
        .header("origin", "http://localhost:5173")
        .form(&credentials());
    refused(&Answer::of(request.send().await.unwrap()).await, 400, "invalid_request", 9_002_326);
}

#[tokio::test]
async fn a_correlation_id_comes_back() {
    let entra = Entra::start().await;
    let id = "0195a1a4-0000-7000-8000-000000000001";
    let request = entra
        .request("POST", &format!("{}?client-request-id={id}", path("contoso.com")))
        .header("return-client-request-id", "true")
        .form(&[("grant_type", "password")]);
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.header("client-request-id"), Some(id));
    assert_eq!(answer.json()["correlation_id"], id);
}

use serde_json::{Value, json};

use crate::support::Entra;
use emulator::ids;

const V2: &str = "v2.0/.well-known/openid-configuration";
const V1: &str = ".well-known/openid-configuration";
/// The issuer when no https listener is started.
const BASE: &str = "https://localhost:4143";

async fn document(entra: &Entra, tenant: &str, version: &str) -> Value {
    let answer = entra.get(&format!("/{tenant}/{version}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("max-age=86400, private"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}

#[tokio::test]
async fn aliases_keep_their_name_and_a_templated_issuer() {
    let entra = Entra::start().await;
    for alias in ["common", "organizations"] {
        let document = document(&entra, alias, V2).await;
        assert_eq!(document["issuer"], format!("{BASE}/{{tenantid}}/v2.0"));
        assert_eq!(document["token_endpoint"], entra.url(&format!("/{alias}/oauth2/v2.0/token")));
        assert_eq!(document["jwks_uri"], entra.url(&format!("/{alias}/discovery/v2.0/keys")));
        assert_eq!(document["tenant_region_scope"], Value::Null);
    }
}

#[tokio::test]
async fn consumers_are_the_tenant_of_personal_accounts() {
    let entra = Entra::start().await;
    let issuer = json!(format!("{BASE}/{}/v2.0", ids::PERSONAL_TENANT));
    assert_eq!(document(&entra, "consumers", V2).await["issuer"], issuer);
    assert_eq!(document(&entra, ids::PERSONAL_TENANT, V2).await["issuer"], issuer);
}

#[tokio::test]
async fn a_domain_leads_to_endpoints_with_the_guid() {
    let entra = Entra::start().await;
    for tenant in [ids::CONTOSO, "contoso.com", "contoso.onmicrosoft.com", "CONTOSO.com"] {
        let document = document(&entra, tenant, V2).await;
        assert_eq!(document["issuer"], format!("{BASE}/{}/v2.0", ids::CONTOSO));
        assert_eq!(
            document["authorization_endpoint"],
            entra.url(&format!("/{}/oauth2/v2.0/authorize", ids::CONTOSO))
        );
        assert_eq!(document["tenant_region_scope"], "EU");
    }
    let upper = ids::CONTOSO.to_uppercase();
    assert_eq!(document(&entra, &upper, V2).await["issuer"], format!("{BASE}/{}/v2.0", ids::CONTOSO));
    assert_eq!(
        document(&entra, "Common", V2).await["token_endpoint"],
        entra.url("/common/oauth2/v2.0/token")
    );
}

#[tokio::test]
async fn the_document_has_the_members_of_the_real_one() {
    let entra = Entra::start().await;
    let document = document(&entra, "common", V2).await;
    let mut members: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "authorization_endpoint",
            "claims_supported",
            "cloud_graph_host_name",
            "cloud_instance_name",
            "device_authorization_endpoint",
            "end_session_endpoint",
            "frontchannel_logout_supported",
            "http_logout_supported",
            "id_token_signing_alg_values_supported",
            "issuer",
            "jwks_uri",
            "kerberos_endpoint",
            "msgraph_host",
            "rbac_url",
            "request_uri_parameter_supported",
            "response_modes_supported",
            "response_types_supported",
            "scopes_supported",
            "subject_types_supported",
            "tenant_region_scope",
            "token_endpoint",
            "token_endpoint_auth_methods_supported",
            "userinfo_endpoint",
        ]
    );
}

#[tokio::test]
async fn version_1_has_its_own_issuer_and_endpoints() {
    let entra = Entra::start().await;
    let common = document(&entra, "common", V1).await;
    assert_eq!(common["issuer"], format!("{BASE}/{{tenantid}}/"));
    assert_eq!(common["jwks_uri"], entra.url("/common/discovery/keys"));
    assert_eq!(common["token_endpoint"], entra.url("/common/oauth2/token"));
    assert_eq!(common["microsoft_multi_refresh_token"], true);
    let contoso = document(&entra, "contoso.com", V1).await;
    assert_eq!(contoso["issuer"], format!("{BASE}/{}/", ids::CONTOSO));
}

#[tokio::test]
async fn personal_accounts_have_no_version_1() {
    let entra = Entra::start().await;
    for tenant in ["consumers", ids::PERSONAL_TENANT] {
        let answer = entra.get(&format!("/{tenant}/{V1}")).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error_codes"], json!([90027]));
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_invalid() {
    let entra = Entra::start().await;
    let unknown = "11111111-1111-4111-8111-111111111111";
    for path in [
        format!("/{unknown}/{V2}"),
        format!("/{unknown}/{V1}"),
        format!("/{unknown}/discovery/v2.0/keys"),
        format!("/{unknown}/discovery/keys"),
        format!("/nobody.example/{V2}"),
    ] {
        let answer = entra.get(&path).await;
        let body = answer.json();
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(body["error"], "invalid_tenant");
        assert_eq!(body["error_codes"], json!([90002]));
        assert!(body["error_description"].as_str().unwrap().starts_with("AADSTS90002: Tenant '"));
        assert_eq!(body["timestamp"], "2026-03-01 12:00:00Z");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_and_not_counted() {
    let entra = Entra::start().await;
    let request = entra
        .request("OPTIONS", "/common/oauth2/v2.0/token")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-client-sku, x-requested-with");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers()["access-control-allow-headers"], "x-client-sku, x-requested-with");
    assert_eq!(entra.emulator.requests(emulator::Endpoint::All), 0);
}

//! How we prove who we are: each way is accepted by the emulator, and one that fails makes room for the next.

use std::{path::PathBuf, sync::Arc};

use api::app::{Parts, Severity, findings};
use chrono::TimeDelta;
use domain::delegation::{AppTokenError, AppTokens, Resource};
use infra::entra::token_client::{
    AppTokenSource, ClientCertificate, ClientCredential, Credentials, ResourceNames, TokenEndpoint,
};
use secrecy::SecretString;
use tests::{
    TestApp,
    emulator::{AppPatch, Consent, Endpoint, Fault, FaultKind, FederatedCredential, TokenRequest, ids},
};
use uuid::Uuid;

use super::{DELEGATION, asked};

/// A certificate with its key, made for these tests.
const PEM: &str = include_str!("client.pem");
const NO_SECRET: &str = "not-the-secret";

fn pem_file() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("it/delegation/client.pem");
    path.to_str().expect("a path in UTF-8").to_owned()
}

fn register(app: &TestApp) {
    let patch = AppPatch { certificates: Some(vec![PEM.to_owned()]), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).expect("it is there");
}

#[tokio::test]
async fn a_certificate_is_a_proof_and_needs_no_secret() {
    for (name, value) in
        [("AZURE_CLIENT_CERTIFICATE_PATH", pem_file()), ("AZURE_CLIENT_CERTIFICATE", PEM.to_owned())]
    {
        let app = TestApp::builder().set(name, &value).set("AZURE_CLIENT_SECRET", "").start().await;
        register(&app);
        app.user("adele").get(DELEGATION).await.expect(200);
        app.user("megan").get(DELEGATION).await.expect(200);
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_read_from_its_file_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let app = TestApp::builder()
        .set("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap())
        .set("AZURE_CLIENT_SECRET", "")
        .start()
        .await;
    let token = app
        .emulator
        .mint(&TokenRequest::app("Stranger").audience("api://AzureADTokenExchange").claim("sub", "workload"))
        .unwrap();
    let keys = format!("{}/common/discovery/v2.0/keys", app.emulator.http_url());
    let keys = infra::http::client().unwrap().get(keys).send().await.unwrap().json().await.unwrap();
    let trusted = FederatedCredential {
        issuer: issuer(&token),
        subject: "workload".to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        jwks: Some(keys),
    };
    let patch = AppPatch { federated: Some(vec![trusted]), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).unwrap();

    // While the file is away, and no longer: it is being replaced.
    for _ in 0..2 {
        let refused = app.user("adele").get(DELEGATION).await.expect(503);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("UNAVAILABLE", Some("2")));
        assert_eq!(asked(&app), 0);
        app.advance(TimeDelta::milliseconds(100));
    }
    std::fs::write(&file, format!("{token}\n")).unwrap();
    app.advance(TimeDelta::seconds(2));
    app.user("adele").get(DELEGATION).await.expect(200);

    // A token that was just replaced is refused once, and the next one is read soon.
    app.emulator.set_fault(Fault::refuse("invalid_client", 700_024).times(1));
    for _ in 0..2 {
        assert_eq!(app.user("alex").get(DELEGATION).await.expect(502).code(), "UPSTREAM_ERROR");
    }
    assert_eq!(asked(&app), 2);
    app.advance(TimeDelta::milliseconds(2_100));
    app.user("alex").get(DELEGATION).await.expect(200);
}

pub(crate) fn issuer(token: &str) -> String {
    let token = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(token).expect("a JWT");
    let issuer = token.claims.get("iss").and_then(serde_json::Value::as_str);
    issuer.expect("it names its issuer").to_owned()
}

#[tokio::test]
async fn one_that_fails_makes_room_for_the_next_and_is_passed_over_for_a_while() {
    let app = TestApp::builder().set("AZURE_CLIENT_CERTIFICATE_PATH", &pem_file()).start().await;
    // The certificate is not registered; the secret is good.
    app.user("adele").get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2);
    app.user("alex").get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 3, "it was passed over");
    register(&app);
    app.advance(TimeDelta::seconds(61));
    let secret = AppPatch { secret: Some("another".to_owned()), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &secret).unwrap();
    app.user("alex").get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 4);
}

#[tokio::test]
async fn one_without_a_proof_is_passed_over_for_a_while_but_not_when_it_is_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let app = TestApp::builder().set("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()).start().await;
    app.user("adele").get(DELEGATION).await.expect(200);
    std::fs::write(&file, "a token that nobody trusts").unwrap();
    app.advance(TimeDelta::seconds(5));
    app.user("adele").get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2, "it was not looked at again");
    // The other one is not good any more, so it is, soon.
    let another = AppPatch { secret: Some("another".to_owned()), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &another).unwrap();
    app.user("adele").get(DELEGATION).await.expect(503);
    assert_eq!(asked(&app), 3);
    app.advance(TimeDelta::milliseconds(2_100));
    assert_eq!(app.user("adele").get(DELEGATION).await.expect(502).code(), "UPSTREAM_ERROR");
    assert_eq!(asked(&app), 4, "what the file holds was tried first, and is wrong");
}

#[tokio::test]
async fn a_wrong_secret_is_our_fault_and_nobody_elses() {
    let app = TestApp::builder().set("AZURE_CLIENT_SECRET", NO_SECRET).start().await;
    for _ in 0..3 {
        let refused = app.user("adele").get(DELEGATION).await.expect(502);
        assert_eq!(refused.code(), "UPSTREAM_ERROR");
        assert!(!refused.text.contains("AADSTS") && !refused.text.contains(NO_SECRET), "{}", refused.text);
    }
    assert_eq!(asked(&app), 1);
    app.user("adele").get("/api/auth/me").await.expect(200);
    let secret = AppPatch { secret: Some(NO_SECRET.to_owned()), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &secret).unwrap();
    app.advance(TimeDelta::seconds(61));
    app.user("adele").get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn a_tenant_that_does_not_know_us_does_not_make_our_credential_look_broken() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::refuse("invalid_client", 7_000_229).times(1));
    assert_eq!(app.user("adele").get(DELEGATION).await.expect(401).code(), "CONSENT_REQUIRED");
    app.user("adele").get(DELEGATION).await.expect(200);
    app.emulator.set_fault(Fault::refuse("invalid_client", 1).times(1));
    app.user("alex").get(DELEGATION).await.expect(502);
    app.user("megan").get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn without_any_credential_the_service_runs_and_says_so() {
    let app = TestApp::builder().set("AZURE_CLIENT_SECRET", "").start().await;
    app.user("adele").get(DELEGATION).await.expect(502);
    app.user("adele").get("/api/auth/me").await.expect(200);
    let found = findings(&app.config, &Parts::system()).await;
    let finding = found.iter().find(|finding| finding.subject == "client credentials").unwrap();
    assert_eq!(finding.severity, Severity::Note);
}

/// The service's own tokens, with the credentials given.
fn app_only(app: &TestApp, list: Vec<ClientCredential>) -> AppTokenSource {
    let client = infra::http::client().expect("a client");
    let entropy = Arc::new(infra::entropy::SystemEntropy);
    let host = app.config.entra.authority_host.clone();
    let endpoint = TokenEndpoint::new(client, host, Arc::new(app.clock.clone()), entropy);
    let credentials = Credentials::new(ids::TENANTRY_APP.parse().expect("a GUID"), list);
    let names = ResourceNames { graph: "https://graph.microsoft.com".to_owned() };
    AppTokenSource::new(Arc::new(endpoint), Arc::new(credentials), names)
}

fn secret(text: &str) -> ClientCredential {
    ClientCredential::Secret(SecretString::from(text))
}

fn tenant(id: &str) -> Uuid {
    id.parse().expect("a GUID")
}

#[tokio::test]
async fn the_services_own_tokens_are_had_once_for_each_tenant() {
    let app = TestApp::start().await;
    register(&app);
    let certificate = ClientCertificate::parse(&SecretString::from(PEM), None).unwrap();
    for credential in [secret(ids::TENANTRY_SECRET), ClientCredential::Certificate(certificate)] {
        let before = asked(&app);
        let source = app_only(&app, vec![credential]);
        let mut tokens = Vec::new();
        for _ in 0..3 {
            for id in [ids::CONTOSO, ids::FABRIKAM] {
                tokens.push(source.token(tenant(id), &Resource::Graph).await.unwrap());
            }
        }
        assert_eq!(asked(&app) - before, 2);
        assert!(tokens.iter().all(|token| token.expires_at > app.clock.peek()));
    }
}

#[tokio::test]
async fn the_services_own_refusals_are_told_by_class() {
    let app = TestApp::start().await;
    let ask =
        async |list| app_only(&app, list).token(tenant(ids::CONTOSO), &Resource::Graph).await.map(|_| ());
    let good = || vec![secret(ids::TENANTRY_SECRET)];
    assert_eq!(ask(vec![secret(NO_SECRET)]).await, Err(AppTokenError::Misconfigured));
    assert_eq!(ask(Vec::new()).await, Err(AppTokenError::Misconfigured));
    assert_eq!(ask(vec![secret(NO_SECRET), secret(ids::TENANTRY_SECRET)]).await, Ok(()));

    let wait = std::time::Duration::from_secs;
    for (fault, error) in [
        (Fault::refuse("unauthorized_client", 700_016), AppTokenError::NotConsented),
        (Fault::refuse("invalid_client", 7_000_229), AppTokenError::NotConsented),
        (Fault::refuse("invalid_grant", 65_001), AppTokenError::NotConsented),
        (Fault::refuse("unauthorized_client", 7_000_112), AppTokenError::DisabledByTenant),
        (Fault::refuse("invalid_request", 90_002), AppTokenError::NoSuchTenant),
        (Fault::refuse("invalid_resource", 500_011), AppTokenError::NoSuchResource),
        (Fault::refuse("invalid_client", 7_000_222), AppTokenError::Misconfigured),
        (
            Fault::new(Endpoint::Token, FaultKind::Throttle),
            AppTokenError::Throttled { retry_after: wait(60) },
        ),
        (
            Fault::new(Endpoint::Token, FaultKind::Garbage),
            AppTokenError::Unavailable { retry_after: wait(5) },
        ),
        (Fault::status(Endpoint::Token, 503), AppTokenError::Unavailable { retry_after: wait(5) }),
    ] {
        app.emulator.set_fault(fault.clone());
        assert_eq!(ask(good()).await, Err(error), "{fault:?}");
        app.emulator.clear_faults();
    }

    let removed = Consent { tenant: "contoso".to_owned(), remove: true, ..Consent::default() };
    app.emulator.consent(&removed).unwrap();
    assert_eq!(ask(good()).await, Err(AppTokenError::NotConsented));
}

#[tokio::test]
async fn doctor_tries_a_token_where_there_is_a_tenant_to_ask() {
    let app = TestApp::builder().set("AZURE_TENANT_ID", ids::CONTOSO).start().await;
    let finding = async || {
        let parts = Parts { clock: Arc::new(app.clock.clone()), ..Parts::system() };
        let found = findings(&app.config, &parts).await;
        found.into_iter().find(|finding| finding.subject == "client credentials").unwrap()
    };
    let good = finding().await;
    assert_eq!(good.severity, Severity::Good, "{good:?}");
    assert!(good.text.starts_with("secret; a token for Microsoft Graph"), "{good:?}");
    let patch = AppPatch { secret: Some("another".to_owned()), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).unwrap();
    let wrong = finding().await;
    assert_eq!(wrong.severity, Severity::Wrong, "{wrong:?}");
}

//! Signing in and connecting, whatever the service proves itself by.

use chrono::TimeDelta;
use tests::{
    TestApp,
    emulator::{AppPatch, FederatedCredential, TokenRequest},
};

use super::{builder, connect, person, token_path};

/// A certificate with its key, made for tests.
const PEM: &str = include_str!("../delegation/client.pem");

fn register(app: &TestApp) {
    let patch = AppPatch { certificates: Some(vec![PEM.to_owned()]), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).expect("it is there");
}

#[tokio::test]
async fn a_certificate_signs_people_in_and_connects_and_refreshes_their_accounts() {
    let app = builder().set("AZURE_CLIENT_CERTIFICATE", PEM).set("AZURE_CLIENT_SECRET", "").start().await;
    register(&app);
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "alex@contoso.com").await;
    app.clock.advance(TimeDelta::hours(2));
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn a_token_of_another_issuer_does_so_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let app = builder()
        .set("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap())
        .set("AZURE_CLIENT_SECRET", "")
        .start()
        .await;
    let token = TokenRequest::app("Stranger").audience("api://AzureADTokenExchange").claim("sub", "workload");
    let token = app.emulator.mint(&token).unwrap();
    let keys = format!("{}/common/discovery/v2.0/keys", app.emulator.http_url());
    let keys = infra::http::client().unwrap().get(keys).send().await.unwrap().json().await.unwrap();
    let trusted = FederatedCredential {
        issuer: crate::delegation::credentials::issuer(&token),
        subject: "workload".to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        jwks: Some(keys),
    };
    let patch = AppPatch { federated: Some(vec![trusted]), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).unwrap();
    // While the file is away nobody signs in, and the code is not lost on it.
    let browser = app.browser();
    browser.sign_in("alex@contoso.com").await.expect(503);
    std::fs::write(&file, token).unwrap();
    app.clock.advance(TimeDelta::seconds(3));
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "alex@contoso.com").await;
    browser.get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn a_credential_that_is_refused_makes_room_for_the_next() {
    // The certificate is tried first, and nobody has registered it.
    let app = builder().set("AZURE_CLIENT_CERTIFICATE", PEM).start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let id = connect(&browser, "alex@contoso.com").await;
    browser.get(&token_path(&id)).await.expect(200);
}

//! The `openidconnect` crate, which takes a tenant authority for any other provider.

use emulator::{Emulator, Options, ids};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
    core::{CoreClient, CoreProviderMetadata, CoreResponseType},
    http,
};
use reqwest::Client;

use crate::{
    browser::{Browser, CALLBACK, parameter},
    https::trusting,
};

/// Sends what the crate wants sent, by our client.
async fn send(client: Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let answer =
        client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send().await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(answer.bytes().await?.to_vec()).unwrap())
}

#[tokio::test]
async fn code_and_pkce_with_a_tenant_authority() {
    let entra = Emulator::start(Options { https_port: Some(0), ..Options::default() }).await.unwrap();
    let trusted = trusting(entra.ca_pem().unwrap());
    let http = |request| send(trusted.clone(), request);
    let issuer = IssuerUrl::new(format!("{}/{}/v2.0", entra.https_url().unwrap(), ids::CONTOSO)).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(ids::TENANTRY_APP.to_owned()),
        Some(ClientSecret::new(ids::TENANTRY_SECRET.to_owned())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "offline_access", "User.Read"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();

    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let answer = Browser::at(&entra).sign_in(&path, "alex@contoso.com").await;
    assert_eq!(parameter(&answer, "state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(parameter(&answer, "code").unwrap());
    let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
    let tokens = request.request_async(&http).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&client.id_token_verifier(), &nonce).unwrap();
    assert_eq!(claims.preferred_username().unwrap().as_str(), "alex@contoso.com");

    let refresh = tokens.refresh_token().unwrap();
    let renewed = client.exchange_refresh_token(refresh).unwrap().request_async(&http).await.unwrap();
    assert_ne!(renewed.access_token().secret(), tokens.access_token().secret());
}

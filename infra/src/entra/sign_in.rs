//! Interactive sign-in (`OpenID` Connect, authorization code with PKCE) as a confidential client.
//!
//! The `openidconnect` crate builds the request and redeems the code. Its discovery refuses the `{tenantid}` in the issuer
//! of `common` and `organizations`, so endpoints are set by hand; ID tokens are verified by [`IdTokens`].

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::{Rejection, VerifiedToken},
    clock::Clock,
    identity::{AuthorizationRequest, MicrosoftArrival, MicrosoftSignIn, Redemption, RedemptionError},
};
use openidconnect::{
    AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenUrl,
    core::{CoreClient, CoreErrorResponseType, CoreResponseType, CoreTokenResponse},
    http,
};
use uuid::Uuid;

use super::{
    AuthorityKeys,
    id_tokens::IdTokens,
    token_client::{Credentials, Proof, Refusal, TokenEndpoint, TokenFailure},
    verify::SKEW,
};

/// How long the authority may take to redeem a code.
const PATIENCE: Duration = Duration::from_secs(10);
/// More is not a token response.
const MAX_BYTES: usize = 256 * 1024;

/// No tenant in particular: a code is redeemed where it was asked for, which may be `common`.
const ANY_TENANT: Uuid = Uuid::nil();

/// Our registration, as far as signing in goes.
#[derive(Clone)]
pub struct SignInSettings {
    /// How we prove who we are, as to the token endpoint in general.
    pub credentials: Arc<Credentials>,
    pub endpoint: Arc<TokenEndpoint>,
    /// Where the authority sends the browser back to; registered there, exactly so.
    pub redirect_uri: String,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

/// Signs people in at one authority.
pub struct EntraSignIn {
    http: reqwest::Client,
    client: Client,
    tokens: IdTokens,
    credentials: Arc<Credentials>,
    endpoint: Arc<TokenEndpoint>,
}

/// Why a code could not be redeemed, before the authority said anything about it.
#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("the request failed")]
    Transport(#[from] reqwest::Error),
    #[error("the answer was {0}")]
    Status(u16),
    #[error("the answer is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the answer is not one of HTTP")]
    Http(#[from] http::Error),
}

impl EntraSignIn {
    /// Fetches nothing yet. The client must follow no redirects.
    pub fn new(
        settings: SignInSettings,
        keys: Arc<AuthorityKeys>,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, url::ParseError> {
        let authority = keys.authority();
        let SignInSettings { credentials, endpoint, redirect_uri } = settings;
        let client_id = ClientId::new(credentials.client_id.to_string());
        // The issuer here serves nothing: each token is verified against that of its own tenant.
        let issuer = IssuerUrl::from_url(authority.host().clone());
        let client = CoreClient::new(client_id, issuer, JsonWebKeySet::new(Vec::new()))
            .set_auth_type(AuthType::RequestBody)
            .set_redirect_uri(RedirectUrl::new(redirect_uri)?)
            .set_auth_uri(AuthUrl::from_url(authority.endpoint("authorize")))
            .set_token_uri(TokenUrl::from_url(authority.endpoint("token")));
        let tokens = IdTokens::new(keys, clock, credentials.client_id);
        Ok(Self { http, client, tokens, credentials, endpoint })
    }

    /// Tries the credentials in their order, as everywhere: one that is refused does not use the code up.
    async fn exchange(&self, redemption: &Redemption<'_>) -> Result<CoreTokenResponse, RedemptionError> {
        let (credentials, endpoint) = (&self.credentials, &self.endpoint);
        let mut refused = Vec::new();
        for (index, credential) in credentials.usable(ANY_TENANT, endpoint) {
            let audience = self.client.token_uri().url();
            let proof = match credential.proof(endpoint, credentials.client_id, audience).await {
                Ok(proof) => proof,
                Err(reason) => {
                    credentials.gave_none(index, ANY_TENANT, endpoint, &reason);
                    continue;
                }
            };
            let redeemed = self.exchange_with(redemption, &proof).await;
            let attempt = match &redeemed {
                Ok(_) => Ok(()),
                Err(RedemptionError::OwnCredential { codes }) => {
                    refused.clone_from(codes);
                    Err(TokenFailure::Refused(Box::new(Refusal::of_client(codes.clone()))))
                }
                // These say nothing about a credential.
                Err(
                    RedemptionError::Refused { .. }
                    | RedemptionError::Rejected(_)
                    | RedemptionError::Unavailable,
                ) => return redeemed,
            };
            if !credentials.is_to_blame(index, ANY_TENANT, endpoint, &attempt) {
                return redeemed;
            }
        }
        match credentials.exhausted(ANY_TENANT, endpoint) {
            TokenFailure::NoProof { .. } => Err(RedemptionError::Unavailable),
            TokenFailure::NoCredential
            | TokenFailure::Refused(_)
            | TokenFailure::Throttled { .. }
            | TokenFailure::LeftAlone { .. }
            | TokenFailure::Looping { .. }
            | TokenFailure::Unavailable { .. }
            | TokenFailure::Timeout => Err(RedemptionError::OwnCredential { codes: refused }),
        }
    }

    async fn exchange_with(
        &self,
        redemption: &Redemption<'_>,
        proof: &Proof,
    ) -> Result<CoreTokenResponse, RedemptionError> {
        let http = |request| send(self.http.clone(), request);
        let mut request = self
            .client
            .exchange_code(AuthorizationCode::new(redemption.code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(redemption.verifier.to_owned()));
        if !redemption.scopes.is_empty() {
            request = request.add_extra_param("scope", redemption.scopes.join(" "));
        }
        for (name, value) in proof.members() {
            request = request.add_extra_param(name, value.to_owned());
        }
        request.request_async(&http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => {
                let description = response.error_description().map(String::as_str).unwrap_or_default();
                let codes = aadsts(description);
                if *response.error() == CoreErrorResponseType::InvalidClient {
                    return RedemptionError::OwnCredential { codes };
                }
                RedemptionError::Refused { error: response.error().to_string(), codes }
            }
            RequestTokenError::Request(cause) => {
                tracing::warn!(error = &cause as &dyn std::error::Error, "no code can be redeemed");
                RedemptionError::Unavailable
            }
            RequestTokenError::Parse(cause, _) => {
                tracing::warn!(error = %cause, "the authority's answer to a code is not a token response");
                RedemptionError::Unavailable
            }
            RequestTokenError::Other(cause) => {
                tracing::warn!(error = cause, "the authority's answer to a code is not a token response");
                RedemptionError::Unavailable
            }
        })
    }

    /// What was asked for with `max_age` (`OpenID` Connect Core 1.0 §3.1.3.7, step 13): the browser could have taken it
    /// out of the address.
    fn is_as_recent(&self, identity: &VerifiedToken, age: Duration) -> bool {
        let age = chrono::TimeDelta::from_std(age).unwrap_or_default();
        identity.authenticated_at.is_some_and(|at| self.tokens.clock().now() - at <= age + SKEW)
    }
}

/// The codes that a description names: `AADSTS50076: …`.
fn aadsts(description: &str) -> Vec<u32> {
    let digits = |rest: &str| -> String { rest.chars().take_while(char::is_ascii_digit).collect() };
    description.split("AADSTS").skip(1).filter_map(|rest| digits(rest).parse().ok()).take(4).collect()
}

/// Sends what the crate wants sent. A code is good once, so only a connection that was never made is tried again.
async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
    let (parts, body) = request.into_parts();
    let once = || {
        client
            .request(parts.method.clone(), parts.uri.to_string())
            .headers(parts.headers.clone())
            .timeout(PATIENCE)
            .body(body.clone())
            .send()
    };
    let mut answer = match once().await {
        Err(error) if error.is_connect() => once().await?,
        answer => answer?,
    };
    let status = answer.status();
    // Only a parsed refusal says something about the code.
    if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
        return Err(ExchangeError::Status(status.as_u16()));
    }
    let mut response = http::Response::builder().status(status);
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let bytes = crate::http::body(&mut answer, MAX_BYTES).await?.ok_or(ExchangeError::TooLong)?;
    Ok(response.body(bytes)?)
}

#[async_trait]
impl MicrosoftSignIn for EntraSignIn {
    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> String {
        let verifier = PkceCodeVerifier::new(request.verifier.to_owned());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (state, nonce) = (CsrfToken::new(request.state.to_owned()), Nonce::new(request.nonce.to_owned()));
        let mut url = self
            .client
            .authorize_url(flow, move || state, move || nonce)
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .add_scopes(request.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("response_mode", "query")
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let max_age = request.max_age.map(|age| age.as_secs().to_string());
        for (name, value) in [
            ("prompt", request.prompt),
            ("max_age", max_age.as_deref()),
            ("login_hint", request.login_hint),
            ("domain_hint", request.domain_hint),
            ("claims", request.claims),
        ] {
            if let Some(value) = value {
                url = url.add_extra_param(name, value.to_owned());
            }
        }
        url.url().0.into()
    }

    async fn redeem(&self, redemption: Redemption<'_>) -> Result<MicrosoftArrival, RedemptionError> {
        let tokens = self.exchange(&redemption).await?;
        let nonce = Nonce::new(redemption.nonce.to_owned());
        let arrival = self.tokens.arrival(&tokens, Some(&nonce)).await?;
        if redemption.max_age.is_some_and(|age| !self.is_as_recent(&arrival.identity, age)) {
            return Err(Rejection::AuthenticationTime.into());
        }
        Ok(arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_a_description() {
        assert_eq!(aadsts("AADSTS50076: Due to … AADSTS65001: …"), [50076, 65001]);
        assert!(aadsts("AADSTS: nothing").is_empty());
        assert!(aadsts("").is_empty());
    }
}

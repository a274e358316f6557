//! Interactive sign-in (`OpenID` Connect, authorization code with PKCE) as a confidential client.
//!
//! The `openidconnect` crate builds the request, redeems the code and verifies the ID token. Its discovery refuses the
//! `{tenantid}` in the issuer of `common` and `organizations`, so endpoints are set by hand, keys come from
//! [`AuthorityKeys`], and the issuer to expect is that of the token's own tenant, which the signature then proves.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::{PERSONAL_ACCOUNTS_TENANT, Rejection, TenantSelector, VerificationError, VerifiedToken},
    clock::Clock,
    identity::{
        AuthorizationRequest, MicrosoftArrival, MicrosoftSignIn, MicrosoftTokens, Redemption, RedemptionError,
    },
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthUrl, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl,
    JsonWebKeyId, JsonWebKeySet, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _, TokenUrl,
    core::{
        CoreClient, CoreErrorResponseType, CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey,
        CoreJwsSigningAlgorithm, CoreResponseType, CoreTokenResponse,
    },
    http,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    AuthorityKeys,
    claims::Members,
    compact::CompactToken,
    issuer::TokenVersion,
    jwks::SigningKey,
    metadata::Snapshot,
    person,
    verify::{
        SKEW, authenticated_at, check_key_issuer, check_object_id, check_tenant, check_version,
        directory_roles,
    },
};

/// How long the authority may take to redeem a code.
const PATIENCE: Duration = Duration::from_secs(10);
/// More is not a token response.
const MAX_BYTES: usize = 256 * 1024;

/// Our registration, as far as signing in goes.
#[derive(Clone, Debug)]
pub struct SignInSettings {
    pub client_id: Uuid,
    pub client_secret: SecretString,
    /// Where the authority sends the browser back to; registered there, exactly so.
    pub redirect_uri: String,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

/// Signs people in at one authority.
pub struct EntraSignIn {
    keys: Arc<AuthorityKeys>,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    client_id: ClientId,
    client_secret: ClientSecret,
    client: Client,
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
        let endpoint = |name: &str| {
            let mut url = authority.host().clone();
            url.set_path(&format!("/{}/oauth2/v2.0/{name}", authority.tenant()));
            url
        };
        let client_id = ClientId::new(settings.client_id.to_string());
        let client_secret = ClientSecret::new(settings.client_secret.expose_secret().to_owned());
        // The issuer here serves nothing: each token is verified against that of its own tenant.
        let issuer = IssuerUrl::from_url(authority.host().clone());
        let client = CoreClient::new(client_id.clone(), issuer, JsonWebKeySet::new(Vec::new()))
            .set_client_secret(client_secret.clone())
            .set_auth_type(AuthType::RequestBody)
            .set_redirect_uri(RedirectUrl::new(settings.redirect_uri)?)
            .set_auth_uri(AuthUrl::from_url(endpoint("authorize")))
            .set_token_uri(TokenUrl::from_url(endpoint("token")));
        Ok(Self { keys, http, clock, client_id, client_secret, client })
    }

    async fn exchange(&self, redemption: &Redemption<'_>) -> Result<CoreTokenResponse, RedemptionError> {
        let http = |request| send(self.http.clone(), request);
        let mut request = self
            .client
            .exchange_code(AuthorizationCode::new(redemption.code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(redemption.verifier.to_owned()));
        if !redemption.scopes.is_empty() {
            request = request.add_extra_param("scope", redemption.scopes.join(" "));
        }
        request.request_async(&http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => {
                let description = response.error_description().map(String::as_str).unwrap_or_default();
                let codes = aadsts(description);
                if *response.error() == CoreErrorResponseType::InvalidClient {
                    tracing::error!(?codes, "the authority refused AZURE_CLIENT_SECRET");
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
        identity.authenticated_at.is_some_and(|at| self.clock.now() - at <= age + SKEW)
    }

    async fn verify(
        &self,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<VerifiedToken, RedemptionError> {
        let id_token = tokens.id_token().ok_or(Rejection::Malformed)?;
        let raw = id_token.to_string();
        let compact = CompactToken::parse(&raw)?;
        let snapshot = self.keys.current().await.map_err(|error| unjudged(&error))?;
        let check = |snapshot: &Snapshot| self.check(&compact, id_token, tokens, nonce, snapshot);
        let rejection = match check(&snapshot) {
            Err(rejection @ (Rejection::UnknownKey | Rejection::Signature | Rejection::Issuer)) => rejection,
            decided => return Ok(decided?),
        };
        let unknown = (rejection == Rejection::UnknownKey).then_some(compact.key_id.as_str());
        match self.keys.newer_than(&snapshot, unknown).await {
            Some(newer) => Ok(check(&newer)?),
            None => Err(rejection.into()),
        }
    }

    fn check(
        &self,
        compact: &CompactToken<'_>,
        id_token: &CoreIdToken,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
        snapshot: &Snapshot,
    ) -> Result<VerifiedToken, Rejection> {
        let key = snapshot.keys.get(&compact.key_id).ok_or(Rejection::UnknownKey)?;
        // Not proven yet: it only says which issuer to expect, and is proven together with that.
        let claims = compact.claims()?;
        let tenant = check_tenant(&claims)?;
        let issuer = snapshot.v2.of_tenant(tenant.text);
        if !snapshot.v2.accepts(&issuer, tenant.text, tenant.id) {
            return Err(Rejection::Issuer);
        }
        check_key_issuer(key, &issuer, &tenant, snapshot)?;
        self.check_proof(&issuer, &compact.key_id, key, id_token, tokens, nonce)?;
        check_version(&claims, TokenVersion::V2)?;
        let is_work_only = *self.keys.authority().tenant() == TenantSelector::Organizations;
        if is_work_only && tenant.id == PERSONAL_ACCOUNTS_TENANT {
            return Err(Rejection::TenantNotAllowed);
        }
        let (issued_at, expires_at) = times(&claims)?;
        Ok(VerifiedToken {
            tenant: tenant.id,
            object_id: check_object_id(&claims)?,
            issued_at,
            authenticated_at: authenticated_at(&claims, self.clock.now()),
            expires_at,
            app_roles: claims.texts("roles")?,
            directory_roles: directory_roles(&claims),
            email: person::email(&claims),
            email_domain_owner_verified: person::email_domain_owner_verified(&claims),
            display_name: claims.display_text("name").map(ToOwned::to_owned),
            is_guest: person::is_guest(&claims, &issuer, &tenant, snapshot),
            key_id: compact.key_id.clone(),
            ..VerifiedToken::default()
        })
    }

    /// Signature by this one key, issuer, audience, times and nonce (`OpenID` Connect Core 1.0 §3.1.3.7), and that the
    /// access token beside it belongs to it (§3.1.3.8).
    fn check_proof(
        &self,
        issuer: &str,
        key_id: &str,
        key: &SigningKey,
        id_token: &CoreIdToken,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<(), Rejection> {
        let (modulus, exponent) = key.parts();
        let key = CoreJsonWebKey::new_rsa(
            modulus.to_vec(),
            exponent.to_vec(),
            Some(JsonWebKeyId::new(key_id.to_owned())),
        );
        let now = self.clock.now();
        let verifier = CoreIdTokenVerifier::new_confidential_client(
            self.client_id.clone(),
            self.client_secret.clone(),
            IssuerUrl::new(issuer.to_owned()).map_err(|_| Rejection::Issuer)?,
            JsonWebKeySet::new(vec![key.clone()]),
        )
        .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
        .set_time_fn(move || now - SKEW);
        let claims = id_token.claims(&verifier, nonce).map_err(|error| rejection(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(|_| Rejection::Algorithm)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, &key)
                .map_err(|_| Rejection::Algorithm)?;
            if actual != *expected {
                return Err(Rejection::Signature);
            }
        }
        Ok(())
    }
}

fn times(
    claims: &Members,
) -> Result<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>), Rejection> {
    let time = |name: &str| claims.time(name)?.ok_or(Rejection::Malformed);
    Ok((time("iat")?, time("exp")?))
}

fn unjudged(error: &VerificationError) -> RedemptionError {
    match error {
        VerificationError::Rejected(rejection) => (*rejection).into(),
        VerificationError::Unavailable { .. } => RedemptionError::Unavailable,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with a token, it is not one")]
fn rejection(error: &ClaimsVerificationError) -> Rejection {
    match error {
        ClaimsVerificationError::Expired(_) => Rejection::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Rejection::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => Rejection::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => Rejection::Nonce,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Rejection::UnknownKey
        }
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::DisallowedAlg(_)) => {
            Rejection::Algorithm
        }
        ClaimsVerificationError::SignatureVerification(_) => Rejection::Signature,
        _ => Rejection::Malformed,
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
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(ExchangeError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
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
        let identity = self.verify(&tokens, &Nonce::new(redemption.nonce.to_owned())).await?;
        if redemption.max_age.is_some_and(|age| !self.is_as_recent(&identity, age)) {
            return Err(Rejection::AuthenticationTime.into());
        }
        let secret = |text: &str| SecretString::from(text.to_owned());
        let scopes = tokens.scopes().into_iter().flatten().map(|scope| scope.to_string()).collect();
        let tokens = MicrosoftTokens {
            access: secret(tokens.access_token().secret()),
            refresh: tokens.refresh_token().map(|token| secret(token.secret())),
            expires_in: tokens.expires_in(),
            scopes,
        };
        Ok(MicrosoftArrival { identity, tokens })
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

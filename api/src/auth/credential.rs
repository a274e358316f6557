//! Reading the credential of a request, and asking for its principal.

use std::sync::Arc;

use domain::{
    access::{
        ApiKeyRefusal, ApiKeyUses, Attempt, Authenticated, Authentication, AuthenticationError, BearerToken,
        DevelopmentIdentity, Identified, KnownKey,
    },
    api_keys::{Outcome, RawKey},
    identity::SESSION_TOKEN_PREFIX,
};
use poem::{
    Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use secrecy::ExposeSecret;

use super::{CsrfGuard, Recency, SessionCookies};
use crate::{
    context::RequestContext,
    error::{ApiError, ErrorCode, INVALID_TOKEN},
    metrics::count_refusal,
};

/// `WWW-Authenticate` of a request without a credential: RFC 6750 §3.1 wants no error code then.
const CHALLENGE: &str = "Bearer";
/// `WWW-Authenticate` of a refused API key.
const API_KEY_CHALLENGE: &str = "ApiKey";
static API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// What stands between the routes and the world.
pub(crate) struct Gate {
    pub authentication: Arc<Authentication>,
    /// What is noted of the uses of API keys.
    pub uses: Arc<ApiKeyUses>,
    pub cookies: SessionCookies,
    pub csrf: Arc<CsrfGuard>,
    /// Who calls without a credential; in development only.
    #[cfg_attr(not(debug_assertions), expect(dead_code, reason = "only debug builds have it"))]
    pub development: Option<DevelopmentIdentity>,
    /// Where an administrator of a tenant consents; `{tenant}` stands for it.
    pub consent_url: String,
    /// What takes a recent sign-in.
    pub recency: Recency,
}

/// The credential of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    Bearer(&'a str),
    ApiKey(&'a str),
    /// There is a place for an API key, with nothing in it.
    EmptyApiKey,
    None,
    /// There is one, but in no form that we take.
    Unusable,
}

impl<'a> Credential<'a> {
    /// Reads `Authorization: ApiKey`, else `X-Api-Key`, else `Authorization: Bearer`. Two of one header are none, nor
    /// is an API key beside another credential: which one a proxy in front of us looked at cannot be known.
    pub(super) fn of(request: &'a Request) -> Self {
        let authorization = Self::of_authorization(request);
        let mut headers = request.headers().get_all(&API_KEY_HEADER).iter();
        let Some(value) = headers.next() else { return authorization };
        if headers.next().is_some() {
            return Self::Unusable;
        }
        match authorization {
            // `Authorization: ApiKey` comes first, `Bearer ak_…` last.
            Self::ApiKey(_) if is_scheme(request, "apikey") => authorization,
            Self::None | Self::ApiKey(_) => value.to_str().map_or(Self::Unusable, Self::api_key),
            Self::Bearer(_) | Self::EmptyApiKey | Self::Unusable => Self::Unusable,
        }
    }

    fn of_authorization(request: &'a Request) -> Self {
        let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
        let Some(value) = headers.next() else { return Self::None };
        if headers.next().is_some() {
            return Self::Unusable;
        }
        let (scheme, token) = scheme_and_token(value.to_str().unwrap_or_default());
        if scheme.eq_ignore_ascii_case("apikey") {
            Self::api_key(token)
        } else if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            Self::Unusable
        } else if RawKey::is_meant(token) {
            Self::api_key(token)
        } else {
            Self::Bearer(token)
        }
    }

    fn api_key(text: &'a str) -> Self {
        let text = text.trim();
        if text.is_empty() { Self::EmptyApiKey } else { Self::ApiKey(text) }
    }
}

/// The two parts of an `Authorization` header (RFC 9110 §11.4).
fn scheme_and_token(text: &str) -> (&str, &str) {
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    (scheme, token.trim())
}

/// The token in an `Authorization` header, where the request has it.
struct BearerHeader(HeaderValue);

impl BearerHeader {
    /// The header that has this very token; `None` where it came otherwise.
    fn of(request: &Request, token: &str) -> Option<Self> {
        let mut headers = request.headers().get_all(header::AUTHORIZATION).iter().cloned().map(Self);
        headers.find(|header| header.expose_secret() == token)
    }
}

impl ExposeSecret<str> for BearerHeader {
    fn expose_secret(&self) -> &str {
        scheme_and_token(self.0.to_str().unwrap_or_default()).1
    }
}

fn is_scheme(request: &Request, scheme: &str) -> bool {
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|text| text.split(' ').next()).is_some_and(|word| word.eq_ignore_ascii_case(scheme))
}

impl Gate {
    /// The bearer of a request that is no API key, whatever it is.
    pub(crate) fn plain_bearer(request: &Request) -> Option<&str> {
        match Credential::of(request) {
            Credential::Bearer(text) => Some(text),
            Credential::ApiKey(_) | Credential::EmptyApiKey | Credential::None | Credential::Unusable => None,
        }
    }

    /// Who asks.
    pub(crate) async fn authenticate(&self, request: &Request) -> Result<Authenticated, ApiError> {
        match Credential::of(request) {
            Credential::Bearer(token) if token.starts_with(SESSION_TOKEN_PREFIX) => {
                self.authentication.session(token).await.map_err(|error| self.refusal(&error))
            }
            Credential::Bearer(token) => {
                let token = BearerHeader::of(request, token).map_or_else(|| token.into(), BearerToken::new);
                self.authentication.bearer(token).await.map_err(|error| self.refusal(&error))
            }
            Credential::ApiKey(text) => {
                self.api_key(request, text).await.map_err(|error| self.refusal(&error))
            }
            Credential::EmptyApiKey => Err(refused_key(ApiKeyRefusal::Missing)),
            Credential::None => match self.cookies.access(request.headers()) {
                Some(token) => self.by_cookie(request, token).await,
                None => self.without_credential(request).await,
            },
            Credential::Unusable => {
                count_refusal("unusable".to_owned());
                Err(ApiError::unauthorized(INVALID_TOKEN))
            }
        }
    }

    /// Who asks by an API key, wherever in the request it stands.
    pub(crate) async fn api_key(
        &self,
        request: &Request,
        text: &str,
    ) -> Result<Authenticated, Arc<AuthenticationError>> {
        let origin = RequestContext::origin(request);
        let caller = self.authentication.api_key(text, &origin).await;
        caller.inspect_err(|error| {
            if let AuthenticationError::ApiKey { reason, key: Some(key) } = error.as_ref()
                && let Some(outcome) = reason.outcome()
            {
                self.note(request, *key, outcome);
            }
        })
    }

    /// Notes a use of an API key, or an attempt at it.
    pub(crate) fn note(&self, request: &Request, key: KnownKey, outcome: Outcome) {
        let origin = RequestContext::origin(request);
        let method = request.method().as_str();
        let attempt = Attempt { method, path: request.uri().path(), outcome };
        self.uses.note(key, &origin, attempt);
    }

    /// A cookie comes along whichever page caused the request, so a change needs more than that.
    async fn by_cookie(&self, request: &Request, token: &str) -> Result<Authenticated, ApiError> {
        let caller = self.authentication.session(token).await.map_err(|error| self.refusal(&error))?;
        if let Some(session) = caller.principal().session() {
            self.csrf.check(request, session.id)?;
        }
        Ok(caller)
    }

    #[cfg(debug_assertions)]
    async fn without_credential(&self, request: &Request) -> Result<Authenticated, ApiError> {
        match &self.development {
            Some(identity) if is_local(request) => {
                self.authentication.development(identity).await.map_err(|error| self.refusal(&error))
            }
            _ => Err(ApiError::unauthorized(CHALLENGE)),
        }
    }

    #[cfg(not(debug_assertions))]
    async fn without_credential(&self, _request: &Request) -> Result<Authenticated, ApiError> {
        Err(ApiError::unauthorized(CHALLENGE))
    }

    /// Who a request's token speaks for, though their tenant may not be connected yet.
    pub(crate) async fn identify(&self, request: &Request) -> Result<Identified, ApiError> {
        match Credential::of(request) {
            Credential::Bearer(token) => {
                self.authentication.identify(token).await.map_err(|error| self.refusal(&error))
            }
            Credential::None => Err(ApiError::unauthorized(CHALLENGE)),
            // A key is an organization's that is there already, and nobody who could connect one.
            Credential::ApiKey(_) | Credential::EmptyApiKey | Credential::Unusable => {
                count_refusal("unusable".to_owned());
                Err(ApiError::unauthorized(INVALID_TOKEN))
            }
        }
    }

    /// Where an administrator of the tenant consents.
    pub(crate) fn not_onboarded(&self, tenant: uuid::Uuid) -> ApiError {
        let consent_url = self.consent_url.replace("{tenant}", &tenant.to_string());
        ApiError {
            details: Some(serde_json::json!({ "consentUrl": consent_url })),
            ..ApiError::tenant_not_onboarded()
        }
    }

    pub(crate) fn refusal(&self, error: &AuthenticationError) -> ApiError {
        match error {
            AuthenticationError::Rejected(reason) => {
                tracing::info!(%reason, "bearer token rejected");
                count_refusal(reason.to_string());
                ApiError::unauthorized(INVALID_TOKEN)
            }
            AuthenticationError::TenantNotOnboarded { tenant }
            | AuthenticationError::ApiKey { reason: ApiKeyRefusal::TenantNotOnboarded(tenant), .. } => {
                count_refusal("tenant_not_onboarded".to_owned());
                self.not_onboarded(*tenant)
            }
            AuthenticationError::OrganizationSuspended => {
                count_refusal("organization_suspended".to_owned());
                ApiError::organization_suspended()
            }
            AuthenticationError::OrganizationDeleted => {
                count_refusal("organization_deleted".to_owned());
                ApiError::organization_deleted()
            }
            AuthenticationError::UserDisabled => {
                count_refusal("user_disabled".to_owned());
                ApiError::user_disabled()
            }
            AuthenticationError::SessionRevoked => {
                count_refusal("session_revoked".to_owned());
                ApiError::new(ErrorCode::SessionRevoked, "The session has ended; sign in again").challenged()
            }
            AuthenticationError::ApiKey { reason, .. } => refused_key(*reason),
            AuthenticationError::Unavailable { retry_after } => {
                count_refusal("unavailable".to_owned());
                tracing::warn!(
                    "a credential could not be judged: signing keys or revocations are not available"
                );
                ApiError::unavailable(*retry_after)
            }
            // The error is shared by all requests that waited for it, so it is told and not moved.
            AuthenticationError::Store(domain::store::StoreError::Unavailable(cause)) => {
                tracing::warn!(error = %chain(cause.as_ref()), "the database could not be reached");
                ApiError::unavailable(std::time::Duration::from_secs(2))
            }
            AuthenticationError::Store(error) => ApiError::internal(chain(error)),
        }
    }
}

/// The operation is for API keys only, and there is none.
pub(super) fn missing_key() -> ApiError {
    refused_key(ApiKeyRefusal::Missing)
}

fn refused_key(reason: ApiKeyRefusal) -> ApiError {
    tracing::info!(%reason, "API key refused");
    count_refusal(format!("API key: {reason}"));
    let (code, message) = match reason {
        ApiKeyRefusal::Missing => (ErrorCode::ApiKeyMissing, "The API key is missing"),
        ApiKeyRefusal::Invalid => (ErrorCode::ApiKeyInvalid, "The API key is not valid"),
        ApiKeyRefusal::Revoked => (ErrorCode::ApiKeyRevoked, "The API key was revoked"),
        ApiKeyRefusal::Expired => (ErrorCode::ApiKeyExpired, "The API key has expired"),
        ApiKeyRefusal::OrganizationSuspended => {
            (ErrorCode::OrganizationSuspended, "Your organization is suspended")
        }
        ApiKeyRefusal::OrganizationDeleted => {
            (ErrorCode::OrganizationDeleted, "Your organization was deleted")
        }
        ApiKeyRefusal::TenantNotOnboarded(_) => {
            (ErrorCode::TenantNotOnboarded, "An administrator of your organization has to consent first")
        }
        ApiKeyRefusal::OwnerSuspended => (ErrorCode::UserDisabled, "The owner of the API key is suspended"),
        ApiKeyRefusal::AddressBlocked => {
            (ErrorCode::ApiKeyIpBlocked, "The API key may not be used from this address")
        }
    };
    let error = ApiError::new(code, message);
    // Whoever is not known is told how to become it; whoever is known and refused is not.
    let challenge = (code.status() == StatusCode::UNAUTHORIZED).then_some(API_KEY_CHALLENGE.into());
    ApiError { www_authenticate: challenge, ..error }
}

/// An error and all that it came from, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line.push_str(": ");
        line.push_str(&error.to_string());
        source = error.source();
    }
    line
}

/// Whether a request comes from this machine and was not sent by some page in its browser: otherwise every page that
/// the developer looks at could use the development identity.
#[cfg(debug_assertions)]
fn is_local(request: &Request) -> bool {
    let peer = request
        .remote_addr()
        .as_socket_addr()
        .is_none_or(|address: &std::net::SocketAddr| address.ip().is_loopback());
    let text =
        |name: header::HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST)
        .or_else(|| request.uri().host())
        .is_some_and(|host| is_loopback(&format!("http://{host}")));
    let origin = text(header::ORIGIN).is_none_or(is_loopback);
    let cross_site = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    peer && host && origin && !cross_site
}

#[cfg(debug_assertions)]
fn is_loopback(origin: &str) -> bool {
    url::Url::parse(origin).is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(headers: &[&str]) -> String {
        let mut request = Request::builder();
        for value in headers {
            request = request.header(header::AUTHORIZATION, *value);
        }
        format!("{:?}", Credential::of(&request.finish()))
    }

    #[test]
    fn only_one_bearer_credential_is_read() {
        assert_eq!(credential(&[]), "None");
        assert_eq!(credential(&["Bearer abc"]), "Bearer(\"abc\")");
        assert_eq!(credential(&["bearer  abc "]), "Bearer(\"abc\")");
        for unusable in [&["Bearer"][..], &["Bearer "], &["Basic abc"], &["abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(credential(unusable), "Unusable");
        }
    }

    #[test]
    fn the_token_that_is_kept_is_the_one_that_is_verified() {
        let request = |values: &[&str]| {
            let mut request = Request::builder();
            for value in values {
                request = request.header(header::AUTHORIZATION, *value);
            }
            request.finish()
        };
        for value in ["Bearer abc", "bearer  abc ", "BEARER \tabc"] {
            let request = request(&[value]);
            let Credential::Bearer(token) = Credential::of(&request) else { panic!("{value}") };
            assert_eq!(token, "abc");
            assert_eq!(BearerHeader::of(&request, token).unwrap().expose_secret(), "abc");
        }
        let several = request(&["Bearer another", "Bearer abc"]);
        assert_eq!(BearerHeader::of(&several, "abc").unwrap().expose_secret(), "abc");
        assert!(BearerHeader::of(&several, "elsewhere").is_none());
    }

    #[test]
    fn an_api_key_is_read_from_its_three_places_in_their_order() {
        let credential = |headers: &[(&'static str, &'static str)]| {
            let mut request = Request::builder();
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            format!("{:?}", Credential::of(&request.finish()))
        };
        let (scheme, header, bearer) =
            (("authorization", "ApiKey ak_1"), ("x-api-key", "ak_2"), ("authorization", "Bearer ak_3"));
        assert_eq!(credential(&[scheme]), "ApiKey(\"ak_1\")");
        assert_eq!(credential(&[header]), "ApiKey(\"ak_2\")");
        assert_eq!(credential(&[bearer]), "ApiKey(\"ak_3\")");
        assert_eq!(credential(&[scheme, header]), "ApiKey(\"ak_1\")");
        assert_eq!(credential(&[header, bearer]), "ApiKey(\"ak_2\")");
        for empty in [("authorization", "ApiKey"), ("authorization", "apikey  "), ("x-api-key", " ")] {
            assert_eq!(credential(&[empty]), "EmptyApiKey");
        }
        for two in [&[header, header][..], &[header, ("authorization", "Bearer a.b.c")], &[scheme, bearer]] {
            assert_eq!(credential(two), "Unusable");
        }
    }

    #[test]
    fn the_development_identity_is_for_this_machine_and_no_page_of_another_site() {
        let local = |headers: &[(&'static str, &'static str)]| {
            let mut request = Request::builder();
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            is_local(&request.finish())
        };
        assert!(local(&[("host", "localhost:4000")]));
        assert!(local(&[("host", "127.0.0.1:4000"), ("origin", "http://localhost:5173")]));
        assert!(local(&[("host", "[::1]:4000"), ("sec-fetch-site", "same-origin")]));
        assert!(!local(&[("host", "evil.example")]), "DNS rebinding");
        assert!(!local(&[("host", "localhost.evil.example:4000")]));
        assert!(!local(&[("host", "localhost:4000"), ("origin", "https://evil.example")]));
        assert!(!local(&[("host", "localhost:4000"), ("origin", "null")]));
        assert!(!local(&[("host", "localhost:4000"), ("sec-fetch-site", "cross-site")]));
        assert!(!local(&[]));
    }
}

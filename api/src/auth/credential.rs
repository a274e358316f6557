//! Reading the credential of a request, and asking for its principal.

use std::net::SocketAddr;

use domain::access::{Authenticated, Authentication, AuthenticationError, DevelopmentIdentity};
use poem::{Request, http::header};
use url::Url;

use crate::{
    error::{ApiError, ErrorCode},
    metrics::count_refusal,
};

/// `WWW-Authenticate` of a request without a credential: RFC 6750 §3.1 wants no error code then.
const CHALLENGE: &str = "Bearer";
pub(super) const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// What stands between the routes and the world.
pub(crate) struct Gate {
    pub authentication: Authentication,
    /// Who calls without a credential; in development only.
    pub development: Option<DevelopmentIdentity>,
    /// Where an administrator of a tenant consents; `{tenant}` stands for it.
    pub consent_url: String,
}

/// The credential of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    Bearer(&'a str),
    None,
    /// There is one, but in no form that we take.
    Unusable,
}

impl<'a> Credential<'a> {
    /// Reads `Authorization`. Two of them are none: which one a proxy in front of us looked at cannot be known.
    pub(super) fn of(request: &'a Request) -> Self {
        let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
        let Some(value) = headers.next() else { return Self::None };
        if headers.next().is_some() {
            return Self::Unusable;
        }
        let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
        match parts {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Self::Bearer(token.trim())
            }
            _ => Self::Unusable,
        }
    }
}

impl Gate {
    /// Who asks.
    pub(crate) async fn authenticate(&self, request: &Request) -> Result<Authenticated, ApiError> {
        match Credential::of(request) {
            Credential::Bearer(token) => {
                self.authentication.bearer(token).await.map_err(|error| self.refusal(&error))
            }
            Credential::None => self.without_credential(request).await,
            Credential::Unusable => {
                count_refusal("unusable".to_owned());
                Err(ApiError::unauthorized(INVALID_TOKEN))
            }
        }
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

    fn refusal(&self, error: &AuthenticationError) -> ApiError {
        match error {
            AuthenticationError::Rejected(reason) => {
                tracing::info!(%reason, "bearer token rejected");
                count_refusal(reason.to_string());
                ApiError::unauthorized(INVALID_TOKEN)
            }
            AuthenticationError::TenantNotOnboarded { tenant } => {
                count_refusal("tenant_not_onboarded".to_owned());
                let consent_url = self.consent_url.replace("{tenant}", &tenant.to_string());
                ApiError {
                    details: Some(serde_json::json!({ "consentUrl": consent_url })),
                    ..ApiError::new(
                        ErrorCode::TenantNotOnboarded,
                        "An administrator of your organization has to consent first",
                    )
                }
            }
            AuthenticationError::OrganizationSuspended => {
                count_refusal("organization_suspended".to_owned());
                ApiError::new(ErrorCode::OrganizationSuspended, "Your organization is suspended")
            }
            AuthenticationError::UserDisabled => {
                count_refusal("user_disabled".to_owned());
                ApiError::new(ErrorCode::UserDisabled, "Your account is disabled")
            }
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
    let peer =
        request.remote_addr().as_socket_addr().is_none_or(|address: &SocketAddr| address.ip().is_loopback());
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
    Url::parse(origin).is_ok_and(|url| match url.host() {
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

//! `/api/auth/refresh` and `/api/auth/logout`: what a refresh token is for.

use std::sync::Arc;

use domain::{
    access::{SessionError, Sessions, SignedIn},
    identity::EndReason,
};
use poem::{Request, RequestBody, http::HeaderMap};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, Object, OpenApi,
    registry::{MetaSecurityScheme, Registry},
};

use super::{
    Delivery,
    delivery::{Delivered, SignedOut},
};
use crate::{
    context::RequestContext,
    error::{ApiError, ErrorCode},
    http::OptionalBody,
    openapi::Tag,
    rate_limit,
};

/// The scheme of refresh tokens in the document.
pub(crate) const REFRESH_TOKEN: &str = "refreshToken";

/// A refresh token, from a client without cookies.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct RefreshBody {
    /// Instead of the cookie.
    #[oai(validator(max_length = 4096))]
    refresh_token: String,
}

/// Says in the document that an operation goes by a refresh token; reading it takes the body too.
struct ByRefreshToken<'a>(&'a Request);

impl<'a> ApiExtractor<'a> for ByRefreshToken<'a> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "apiKey",
            description: None,
            name: Some("refreshToken"),
            key_in: Some("cookie"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(REFRESH_TOKEN, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![REFRESH_TOKEN]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(request))
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::InvalidRefreshToken => ApiError::new(
                ErrorCode::InvalidRefreshToken,
                "The refresh token does not hold; sign in again",
            )
            .challenged(),
            SessionError::Revoked => {
                ApiError::new(ErrorCode::SessionRevoked, "The session has ended; sign in again").challenged()
            }
            SessionError::NotFound => ApiError::not_found(),
            SessionError::TenantNotOnboarded { .. } => ApiError::tenant_not_onboarded(),
            SessionError::OrganizationSuspended => ApiError::organization_suspended(),
            SessionError::OrganizationDeleted => ApiError::organization_deleted(),
            SessionError::UserDisabled => ApiError::user_disabled(),
            SessionError::Signing(error) => ApiError::internal(error),
            SessionError::Store(error) => error.into(),
        }
    }
}

/// Goes on with sessions, and ends them.
pub(crate) struct RefreshApi {
    pub sessions: Sessions,
    pub delivery: Arc<Delivery>,
}

#[OpenApi(tag = "Tag::Identity")]
impl RefreshApi {
    /// Refresh the session
    ///
    /// A new access token for a refresh token, and the next refresh token: each is good once. One that comes back after
    /// it was replaced ends the whole session, since somebody has a copy; for half a minute after it was replaced it
    /// still gets what its successor got, for tabs that race. With `X-Auth-Strategy: bearer` the tokens are in the
    /// body, else in cookies.
    #[oai(path = "/api/auth/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh(
        &self,
        credential: ByRefreshToken<'_>,
        body: OptionalBody<RefreshBody>,
    ) -> Result<Delivered, ApiError> {
        let request = credential.0;
        let token = self.token(request, body.0.as_ref())?;
        let token = token.ok_or(SessionError::InvalidRefreshToken)?;
        // By session, since many people may share an address; what names none is somebody's guess.
        match self.sessions.session_of(token) {
            Some(session) => rate_limit::take_auth_subject(request, session).await?,
            None => rate_limit::take_auth_address(request).await?,
        }
        let issued = self.sessions.refresh(token, &RequestContext::origin(request)).await;
        let issued = issued.map_err(|error| match (error, RequestContext::services(request)) {
            (SessionError::TenantNotOnboarded { tenant }, Ok(services)) => {
                services.gate.not_onboarded(tenant)
            }
            (error, _) => error.into(),
        })?;
        Ok(self.delivery.deliver(request, &issued))
    }

    /// Sign out
    ///
    /// Ends the session of the refresh token or of the access token, on every replica, and takes the cookies back.
    /// It is no error if there is none. It does not sign out of Microsoft.
    #[oai(path = "/api/auth/logout", method = "post", operation_id = "signOut")]
    async fn sign_out(
        &self,
        credential: ByRefreshToken<'_>,
        body: OptionalBody<RefreshBody>,
    ) -> Result<SignedOut, ApiError> {
        let request = credential.0;
        match self.token(request, body.0.as_ref())? {
            Some(token) => self.sessions.sign_out(token, &RequestContext::origin(request)).await?,
            None => self.sign_out_by_access_token(request).await?,
        }
        let mut headers = HeaderMap::new();
        self.delivery.cookies.take_back(&mut headers);
        Ok(SignedOut(headers))
    }
}

impl RefreshApi {
    /// The refresh token of a request. One from a cookie comes along whichever page caused the request, so it takes
    /// more than that.
    fn token<'a>(
        &self,
        request: &'a Request,
        body: Option<&'a RefreshBody>,
    ) -> Result<Option<&'a str>, ApiError> {
        if let Some(body) = body {
            return Ok(Some(&body.refresh_token));
        }
        let Some(token) = self.delivery.cookies.refresh(request.headers()) else { return Ok(None) };
        if let Some(session) = self.sessions.session_of(token) {
            self.delivery.csrf.check(request, session)?;
        }
        Ok(Some(token))
    }

    async fn sign_out_by_access_token(&self, request: &Request) -> Result<(), ApiError> {
        let gate = &RequestContext::services(request)?.gate;
        let caller = match gate.authenticate(request).await {
            Ok(caller) => caller,
            // There is nothing to end.
            Err(error) if error.code.status() == 401 => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(session) = caller.principal().session().map(|session| session.id) else { return Ok(()) };
        let caller = caller
            .authorize::<SignedIn>(RequestContext::origin(request))
            .map_err(|_| ApiError::forbidden())?;
        if let Some(account) = caller.account() {
            match self.sessions.end(&account, session, EndReason::SignedOut).await {
                Ok(()) | Err(SessionError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

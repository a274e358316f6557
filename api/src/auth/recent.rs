//! Callers who signed in just now, and how the API asks others to.

use std::{ops::Deref, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use domain::{
    access::{Authorized, NotRecent, Permission, RecentSignIn, RecentlySignedIn},
    delegation::SignInPlace,
};
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};
use serde_json::json;

use super::{Caller, Gate, caller::BEARER, delegation::challenge};
use crate::{
    context::RequestContext,
    error::{ApiError, ErrorCode},
};

/// Like the marker of permissions: the document's post-processing takes it out.
pub(crate) const RECENT_MARKER: &str = "recent:";

/// What a client has its person's next token say (`OpenID` Connect Core 1.0 §5.5).
const CLAIMS: &str = r#"{"access_token":{"auth_time":{"essential":true}}}"#;

/// How long a sign-in counts as recent, and where one is had.
pub(crate) struct Recency {
    pub policy: RecentSignIn,
    /// Of sessions: our own start of a sign-in.
    pub start_url: String,
    /// Of access tokens.
    pub sign_in: SignInPlace,
}

impl Recency {
    fn refusal(&self, reason: NotRecent) -> ApiError {
        let max_age = self.policy.within().as_secs();
        let again = |challenge: String, details| ApiError {
            details: Some(details),
            www_authenticate: Some(format!("{challenge}, max_age=\"{max_age}\"").into()),
            ..ApiError::new(
                ErrorCode::InteractionRequired,
                "Sign in once more to do this: it cannot be taken back",
            )
        };
        match reason {
            NotRecent::NoPerson => {
                ApiError::new(ErrorCode::Forbidden, "Only a person who has just signed in can do this")
            }
            // RFC 9470 §3.
            NotRecent::Session => again(
                "Bearer error=\"insufficient_user_authentication\"".to_owned(),
                json!({
                    "maxAge": max_age,
                    "signInUrl": format!("{}?prompt=login&max_age={max_age}", self.start_url),
                }),
            ),
            NotRecent::Token => again(
                challenge(&self.sign_in, Some(&BASE64.encode(CLAIMS))).into_owned(),
                json!({ "maxAge": max_age, "claims": CLAIMS }),
            ),
        }
    }
}

/// A [`Caller`] who signed in just now; anybody else is asked to.
pub(crate) struct Recent<P: Permission> {
    caller: Caller<P>,
    gate: Arc<Gate>,
}

impl<P: Permission> Recent<P> {
    /// The proof of it.
    pub(crate) fn proof(&self) -> Result<RecentlySignedIn<'_, P>, ApiError> {
        let recency = &self.gate.recency;
        recency.policy.prove(&self.caller).map_err(|reason| recency.refusal(reason))
    }
}

impl<P: Permission> Deref for Recent<P> {
    type Target = Authorized<P>;

    fn deref(&self) -> &Self::Target {
        &self.caller
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for Recent<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Caller::<P>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER, P::MARKER, RECENT_MARKER]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let caller = Caller::<P>::from_request(request, body, options).await?;
        let gate = Arc::clone(&RequestContext::services(request)?.gate);
        let recent = Self { caller, gate };
        recent.proof()?;
        Ok(recent)
    }
}

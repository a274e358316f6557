//! Callers in whose name Microsoft 365 is asked, and how the API says that it cannot be.

use std::{borrow::Cow, ops::Deref};

use domain::{
    access::{Authorized, NotDelegable, OnBehalfOf, Permission},
    delegation::{DelegationError, SignInPlace},
};
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};
use serde_json::{Map, json};

use super::{Caller, caller::BEARER};
use crate::{
    connections::{failed, unusable},
    error::{ApiError, ErrorCode, INVALID_TOKEN},
};

/// Where a browser goes to connect an account; `return_to` says where it comes back to.
pub(crate) const CONNECT_PATH: &str = "/api/oauth/microsoft/start?connect=true";
/// What a person does there.
const CONNECT_STEP: &str = "You are signed in, and nothing of yours at Microsoft 365 is open to this service yet. Open the connect address in \
                            the same browser, choose the account that you signed in with, and agree.";

/// Like the marker of permissions: the document's post-processing takes it out and adds the refusals that only such
/// operations have.
pub(crate) const DELEGATED_MARKER: &str = "delegated:";

/// A [`Caller`] who is a person, with an access token of theirs or in a session, so that a downstream resource can be asked
/// in their name. Anybody else is refused.
pub(crate) struct Delegated<P: Permission> {
    caller: Caller<P>,
    on_behalf_of: OnBehalfOf,
}

impl<P: Permission> Delegated<P> {
    pub(crate) fn on_behalf_of(&self) -> &OnBehalfOf {
        &self.on_behalf_of
    }
}

impl<P: Permission> Deref for Delegated<P> {
    type Target = Authorized<P>;

    fn deref(&self) -> &Self::Target {
        &self.caller
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for Delegated<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Caller::<P>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER, P::MARKER, DELEGATED_MARKER]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let caller = Caller::<P>::from_request(request, body, options).await?;
        let on_behalf_of = caller.on_behalf_of().map_err(ApiError::from)?;
        Ok(Self { caller, on_behalf_of })
    }
}

impl From<NotDelegable> for ApiError {
    fn from(_: NotDelegable) -> Self {
        Self::new(
            ErrorCode::Forbidden,
            "Only a person can do this, with an access token of their own or in a session",
        )
    }
}

impl From<DelegationError> for ApiError {
    fn from(error: DelegationError) -> Self {
        match error {
            DelegationError::InteractionRequired { claims, scopes, sign_in } => {
                let mut details = Map::from_iter([("scopes".to_owned(), json!(scopes))]);
                details.extend(claims.as_ref().map(|claims| ("claims".to_owned(), json!(claims.json()))));
                let claims = claims.map(|claims| claims.base64());
                Self {
                    details: Some(details.into()),
                    www_authenticate: Some(challenge(&sign_in, claims.as_deref())),
                    ..Self::new(
                        ErrorCode::InteractionRequired,
                        "Sign in again: your organization asks for more before Microsoft 365 can be used",
                    )
                }
            }
            DelegationError::ConsentRequired { scopes, consent_url, sign_in } => Self {
                details: Some(json!({ "scopes": scopes, "consentUrl": consent_url })),
                www_authenticate: Some(challenge(&sign_in, None)),
                ..Self::new(
                    ErrorCode::ConsentRequired,
                    "An administrator of your organization has to consent to what is asked of Microsoft 365",
                )
            },
            DelegationError::NotConnected => Self {
                details: Some(json!({ "connectUrl": CONNECT_PATH, "nextStep": CONNECT_STEP })),
                ..Self::new(
                    ErrorCode::ConnectionRequired,
                    "Connect the Microsoft account that you signed in with first",
                )
            },
            DelegationError::Unusable { connection, trouble, claims, consent_url } => {
                unusable(connection, trouble, claims.as_ref(), consent_url)
            }
            DelegationError::AssertionRejected => Self::unauthorized(INVALID_TOKEN),
            DelegationError::AccountBlocked => {
                Self::new(ErrorCode::UserDisabled, "Your account is disabled in Microsoft Entra ID")
            }
            DelegationError::BlockedByPolicy => Self::new(
                ErrorCode::Forbidden,
                "A policy of your organization does not let you use Microsoft 365 here",
            ),
            DelegationError::NoSuchResource => {
                Self::new(ErrorCode::NotFound, "Your organization does not have this part of Microsoft 365")
            }
            // The cause was logged where it was known; the caller can do nothing about it.
            DelegationError::Misconfigured => Self::new(
                ErrorCode::UpstreamError,
                "Microsoft Entra ID does not accept this service at the moment; its operator has been told",
            ),
            DelegationError::Throttled { retry_after } | DelegationError::Unavailable { retry_after } => {
                Self::unavailable(retry_after)
            }
            DelegationError::Timeout => {
                Self::new(ErrorCode::UpstreamTimeout, "Microsoft Entra ID did not answer in time")
            }
            DelegationError::Failed(failure) => failed(&failure.0),
        }
    }
}

/// `WWW-Authenticate` of a claims challenge (Microsoft identity platform, "Claims challenges, claims requests, and client
/// capabilities"): the realm is empty when the authorization endpoint is everybody's. Nothing in it needs escaping: an
/// address without quotes, a GUID, base64.
pub(super) fn challenge(sign_in: &SignInPlace, claims: Option<&str>) -> Cow<'static, str> {
    let SignInPlace { authorization_uri, client_id } = sign_in;
    let start = format!(
        "Bearer realm=\"\", authorization_uri=\"{authorization_uri}\", client_id=\"{client_id}\", \
         error=\"insufficient_claims\""
    );
    match claims {
        Some(claims) => format!("{start}, claims=\"{claims}\"").into(),
        None => start.into(),
    }
}

#[cfg(test)]
mod tests {
    use domain::delegation::ClaimsChallenge;
    use poem::http::header;
    use serde_json::Value;

    use super::*;

    fn sign_in() -> SignInPlace {
        SignInPlace {
            authorization_uri: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize".to_owned(),
            client_id: uuid::uuid!("a0000000-0000-4000-8000-00000000000a"),
        }
    }

    async fn told(error: DelegationError) -> (u16, Option<String>, Value) {
        let response = ApiError::from(error).into_envelope("r");
        let header = response.headers().get(header::WWW_AUTHENTICATE);
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.into_body().into_json::<Value>().await.unwrap();
        (status, header, body["error"].clone())
    }

    #[tokio::test]
    async fn a_claims_challenge_has_the_form_that_clients_look_for() {
        let claims =
            ClaimsChallenge::parse(r#"{"access_token": {"acrs": {"essential": true, "value": "c1"}}}"#)
                .unwrap();
        let scopes = vec!["https://graph.microsoft.com/.default".to_owned()];
        let error = DelegationError::InteractionRequired {
            claims: Some(claims),
            scopes: scopes.clone(),
            sign_in: sign_in(),
        };
        let (status, header, body) = told(error).await;
        assert_eq!((status, &body["code"]), (401, &json!("INTERACTION_REQUIRED")));
        assert_eq!(
            header.unwrap(),
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/v2.0/authorize\", \
             client_id=\"a0000000-0000-4000-8000-00000000000a\", error=\"insufficient_claims\", \
             claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19\""
        );
        let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
        assert_eq!(body["details"], json!({ "claims": claims, "scopes": scopes }));
    }

    #[tokio::test]
    async fn without_claims_the_error_still_tells_what_to_do() {
        let error =
            DelegationError::InteractionRequired { claims: None, scopes: Vec::new(), sign_in: sign_in() };
        let (status, header, body) = told(error).await;
        assert_eq!((status, &body["code"]), (401, &json!("INTERACTION_REQUIRED")));
        assert!(header.unwrap().ends_with("error=\"insufficient_claims\""));
        assert_eq!(body["details"], json!({ "scopes": [] }));
        let consent_url = "https://login.microsoftonline.com/t/v2.0/adminconsent".to_owned();
        let error = DelegationError::ConsentRequired {
            scopes: Vec::new(),
            consent_url: consent_url.clone(),
            sign_in: sign_in(),
        };
        let (status, _, body) = told(error).await;
        assert_eq!((status, &body["code"]), (401, &json!("CONSENT_REQUIRED")));
        assert_eq!(body["details"], json!({ "scopes": [], "consentUrl": consent_url }));
    }

    #[tokio::test]
    async fn what_is_nobodys_fault_blames_nobody() {
        let wait = std::time::Duration::from_secs(7);
        for (error, status, code) in [
            (DelegationError::AssertionRejected, 401, "UNAUTHORIZED"),
            (DelegationError::AccountBlocked, 403, "USER_DISABLED"),
            (DelegationError::BlockedByPolicy, 403, "FORBIDDEN"),
            (DelegationError::NoSuchResource, 404, "NOT_FOUND"),
            (DelegationError::Misconfigured, 502, "UPSTREAM_ERROR"),
            (DelegationError::Throttled { retry_after: wait }, 503, "UNAVAILABLE"),
            (DelegationError::Unavailable { retry_after: wait }, 503, "UNAVAILABLE"),
            (DelegationError::Timeout, 504, "UPSTREAM_TIMEOUT"),
            (DelegationError::NotConnected, 409, "CONNECTION_REQUIRED"),
        ] {
            let (seen, _, body) = told(error).await;
            assert_eq!((seen, &body["code"]), (status, &json!(code)));
        }
    }
}

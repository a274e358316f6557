//! The caller of an operation, with the permission that the operation needs in its type.

use std::ops::Deref;

use domain::{
    access::{Authorized, Permission, Proof},
    api_keys::Outcome,
};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    context::RequestContext,
    error::{ApiError, ErrorCode},
    rate_limit,
};

/// The scheme of Entra ID access tokens in the document.
pub(crate) const BEARER: &str = "entra";
/// A scheme that is none: the document's post-processing takes it out and writes what follows the prefix as
/// `x-permission`. The framework has no other place for it.
pub(crate) const PERMISSION_MARKER: &str = "permission:";

/// A caller who has the permission `P`. As an argument it authenticates, authorizes and documents the operation.
pub(crate) struct Caller<P: Proof>(Authorized<P>);

impl<P: Proof> Caller<P> {
    /// The proof by itself, for work that may outlast the request.
    pub(crate) fn into_inner(self) -> Authorized<P> {
        self.0
    }
}

impl<P: Proof> Deref for Caller<P> {
    type Target = Authorized<P>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for Caller<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = |ty, scheme, format| MetaSecurityScheme {
            ty,
            description: None,
            name: None,
            key_in: None,
            scheme,
            bearer_format: format,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(BEARER, scheme("http", Some("bearer"), Some("JWT")));
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER, P::MARKER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let gate = &RequestContext::services(request)?.gate;
        let caller = gate.authenticate(request).await?;
        let principal = caller.principal();
        let origin = RequestContext::origin(request);
        let key = principal.known_key();
        let note = |outcome| key.into_iter().for_each(|key| gate.note(request, key, outcome));
        rate_limit::take_caller(request, principal).await.inspect_err(|_| note(Outcome::RateLimited))?;
        RequestContext::note_caller(request, principal);
        let authorized = caller.authorize::<P>(origin);
        note(if authorized.is_ok() { Outcome::Allowed } else { Outcome::InsufficientScope });
        authorized.map(Self).map_err(|_| missing::<P>(key.is_some()).into())
    }
}

/// The caller lacks the permission; of an API key it is a scope.
fn missing<P: Permission>(is_api_key: bool) -> ApiError {
    if !is_api_key {
        return ApiError::forbidden();
    }
    let scopes: Vec<&str> = P::NAME.into_iter().collect();
    ApiError {
        details: Some(serde_json::json!({ "scopes": scopes })),
        ..ApiError::new(
            ErrorCode::ApiKeyInsufficientScope,
            "The API key does not have the scope that this needs",
        )
    }
}

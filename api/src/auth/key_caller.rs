//! Callers that are automations: operations that only an API key opens.

use std::ops::Deref;

use domain::access::{Authorized, Permission};
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};

use super::{
    Caller,
    caller::BEARER,
    credential::{Credential, missing_key},
};

/// Like the marker of permissions: the document's post-processing takes it out and leaves the API key as the only
/// credential.
pub(crate) const KEY_MARKER: &str = "key-only:";

/// A [`Caller`] with an API key. Whoever comes with anything else, or nothing, is told that a key is missing: what they
/// came with is not looked at.
pub(crate) struct KeyCaller<P: Permission>(Caller<P>);

impl<P: Permission> Deref for KeyCaller<P> {
    type Target = Authorized<P>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, P: Permission> ApiExtractor<'a> for KeyCaller<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Caller::<P>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER, P::MARKER, KEY_MARKER]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        if !matches!(Credential::of(request), Credential::ApiKey(_)) {
            return Err(missing_key().into());
        }
        Caller::from_request(request, body, options).await.map(Self)
    }
}

//! Callers who are the service's own staff: an account that was made an operator, in a session of ours, or whoever has the
//! administration's secret and an address that may use it.

use std::{ops::Deref, sync::Arc};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Digest, SHA256, digest},
};
use domain::{
    access::{Operator, Operators, Origin, SignedIn},
    api_keys::{AllowedAddresses, Outcome},
};
use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    auth::{BEARER, Caller, Gate},
    context::RequestContext,
    error::{ApiError, ErrorCode},
    rate_limit,
};

/// What `x-permission` says of an operation that is for the staff. It is no permission that a role could have.
pub(crate) const OPERATOR: &str = "operator";
/// The marker scheme of that; see [`crate::auth::PERMISSION_MARKER`].
const OPERATOR_MARKER: &str = "permission:operator";
/// The scheme of the administration's secret in the document.
pub(crate) const ADMIN_SECRET: &str = "adminSecret";

/// The administration's secret, as a digest: what is compared has one length, whatever is sent.
pub(crate) struct AdminSecret {
    digest: Digest,
    /// From where it may be used; `None`: from this machine alone.
    addresses: Option<AllowedAddresses>,
}

impl AdminSecret {
    pub(crate) fn new(secret: &SecretString, addresses: Option<AllowedAddresses>) -> Self {
        Self { digest: digest(&SHA256, secret.expose_secret().as_bytes()), addresses }
    }

    fn is(&self, text: &str) -> bool {
        let given = digest(&SHA256, text.as_bytes());
        verify_slices_are_equal(self.digest.as_ref(), given.as_ref()).is_ok()
    }

    fn may_come_from(&self, request: &Request, origin: &Origin) -> bool {
        match &self.addresses {
            Some(addresses) => addresses.permit(origin.ip),
            None => is_of_this_machine(request),
        }
    }
}

/// Whether a request comes from this machine and nobody passed it on: a proxy here has this machine's address, whoever
/// stands behind it, and what a header says of that is believed neither way.
fn is_of_this_machine(request: &Request) -> bool {
    let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
    let is_passed_on =
        ["x-forwarded-for", "forwarded"].iter().any(|name| request.headers().contains_key(*name));
    peer.is_some_and(|ip| ip.is_loopback()) && !is_passed_on
}

/// What stands before the operators' operations.
pub(crate) struct AdminGate {
    pub gate: Arc<Gate>,
    pub operators: Operators,
    /// `None` where there is none: only accounts are let in then.
    pub secret: Option<AdminSecret>,
}

impl AdminGate {
    async fn admit(&self, request: &Request) -> Result<Operator, ApiError> {
        let origin = RequestContext::origin(request);
        let bearer = Gate::plain_bearer(request);
        if let (Some(secret), Some(text)) = (&self.secret, bearer)
            && secret.is(text)
        {
            if secret.may_come_from(request, &origin) {
                return Ok(self.operators.by_secret(origin));
            }
            // It is answered below as a wrong one is: nobody elsewhere learns that it is right.
            let address = origin.ip.map(|ip| ip.to_string()).unwrap_or_default();
            tracing::warn!(address, "the administration's secret came from an address that may not use it");
        }
        let caller = match self.gate.authenticate(request).await {
            Ok(caller) => caller,
            Err(error) => {
                // A bearer that means nothing is somebody's attempt at the secret.
                if bearer.is_some() && error.code == ErrorCode::Unauthorized {
                    rate_limit::take_auth_address(request).await?;
                }
                return Err(error);
            }
        };
        let principal = caller.principal();
        // Also what reads: a look is recorded, so no other site's page causes one.
        if let (None, Some(session)) = (bearer, principal.session()) {
            self.gate.csrf.check_source(request, session.id)?;
        }
        let key = principal.known_key();
        let note = |outcome| key.into_iter().for_each(|key| self.gate.note(request, key, outcome));
        rate_limit::take_caller(request, principal).await.inspect_err(|_| note(Outcome::RateLimited))?;
        RequestContext::note_caller(request, principal);
        self.operators.by_account(&caller, origin).map_err(|_| {
            note(Outcome::InsufficientScope);
            ApiError::forbidden()
        })
    }
}

/// One of the service's staff, at work. As an argument it authenticates and documents the operation.
pub(crate) struct AdminCaller(Operator);

impl Deref for AdminCaller {
    type Target = Operator;

    fn deref(&self) -> &Operator {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for AdminCaller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Caller::<SignedIn>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER, OPERATOR_MARKER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(RequestContext::services(request)?.administration.admit(request).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::PERMISSION_MARKER;

    #[test]
    fn the_marker_is_the_one_of_permissions() {
        assert_eq!(OPERATOR_MARKER.strip_prefix(PERMISSION_MARKER), Some(OPERATOR));
    }

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        let text = "a-secret-of-the-tests-and-a-long-one";
        let secret = AdminSecret::new(&SecretString::from(text), None);
        assert!(secret.is(text));
        for other in ["", &text[1..], &text[..text.len() - 1], &text.to_uppercase(), &format!("{text} ")] {
            assert!(!secret.is(other), "{other}");
        }
    }
}

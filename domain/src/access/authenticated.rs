//! Who asks in this request: the principal, which may be remembered, and the token, which may not.

use std::sync::Arc;

use super::{Authorized, BearerToken, Forbidden, Origin, Permission, Principal, scope::authorize};

/// What authentication made of one request's credential. It is for that request only: the principal in it may be
/// shared with others, the token beside it is this request's own.
#[derive(Debug)]
pub struct Authenticated {
    principal: Arc<Principal>,
    assertion: Option<BearerToken>,
}

impl Authenticated {
    /// For a principal who can be acted for, the token that proved who they are is kept.
    pub(super) fn with_assertion(principal: Arc<Principal>, token: BearerToken) -> Self {
        let assertion = principal.delegable.is_some().then_some(token);
        Self { principal, assertion }
    }

    /// For who called without a token that could be exchanged.
    pub(super) fn without_assertion(principal: Arc<Principal>) -> Self {
        Self { principal, assertion: None }
    }

    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    pub(super) fn assertion(&self) -> Option<&BearerToken> {
        self.assertion.as_ref()
    }

    /// Asks for a permission; what comes back is the proof of it, which the use-cases consume.
    pub fn authorize<P: Permission>(self, origin: Origin) -> Result<Authorized<P>, Forbidden> {
        if self.principal.may::<P>() { Ok(authorize(self, origin)) } else { Err(Forbidden) }
    }
}

//! The proofs: that a permission was checked, and that a unit of work belongs to an organization.

use std::{marker::PhantomData, net::IpAddr, sync::Arc};

use secrecy::SecretString;

use super::{Actor, NotDelegable, OnBehalfOf, Permission, Principal};
use crate::id::OrgId;

/// Where a request came from, for events and logs.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The id of the request, as the response's `X-Request-Id` has it.
    pub request_id: String,
    /// The client's address, as far as trusted proxies tell it.
    pub ip: Option<IpAddr>,
}

/// The caller does not have the permission.
#[derive(Debug, thiserror::Error)]
#[error("the permission is missing")]
pub struct Forbidden;

/// Proof that a principal has the permission `P`. Use-cases take it as an argument, so that calling one without
/// the check does not compile.
#[derive(Debug)]
pub struct Authorized<P> {
    principal: Arc<Principal>,
    assertion: Option<SecretString>,
    origin: Origin,
    permission: PhantomData<fn() -> P>,
}

pub(super) fn authorize<P: Permission>(
    principal: Arc<Principal>,
    assertion: Option<SecretString>,
    origin: Origin,
) -> Authorized<P> {
    Authorized { principal, assertion, origin, permission: PhantomData }
}

impl<P: Permission> Authorized<P> {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The caller as somebody in whose name a downstream resource can be asked.
    pub fn on_behalf_of(&self) -> Result<OnBehalfOf, NotDelegable> {
        let delegable = self.principal.delegable.ok_or(NotDelegable)?;
        let assertion = self.assertion.clone().ok_or(NotDelegable)?;
        Ok(OnBehalfOf {
            org_id: self.principal.organization.id,
            user_id: self.principal.user.id,
            client_id: self.principal.client_id,
            delegable,
            assertion,
        })
    }

    /// The scope of the caller's own organization.
    pub fn scope(&self) -> OrgScope {
        OrgScope::new(
            self.principal.organization.id,
            Actor::User(self.principal.user.id),
            self.origin.clone(),
        )
    }
}

/// One organization, on behalf of one actor: what the store asks for before it opens. It can be held and passed
/// on, but made only in `access`.
#[derive(Clone, Debug)]
pub struct OrgScope {
    org_id: OrgId,
    actor: Actor,
    origin: Origin,
}

impl OrgScope {
    pub(super) fn new(org_id: OrgId, actor: Actor, origin: Origin) -> Self {
        Self { org_id, actor, origin }
    }

    /// The organization whose rows may be seen and written.
    pub fn org_id(&self) -> OrgId {
        self.org_id
    }

    /// Who acts, for the events.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Where the request came from, for the events.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

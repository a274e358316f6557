//! The proofs: that a permission was checked, and that a unit of work belongs to an organization.

use std::{marker::PhantomData, net::IpAddr};

use super::{Actor, Authenticated, NotDelegable, OnBehalfOf, Permission, Principal, System};
use crate::id::{AccountId, OrgId};

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

/// What an [`Authorized`] proves: a permission, or that Tenantry itself is at work.
pub trait Proof {
    /// Who has it.
    type Holder: std::fmt::Debug + Send + Sync;
}

impl<P: Permission> Proof for P {
    type Holder = Authenticated;
}

/// Proof that a principal has the permission `P`, or, as `Authorized<System>`, that a job of the organization was
/// claimed. Use-cases take it as an argument, so that calling one without the check does not compile.
#[derive(Debug)]
pub struct Authorized<P: Proof> {
    holder: P::Holder,
    origin: Origin,
    permission: PhantomData<fn() -> P>,
}

pub(super) fn authorize<P: Permission>(caller: Authenticated, origin: Origin) -> Authorized<P> {
    Authorized { holder: caller, origin, permission: PhantomData }
}

pub(super) fn system(org_id: OrgId, origin: Origin) -> Authorized<System> {
    Authorized { holder: org_id, origin, permission: PhantomData }
}

impl<P: Proof> Authorized<P> {
    pub(super) fn holder(&self) -> &P::Holder {
        &self.holder
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl<P: Permission> Authorized<P> {
    pub fn principal(&self) -> &Principal {
        self.holder.principal()
    }

    /// The caller as somebody in whose name a downstream resource can be asked.
    pub fn on_behalf_of(&self) -> Result<OnBehalfOf, NotDelegable> {
        let principal = self.holder.principal();
        match self.holder.assertion() {
            Some(token) => OnBehalfOf::by_token(principal, token.clone()),
            None => OnBehalfOf::by_session(principal, self.scope()),
        }
    }

    /// The scope of the caller's own organization.
    pub fn scope(&self) -> OrgScope {
        let principal = self.principal();
        OrgScope::new(principal.organization.id, principal.actor(), self.origin.clone())
    }

    /// The scope of the caller's account; `None` for an application, and for a person who has never signed in here.
    pub fn account(&self) -> Option<AccountScope> {
        self.principal().user.account_id.map(|account_id| AccountScope::new(account_id, self.scope()))
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

/// One person's account, acting inside one of their organizations: what the store asks for before it opens what is
/// the account's. Like [`OrgScope`] it is made only in `access`.
#[derive(Clone, Debug)]
pub struct AccountScope {
    account_id: AccountId,
    organization: OrgScope,
}

impl AccountScope {
    pub(super) fn new(account_id: AccountId, organization: OrgScope) -> Self {
        Self { account_id, organization }
    }

    /// The account whose rows may be seen and written.
    pub fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// The organization in which the account acts; what happens to the account is told there.
    pub fn organization(&self) -> &OrgScope {
        &self.organization
    }
}

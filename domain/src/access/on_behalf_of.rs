//! A caller in whose name a downstream resource can be asked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AuthenticatedBy, BearerToken, OrgScope, Principal};
use crate::{
    id::{OrgId, UserId},
    identity::UserKind,
};

/// What a principal keeps of a delegated token for on-behalf-of. Not the token: principals are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delegable {
    pub tenant: Uuid,
    pub object_id: Uuid,
    pub handles_claims: bool,
    pub expires_at: DateTime<Utc>,
}

/// The caller is nobody in whose name Microsoft 365 could be asked: an application, an API key, or the development
/// identity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller cannot be acted for: that takes a person's access token or session")]
pub struct NotDelegable;

/// Proof that a person called, and by what a resource can be asked in their name: with the access token that they called
/// with, or, in a session of ours, with their own connection. Made by authentication only, so that nobody else is acted
/// for. It is for one request: keep neither it nor what is in it.
#[derive(Clone, Debug)]
pub struct OnBehalfOf {
    org_id: OrgId,
    user_id: UserId,
    client_id: Option<Uuid>,
    tenant: Uuid,
    object_id: Uuid,
    ground: Ground,
}

#[derive(Clone, Debug)]
enum Ground {
    Token(Assertion),
    Session(SessionCaller),
}

/// A person's access token, to be exchanged.
#[derive(Clone, Debug)]
pub struct Assertion {
    secret: BearerToken,
    handles_claims: bool,
    expires_at: DateTime<Utc>,
}

/// A person in a session of ours, who has no token of Microsoft's: what is needed to find their own connection.
#[derive(Clone, Debug)]
pub(crate) struct SessionCaller {
    principal: Arc<Principal>,
    scope: OrgScope,
}

impl OnBehalfOf {
    /// By the token that a person called with.
    pub(super) fn by_token(principal: &Principal, secret: BearerToken) -> Result<Self, NotDelegable> {
        let Delegable { tenant, object_id, handles_claims, expires_at } =
            principal.delegable.ok_or(NotDelegable)?;
        let ground = Ground::Token(Assertion { secret, handles_claims, expires_at });
        Ok(Self::of(principal, (tenant, object_id), ground))
    }

    /// By the session that a person is in. Who they are at Microsoft, their membership says: the organization's tenant
    /// and their object id there, never an address.
    pub(super) fn by_session(principal: &Arc<Principal>, scope: OrgScope) -> Result<Self, NotDelegable> {
        let is_person =
            principal.authenticated_by == AuthenticatedBy::Session && principal.user.kind == UserKind::Person;
        let identity = principal.organization.azure_tenant_id.zip(principal.user.object_id);
        let identity = identity.filter(|_| is_person).ok_or(NotDelegable)?;
        let ground = Ground::Session(SessionCaller { principal: Arc::clone(principal), scope });
        Ok(Self::of(principal, identity, ground))
    }

    fn of(principal: &Principal, (tenant, object_id): (Uuid, Uuid), ground: Ground) -> Self {
        Self {
            org_id: principal.organization.id,
            user_id: principal.user.id,
            client_id: principal.client_id,
            tenant,
            object_id,
            ground,
        }
    }

    /// The organization of the caller.
    pub fn org_id(&self) -> OrgId {
        self.org_id
    }

    /// The caller's membership of it.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The caller's tenant (`tid`): the one that issued their token, where that is to be exchanged.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// The caller in that tenant (`oid`).
    pub fn object_id(&self) -> Uuid {
        self.object_id
    }

    /// The client that the caller uses (`azp` or `appid`); `None` in a session.
    pub fn client_id(&self) -> Option<Uuid> {
        self.client_id
    }

    /// The token that the caller called with; `None` in a session.
    pub fn assertion(&self) -> Option<&Assertion> {
        match &self.ground {
            Ground::Token(assertion) => Some(assertion),
            Ground::Session(_) => None,
        }
    }

    /// The caller's session; `None` where they called with a token of Microsoft's.
    pub(crate) fn session(&self) -> Option<&SessionCaller> {
        match &self.ground {
            Ground::Token(_) => None,
            Ground::Session(session) => Some(session),
        }
    }
}

impl Assertion {
    /// The caller's access token.
    pub fn secret(&self) -> &BearerToken {
        &self.secret
    }

    /// Whether the client said that it handles claims challenges (`xms_cc` has `cp1`).
    pub fn handles_claims(&self) -> bool {
        self.handles_claims
    }

    /// When it expires.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

impl SessionCaller {
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The caller's own organization.
    pub(crate) fn scope(&self) -> &OrgScope {
        &self.scope
    }
}

//! A caller in whose name a downstream resource can be asked.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::id::{OrgId, UserId};

/// What a principal keeps of a delegated token for on-behalf-of. Not the token: principals are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delegable {
    pub tenant: Uuid,
    pub object_id: Uuid,
    pub handles_claims: bool,
    pub expires_at: DateTime<Utc>,
}

/// The caller has no token that could be exchanged: an application, or the development identity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller cannot be acted for: that takes a person's access token")]
pub struct NotDelegable;

/// Proof that a person called with an access token of theirs, and that token. Made by authentication only, so that a
/// token is exchanged for whom it belongs to. It is for one request: keep neither it nor the assertion.
#[derive(Clone, Debug)]
pub struct OnBehalfOf {
    pub(super) org_id: OrgId,
    pub(super) user_id: UserId,
    pub(super) client_id: Option<Uuid>,
    pub(super) delegable: Delegable,
    pub(super) assertion: SecretString,
}

impl OnBehalfOf {
    /// The organization of the caller.
    pub fn org_id(&self) -> OrgId {
        self.org_id
    }

    /// The caller's membership of it.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The tenant that issued the assertion (`tid`): where it is to be exchanged.
    pub fn tenant(&self) -> Uuid {
        self.delegable.tenant
    }

    /// The caller in that tenant (`oid`).
    pub fn object_id(&self) -> Uuid {
        self.delegable.object_id
    }

    /// The client that the caller uses (`azp` or `appid`).
    pub fn client_id(&self) -> Option<Uuid> {
        self.client_id
    }

    /// Whether the client said that it handles claims challenges (`xms_cc` has `cp1`).
    pub fn handles_claims(&self) -> bool {
        self.delegable.handles_claims
    }

    /// The caller's access token.
    pub fn assertion(&self) -> &SecretString {
        &self.assertion
    }

    /// When the assertion expires.
    pub fn assertion_expires_at(&self) -> DateTime<Utc> {
        self.delegable.expires_at
    }
}

//! A caller as the request to the authority needs them: what `domain` proved, in plain data. Whoever has one could ask
//! for a token, so it is made of that proof alone.

use chrono::{DateTime, Utc};
use domain::{
    access::{BearerToken, OnBehalfOf},
    id::{OrgId, UserId},
};
use uuid::Uuid;

/// For one request, or for the renewal that it starts.
#[derive(Clone)]
pub(super) struct Asker {
    pub tenant: Uuid,
    pub org_id: OrgId,
    pub user_id: UserId,
    pub handles_claims: bool,
    pub assertion: BearerToken,
    pub assertion_expires_at: DateTime<Utc>,
}

impl Asker {
    /// `None` for a caller without a token that could be exchanged.
    pub(super) fn of(caller: &OnBehalfOf) -> Option<Self> {
        let assertion = caller.assertion()?;
        Some(Self {
            tenant: caller.tenant(),
            org_id: caller.org_id(),
            user_id: caller.user_id(),
            handles_claims: assertion.handles_claims(),
            assertion: assertion.secret().clone(),
            assertion_expires_at: assertion.expires_at(),
        })
    }

    /// The same, for what goes on when their request is over.
    pub(super) fn outlasting(&self) -> Self {
        Self { assertion: self.assertion.outlasting(), ..self.clone() }
    }
}

//! A caller as the request to the authority needs them: what `domain` proved, in plain data. Whoever has one could ask
//! for a token, so it is made of that proof alone.

use chrono::{DateTime, Utc};
use domain::{
    access::OnBehalfOf,
    id::{OrgId, UserId},
};
use secrecy::SecretString;
use uuid::Uuid;

/// For one request, or for the renewal that it starts.
#[derive(Clone)]
pub(super) struct Asker {
    pub tenant: Uuid,
    pub org_id: OrgId,
    pub user_id: UserId,
    pub handles_claims: bool,
    pub assertion: SecretString,
    pub assertion_expires_at: DateTime<Utc>,
}

impl From<&OnBehalfOf> for Asker {
    fn from(caller: &OnBehalfOf) -> Self {
        Self {
            tenant: caller.tenant(),
            org_id: caller.org_id(),
            user_id: caller.user_id(),
            handles_claims: caller.handles_claims(),
            assertion: caller.assertion().clone(),
            assertion_expires_at: caller.assertion_expires_at(),
        }
    }
}

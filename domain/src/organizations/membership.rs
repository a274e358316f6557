//! Suspending members of an organization and letting them back in.

use std::sync::Arc;

use serde_json::json;

use super::members;
use crate::{
    access::Authorized,
    events::Event,
    id::UserId,
    identity::{User, UserStatus},
    store::{Store, StoreError},
};

/// Why a membership could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    #[error("there is no such member")]
    NotFound,
    /// Otherwise an organization could lock its last administrator out.
    #[error("nobody can suspend themselves")]
    OwnMembership,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Suspends and reactivates the members of an organization.
#[derive(Clone)]
pub struct Memberships {
    store: Arc<dyn Store>,
}

impl Memberships {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Refuses the member from now on, on every replica, whatever credential they hold.
    pub async fn suspend(
        &self,
        caller: &Authorized<members::Manage>,
        id: UserId,
    ) -> Result<User, MembershipError> {
        if caller.principal().user().id == id {
            return Err(MembershipError::OwnMembership);
        }
        self.set_status(caller, id, UserStatus::Disabled, "identity.user.disabled").await
    }

    /// Lets a suspended member in again.
    pub async fn reactivate(
        &self,
        caller: &Authorized<members::Manage>,
        id: UserId,
    ) -> Result<User, MembershipError> {
        self.set_status(caller, id, UserStatus::Active, "identity.user.enabled").await
    }

    async fn set_status(
        &self,
        caller: &Authorized<members::Manage>,
        id: UserId,
        status: UserStatus,
        event: &'static str,
    ) -> Result<User, MembershipError> {
        let tx = self.store.begin(&caller.scope()).await?;
        if !tx.users().set_status(id, status).await? {
            return Err(MembershipError::NotFound);
        }
        let user = tx.users().get(id).await?.ok_or(MembershipError::NotFound)?;
        tx.commit(Event::new(event, json!({ "userId": id })).into()).await?;
        Ok(user)
    }
}

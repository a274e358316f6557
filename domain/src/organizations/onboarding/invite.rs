//! Links for customers, made by operators.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Invitation, NewInvitation, Onboarding};
use crate::{
    id::{EventId, TypedId},
    store::StoreError,
};

/// A link that was made. Its secret is told once.
#[derive(Debug)]
pub struct Invited {
    pub id: Uuid,
    pub text: String,
    pub expires_at: DateTime<Utc>,
}

impl Onboarding {
    /// Makes a link for one customer. It serves once; with a tenant, for that tenant only.
    pub async fn invite(
        &self,
        tenant: Option<Uuid>,
        note: &str,
        lifetime: TimeDelta,
    ) -> Result<Invited, StoreError> {
        let created_at = self.ids.clock().now();
        let (id, text) = (self.ids.next::<EventId>().uuid(), self.secret());
        let expires_at = created_at + lifetime;
        let invitation = NewInvitation { id, text: &text, tenant, note, created_at, expires_at };
        self.invitations.add(&invitation).await?;
        Ok(Invited { id, text, expires_at })
    }

    /// All links, newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.invitations.list().await
    }

    /// Ends a link at once. `false` when there is none.
    pub async fn uninvite(&self, id: Uuid) -> Result<bool, StoreError> {
        self.invitations.revoke(id, self.ids.clock().now()).await
    }
}

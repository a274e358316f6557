//! Links for customers, made by operators.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Invitation, InvitationList, InvitationState, NewInvitation, Onboarding};
use crate::{
    access::Operator,
    id::{EventId, TypedId},
    store::StoreError,
};

/// A link that was made. Its secret is told once.
#[derive(Debug)]
pub struct Invited {
    pub invitation: Invitation,
    pub text: String,
}

/// Why a link is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    #[error("there is no such invitation")]
    NotFound,
    #[error("a tenant was connected by the invitation")]
    Used,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Onboarding {
    /// Makes a link for one customer. It serves once; with a tenant, for that tenant only. There is no organization yet in
    /// which it could be told, so the row and the log say who made it.
    pub async fn invite(
        &self,
        operator: &Operator,
        tenant: Option<Uuid>,
        note: &str,
        lifetime: TimeDelta,
    ) -> Result<Invited, StoreError> {
        let created_at = self.ids.clock().now();
        let (id, text) = (self.ids.next::<EventId>().uuid(), self.secret());
        let (expires_at, created_by) = (created_at + lifetime, operator.staff().to_string());
        let new =
            NewInvitation { id, text: &text, tenant, note, created_by: &created_by, created_at, expires_at };
        self.invitations.add(&new).await?;
        operator.log("an invitation was made", id);
        let invitation = Invitation {
            id,
            tenant,
            note: note.to_owned(),
            created_by: Some(created_by),
            created_at,
            expires_at,
            accepted_at: None,
            org_id: None,
            withdrawn_at: None,
        };
        Ok(Invited { invitation, text })
    }

    /// Some of all links, newest first, and how each stands now.
    pub async fn invitations(
        &self,
        _operator: &Operator,
        limit: u64,
        offset: u64,
    ) -> Result<InvitationList, StoreError> {
        self.invitations.list(limit, offset).await
    }

    /// What has become of a link by now.
    pub fn state_of(&self, invitation: &Invitation) -> InvitationState {
        invitation.state(self.ids.clock().now())
    }

    /// Ends a link at once. One that ended otherwise, or was taken back before, stays so.
    pub async fn uninvite(&self, operator: &Operator, id: Uuid) -> Result<(), WithdrawError> {
        if self.invitations.withdraw(id, self.ids.clock().now()).await? {
            operator.log("an invitation was taken back", id);
            return Ok(());
        }
        match self.invitations.get(id).await? {
            None => Err(WithdrawError::NotFound),
            Some(found) if found.accepted_at.is_some() => Err(WithdrawError::Used),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn what_was_used_stays_used_whatever_comes_after() {
        let at = |hours: i64| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let open = Invitation {
            id: Uuid::nil(),
            tenant: None,
            note: String::new(),
            created_by: None,
            created_at: at(0),
            expires_at: at(2),
            accepted_at: None,
            org_id: None,
            withdrawn_at: None,
        };
        assert_eq!(open.state(at(1)), InvitationState::Open);
        assert_eq!(open.state(at(2)), InvitationState::Expired);
        let withdrawn = Invitation { withdrawn_at: Some(at(1)), ..open.clone() };
        assert_eq!(withdrawn.state(at(3)), InvitationState::Withdrawn);
        let used = Invitation { accepted_at: Some(at(1)), ..withdrawn };
        assert_eq!(used.state(at(3)), InvitationState::Used);
        let words = [
            InvitationState::Open,
            InvitationState::Used,
            InvitationState::Expired,
            InvitationState::Withdrawn,
        ];
        assert_eq!(words.map(InvitationState::as_str), ["open", "used", "expired", "withdrawn"]);
    }
}

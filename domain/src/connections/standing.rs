//! Whether somebody is let in: a connection serves its member and its organization for as long as they are.

use crate::{
    id::UserId,
    identity::UserStatus,
    organizations::OrganizationStatus,
    store::{OrgReader, StoreError},
};

/// Whether the member may use the service. What was a member's is handed to nobody while they may not, whatever the
/// caller may do.
pub(super) async fn is_member_let_in(reader: &dyn OrgReader, id: UserId) -> Result<bool, StoreError> {
    Ok(reader.users().get(id).await?.is_some_and(|user| user.status == UserStatus::Active))
}

/// Whether the organization may.
pub(super) async fn is_organization_let_in(reader: &dyn OrgReader) -> Result<bool, StoreError> {
    let organization = reader.organization().get().await?;
    Ok(organization.is_some_and(|organization| organization.status == OrganizationStatus::Active))
}

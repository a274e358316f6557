//! The service's own staff: they enter an organization that is not theirs, with a reason that is kept.

use std::sync::Arc;

use serde_json::json;

use super::{Actor, OrgScope, Origin};
use crate::{
    clock::Clock,
    events::Event,
    id::{OrgId, TypedId},
    jobs::Kind,
    organizations::{LeavingError, Organization, OrganizationStatus},
    store::{Store, StoreError},
};

/// What an operator may do to an organization. Built where the process is put together, for commands that only
/// somebody with the service's own configuration can run.
#[derive(Clone)]
pub struct Operator {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Operator {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Refuses everybody of the organization from now on, on every replica. `None` when there is no such
    /// organization.
    pub async fn suspend(&self, org_id: OrgId, reason: &str) -> Result<Option<Organization>, StoreError> {
        self.set_status(org_id, OrganizationStatus::Suspended, "organization.suspended", reason).await
    }

    /// Deletes an organization, as its administrator could. `confirmation` is its name.
    pub async fn delete(
        &self,
        org_id: OrgId,
        confirmation: &str,
        reason: &str,
    ) -> Result<Organization, LeavingError> {
        let scope = OrgScope::new(org_id, Actor::Operator, Origin::default());
        let tx = self.store.begin(&scope).await?;
        crate::organizations::delete(tx, self.clock.as_ref(), confirmation, Some(reason)).await
    }

    /// Brings a deleted organization back, as it was. `None` when there is no such organization, or none any more, or
    /// it is not deleted.
    pub async fn restore(&self, org_id: OrgId, reason: &str) -> Result<Option<Organization>, StoreError> {
        let scope = OrgScope::new(org_id, Actor::Operator, Origin::default());
        let tx = self.store.begin(&scope).await?;
        tx.organization().lock().await?;
        let deleted = tx.organization().get().await?;
        if deleted.is_none_or(|organization| organization.status != OrganizationStatus::Deleted) {
            return Ok(None);
        }
        tx.organization().set_status(OrganizationStatus::Active).await?;
        tx.jobs().cancel(Kind::OrganizationPurge, org_id.uuid()).await?;
        let organization = tx.organization().get().await?;
        tx.commit(Event::new("organization.restored", json!({ "reason": reason })).into()).await?;
        Ok(organization)
    }

    /// Enters an organization to hand over what it owns, also a deleted one; that it was done is recorded first. `None`
    /// when there is no such organization.
    pub async fn export(&self, org_id: OrgId) -> Result<Option<OrgScope>, StoreError> {
        let scope = OrgScope::new(org_id, Actor::Operator, Origin::default());
        let tx = self.store.begin(&scope).await?;
        if tx.organization().get().await?.is_none() {
            return Ok(None);
        }
        tx.commit(Event::new("organization.exported", json!({})).into()).await?;
        Ok(Some(scope))
    }

    /// Lets a suspended organization in again. `None` when there is no such organization.
    pub async fn reactivate(&self, org_id: OrgId, reason: &str) -> Result<Option<Organization>, StoreError> {
        self.set_status(org_id, OrganizationStatus::Active, "organization.reactivated", reason).await
    }

    async fn set_status(
        &self,
        org_id: OrgId,
        status: OrganizationStatus,
        event: &'static str,
        reason: &str,
    ) -> Result<Option<Organization>, StoreError> {
        let scope = OrgScope::new(org_id, Actor::Operator, Origin::default());
        let tx = self.store.begin(&scope).await?;
        tx.organization().lock().await?;
        // What is deleted is restored, not reactivated.
        let found = tx.organization().get().await?;
        if found.is_none_or(|organization| organization.status == OrganizationStatus::Deleted) {
            return Ok(None);
        }
        tx.organization().set_status(status).await?;
        let organization = tx.organization().get().await?;
        tx.commit(Event::new(event, json!({ "reason": reason })).into()).await?;
        Ok(organization)
    }
}

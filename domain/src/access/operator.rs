//! The service's own staff: they enter an organization that is not theirs, with a reason that is kept.

use std::sync::Arc;

use serde_json::json;

use super::{Actor, OrgScope, Origin};
use crate::{
    events::Event,
    id::OrgId,
    organizations::{Organization, OrganizationStatus},
    store::{Store, StoreError},
};

/// What an operator may do to an organization. Built where the process is put together, for commands that only
/// somebody with the service's own configuration can run.
#[derive(Clone)]
pub struct Operator {
    store: Arc<dyn Store>,
}

impl Operator {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Refuses everybody of the organization from now on, on every replica. `None` when there is no such
    /// organization.
    pub async fn suspend(&self, org_id: OrgId, reason: &str) -> Result<Option<Organization>, StoreError> {
        self.set_status(org_id, OrganizationStatus::Suspended, "organization.suspended", reason).await
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
        if !tx.organization().set_status(status).await? {
            return Ok(None);
        }
        let organization = tx.organization().get().await?;
        tx.commit(Event::new(event, json!({ "reason": reason })).into()).await?;
        Ok(organization)
    }
}

//! Deleting an organization: gone for its people at once, restorable for a while, then gone for good.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{Delete, Export, Organization, OrganizationStatus};
use crate::{
    access::{Authorized, OrgScope, RecentlySignedIn, System},
    clock::Clock,
    events::Event,
    id::TypedId,
    jobs::{JobError, Kind, Outcome},
    store::{OrgTx, Store, StoreError},
};

/// For how long a deleted organization can be restored.
pub const PURGE_AFTER: TimeDelta = TimeDelta::days(30);

/// Why an organization is not deleted.
#[derive(Debug, thiserror::Error)]
pub enum LeavingError {
    #[error("there is no such organization")]
    NotFound,
    /// The text is not the organization's name.
    #[error("the confirmation is not the organization's name")]
    NotConfirmed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes all of an organization away, some rows at a time.
#[async_trait]
pub trait Purger: Send + Sync {
    /// Deletes some rows of some table, in an order that no reference forbids; how many. None are left when it is 0.
    async fn some_rows(&self, scope: &OrgScope) -> Result<u64, StoreError>;

    /// Deletes what the global tables have of it, and the organization itself, unless it was restored. `false` when it
    /// was.
    async fn organization(&self, scope: &OrgScope) -> Result<bool, StoreError>;
}

/// Destroys the key that what an organization owns is sealed with: what a backup still has can not be read then.
#[async_trait]
pub trait PurgeKey: Send + Sync {
    async fn destroy(&self, scope: &OrgScope) -> Result<(), StoreError>;
}

/// Deletes organizations.
#[derive(Clone)]
pub struct Leaving {
    store: Arc<dyn Store>,
    purger: Arc<dyn Purger>,
    keys: Arc<dyn PurgeKey>,
    clock: Arc<dyn Clock>,
}

impl Leaving {
    pub fn new(
        store: Arc<dyn Store>,
        purger: Arc<dyn Purger>,
        keys: Arc<dyn PurgeKey>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, purger, keys, clock }
    }

    /// Records that the caller takes a copy of everything along.
    pub async fn export(&self, caller: &Authorized<Export>) -> Result<OrgScope, StoreError> {
        let tx = self.store.begin(&caller.scope()).await?;
        tx.commit(Event::new("organization.exported", json!({})).into()).await?;
        Ok(caller.scope())
    }

    /// Deletes the caller's organization. `confirmation` is its name, so that nobody does it to another one by mistake;
    /// that they signed in just now says that it is them.
    pub async fn delete(
        &self,
        caller: &RecentlySignedIn<'_, Delete>,
        confirmation: &str,
    ) -> Result<Organization, LeavingError> {
        let told = Map::from_iter([("reason".to_owned(), Value::Null)]);
        let tx = self.store.begin(&caller.scope()).await?;
        delete(tx, self.clock.as_ref(), confirmation, told).await
    }

    /// The job that makes it final. One that was restored meanwhile stays.
    pub async fn purge(&self, system: &Authorized<System>) -> Result<Outcome, JobError> {
        let scope = system.scope();
        // Whoever restores it holds the lock, and then it is not deleted any more; or waits for it, and comes too late.
        let tx = self.store.begin(&scope).await?;
        tx.organization().lock().await?;
        let Some(organization) = tx.organization().get().await? else { return Ok(Outcome::Done) };
        let now = self.clock.now();
        drop(tx);
        match organization.deleted_at {
            Some(deleted_at) if organization.status == OrganizationStatus::Deleted => {
                if now < deleted_at + PURGE_AFTER {
                    return Ok(Outcome::Again(deleted_at + PURGE_AFTER));
                }
            }
            Some(_) | None => return Ok(Outcome::Done),
        }
        // First, so that what a purge that is interrupted leaves behind can not be read any more.
        self.keys.destroy(&scope).await?;
        while self.purger.some_rows(&scope).await? > 0 {}
        if self.purger.organization(&scope).await? {
            tracing::info!(org.id = %scope.org_id(), "an organization was purged");
        }
        // Its jobs are gone with it, this one too.
        Ok(Outcome::Settled)
    }
}

/// Deletes the organization of a unit of work. The event tells what `told` has, and when it is purged.
pub(crate) async fn delete(
    tx: Box<dyn OrgTx>,
    clock: &dyn Clock,
    confirmation: &str,
    mut told: Map<String, Value>,
) -> Result<Organization, LeavingError> {
    tx.organization().lock().await?;
    let organization = tx.organization().get().await?.ok_or(LeavingError::NotFound)?;
    if organization.status == OrganizationStatus::Deleted {
        return Ok(organization);
    }
    if confirmation.trim() != organization.name {
        return Err(LeavingError::NotConfirmed);
    }
    // Why it was suspended stays, so that it is suspended again when it is restored.
    let suspended = (organization.status == OrganizationStatus::Suspended)
        .then(|| organization.status_reason.unwrap_or_default());
    tx.organization().set_status(OrganizationStatus::Deleted, suspended.as_deref()).await?;
    let organization = tx.organization().get().await?.ok_or(LeavingError::NotFound)?;
    let purge_at = organization.deleted_at.unwrap_or_else(|| clock.now()) + PURGE_AFTER;
    tx.jobs().schedule(Kind::OrganizationPurge, organization.id.uuid(), purge_at).await?;
    told.insert("purgeAt".to_owned(), json!(purge_at));
    tx.commit(Event::new("organization.deleted", told).into()).await?;
    Ok(organization)
}

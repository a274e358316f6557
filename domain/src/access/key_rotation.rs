//! Replacing keys while the service runs. It enters one organization after the other, as the service's own staff do,
//! and can be ended and begun again at any moment: what is done is found done.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::json;

use super::{Actor, OrgScope, Origin};
use crate::{
    clock::Pauses,
    events::Event,
    id::OrgId,
    secret::{DataKeyUsage, Renewed, ResealCursor, Resealed, RingKey, RingKeyState, RingKeys, SealError},
    store::{Store, StoreError},
};

/// How many rows are sealed again in one transaction: few enough that nobody waits long for it.
const ROWS_AT_ONCE: u64 = 500;

/// How long it rests between two transactions. Where the database has one writer at a time, others wait for their turn
/// by trying again, at the latest after 100 ms (SQLite's busy handler): a shorter rest would shut them out.
const REST: Duration = Duration::from_millis(120);

/// How many organizations are asked for at once.
const ORGANIZATIONS_AT_ONCE: u64 = 500;

/// Lists organizations by their ids, for work that goes through all of them.
#[async_trait]
pub trait OrganizationIds: Send + Sync {
    /// Up to `limit` ids that come after one, in their order.
    async fn after(&self, after: Option<OrgId>, limit: u64) -> Result<Vec<OrgId>, StoreError>;

    async fn count(&self) -> Result<u64, StoreError>;
}

/// What a rotation has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RotationProgress {
    /// Organizations that are finished, of so many.
    pub organizations: u64,
    pub of: u64,
    /// Data keys that were wrapped anew.
    pub rewrapped: u64,
    /// Data keys that were made.
    pub made: u64,
    /// Rows that were sealed again.
    pub rows: u64,
    /// Rows that did not open and were left as they are.
    pub failed: u64,
}

/// What the ring is used for at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// The id of the key that wraps.
    pub first: String,
    pub keys: Vec<RingKeyUsage>,
    /// Rows that are not sealed with their organization's newest data key.
    pub rows_to_seal_again: u64,
}

/// A key of the ring and what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingKeyUsage {
    pub key: RingKey,
    /// Data keys that it wraps.
    pub data_keys: u64,
}

/// Why a key is not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    #[error("there is no key {0:?}")]
    Unknown(String),
    #[error("the key {0:?} is the ring's first one, which wraps")]
    First(String),
    #[error("the key {id:?} still wraps {data_keys} data keys; run `tenantry keys rotate` first")]
    InUse { id: String, data_keys: u64 },
    /// They are stored with its pepper, which only their next use can replace.
    #[error(
        "{api_keys} API keys have not been used since the key {id:?} was replaced; wait for their use, have them \
         rotated, or revoke them with --revoke-api-keys"
    )]
    ApiKeys { id: String, api_keys: u64 },
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<StoreError> for RetireError {
    fn from(error: StoreError) -> Self {
        Self::Seal(error.into())
    }
}

/// Replaces keys in all organizations. Built where the process is put together, for commands and jobs of the
/// service's own.
#[derive(Clone)]
pub struct KeyRotation {
    store: Arc<dyn Store>,
    organizations: Arc<dyn OrganizationIds>,
    ring: Arc<dyn RingKeys>,
    pauses: Arc<dyn Pauses>,
}

impl KeyRotation {
    pub fn new(
        store: Arc<dyn Store>,
        organizations: Arc<dyn OrganizationIds>,
        ring: Arc<dyn RingKeys>,
        pauses: Arc<dyn Pauses>,
    ) -> Self {
        Self { store, organizations, ring, pauses }
    }

    /// Brings every organization under the ring's first key: its data keys are wrapped by it, it gets a new data key,
    /// and what it has sealed is sealed again with that. `tell` hears after each step how far it is.
    pub async fn rotate(
        &self,
        tell: &mut (dyn FnMut(RotationProgress) + Send),
    ) -> Result<RotationProgress, SealError> {
        let mut progress =
            RotationProgress { of: self.organizations.count().await?, ..RotationProgress::default() };
        let mut after = None;
        loop {
            let organizations = self.organizations.after(after, ORGANIZATIONS_AT_ONCE).await?;
            let Some(last) = organizations.last() else { return Ok(progress) };
            after = Some(*last);
            for org_id in organizations {
                self.rotate_one(org_id, &mut progress, tell).await?;
                progress.organizations += 1;
                tell(progress);
            }
        }
    }

    async fn rotate_one(
        &self,
        org_id: OrgId,
        progress: &mut RotationProgress,
        tell: &mut (dyn FnMut(RotationProgress) + Send),
    ) -> Result<(), SealError> {
        let scope = scope(org_id);
        let renewed = self.renew(&scope).await?;
        progress.rewrapped += renewed.rewrapped;
        progress.made += u64::from(renewed.made);
        let mut next = Some(ResealCursor::default());
        while let Some(from) = next {
            let resealed = self.reseal(&scope, from).await?;
            progress.rows += resealed.rows;
            progress.failed += resealed.failed;
            if resealed.next.is_some() && resealed.rows > 0 {
                tell(*progress);
            }
            if resealed.rows > 0 {
                self.pauses.pause(REST).await;
            }
            next = resealed.next;
        }
        Ok(())
    }

    async fn renew(&self, scope: &OrgScope) -> Result<Renewed, SealError> {
        let tx = self.store.begin(scope).await?;
        let renewed = tx.data_keys().renew().await?;
        if renewed != Renewed::default() {
            let data = json!({ "rewrapped": renewed.rewrapped, "isNew": renewed.made });
            tx.commit(Event::new("data_key.rotated", data).into()).await?;
        }
        Ok(renewed)
    }

    async fn reseal(&self, scope: &OrgScope, from: ResealCursor) -> Result<Resealed, SealError> {
        let tx = self.store.begin(scope).await?;
        let resealed = tx.data_keys().reseal(from, ROWS_AT_ONCE).await?;
        if resealed.rows > 0 {
            let data = json!({ "rows": resealed.rows });
            tx.commit(Event::new("data_key.resealed", data).into()).await?;
        }
        Ok(resealed)
    }

    /// What each key of the ring is used for.
    pub async fn status(&self) -> Result<KeyStatus, StoreError> {
        let mut keys: Vec<RingKeyUsage> =
            self.ring.list().await?.into_iter().map(|key| RingKeyUsage { key, data_keys: 0 }).collect();
        let mut rows_to_seal_again = 0;
        self.for_each_usage(&mut |usage| {
            for (age, data_key) in usage.iter().enumerate().filter(|(_, key)| !key.is_destroyed) {
                if age > 0 {
                    rows_to_seal_again += data_key.rows;
                }
                if let Some(used) = keys.iter_mut().find(|used| used.key.id == data_key.ring_key) {
                    used.data_keys += 1;
                }
            }
        })
        .await?;
        Ok(KeyStatus { first: self.ring.first(), keys, rows_to_seal_again })
    }

    /// Ends the use of a key of the ring: from then on it opens nothing, wherever it is configured. Refused while
    /// something hangs on it; API keys that do are revoked if that is wanted. Data keys that were superseded and have
    /// no rows any more are deleted.
    pub async fn retire(&self, id: &str, revokes_api_keys: bool) -> Result<(), RetireError> {
        if self.ring.first() == id {
            return Err(RetireError::First(id.to_owned()));
        }
        // First nothing new can hang on it, then it is looked whether something does.
        if !self.ring.set_state(id, RingKeyState::Retiring).await? {
            return Err(RetireError::Unknown(id.to_owned()));
        }
        if let Err(error) = self.check_unused(id, revokes_api_keys).await {
            self.ring.set_state(id, RingKeyState::Active).await?;
            return Err(error);
        }
        self.ring.set_state(id, RingKeyState::Retired).await?;
        self.forget_superseded().await?;
        Ok(())
    }

    async fn check_unused(&self, id: &str, revokes_api_keys: bool) -> Result<(), RetireError> {
        let mut data_keys = 0;
        self.for_each_usage(&mut |usage| {
            let wrapped = usage.iter().filter(|key| !key.is_destroyed && key.ring_key == id);
            data_keys += u64::try_from(wrapped.count()).unwrap_or(u64::MAX);
        })
        .await?;
        if data_keys > 0 {
            return Err(RetireError::InUse { id: id.to_owned(), data_keys });
        }
        let mut api_keys = 0;
        let mut after = None;
        loop {
            let organizations = self.organizations.after(after, ORGANIZATIONS_AT_ONCE).await?;
            let Some(last) = organizations.last() else { break };
            after = Some(*last);
            for org_id in organizations {
                let tx = self.store.begin(&scope(org_id)).await?;
                let count = tx.api_keys().count_peppered(id).await?;
                if count > 0 && revokes_api_keys {
                    tx.api_keys().revoke_peppered(id).await?;
                    let data = json!({ "apiKeys": count, "reason": "the key of their pepper was retired" });
                    tx.commit(Event::new("api_key.revoked", data).into()).await?;
                } else {
                    api_keys += count;
                }
            }
        }
        if api_keys > 0 { Err(RetireError::ApiKeys { id: id.to_owned(), api_keys }) } else { Ok(()) }
    }

    async fn for_each_usage(&self, look: &mut (dyn FnMut(&[DataKeyUsage]) + Send)) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let organizations = self.organizations.after(after, ORGANIZATIONS_AT_ONCE).await?;
            let Some(last) = organizations.last() else { return Ok(()) };
            after = Some(*last);
            for org_id in organizations {
                let tx = self.store.begin(&scope(org_id)).await?;
                look(&tx.data_keys().usage().await?);
            }
        }
    }

    async fn forget_superseded(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let organizations = self.organizations.after(after, ORGANIZATIONS_AT_ONCE).await?;
            let Some(last) = organizations.last() else { return Ok(()) };
            after = Some(*last);
            for org_id in organizations {
                let tx = self.store.begin(&scope(org_id)).await?;
                let forgotten = tx.data_keys().forget_superseded().await?;
                if forgotten > 0 {
                    tx.commit(Event::new("data_key.forgotten", json!({ "dataKeys": forgotten })).into())
                        .await?;
                }
            }
        }
    }
}

fn scope(org_id: OrgId) -> OrgScope {
    OrgScope::new(org_id, Actor::Operator, Origin::default())
}

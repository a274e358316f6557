//! Forgetting what has expired.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{access::OrgScope, jobs::Forget, store::StoreError};

use crate::{
    connections::forget_ended_devices,
    db::{Database, before_scope, epochs, jobs, onboarding, store_error},
};

/// How many rows one transaction deletes: few enough that nobody waits long behind it.
const AT_ONCE: u64 = 1_000;

#[async_trait]
impl Forget for Database {
    async fn idempotency_keys(&self, scope: &OrgScope, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let unit = self.unit(scope).await.map_err(store_error)?;
            let deleted = unit.prune_keys(now, AT_ONCE).await.map_err(store_error)?;
            unit.connection.commit().await.map_err(store_error)?;
            all += deleted;
            if deleted < AT_ONCE {
                return Ok(all);
            }
        }
    }

    async fn device_sign_ins(&self, scope: &OrgScope, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let unit = self.unit(scope).await.map_err(store_error)?;
        let deleted = forget_ended_devices(&unit, before).await.map_err(store_error)?;
        unit.connection.commit().await.map_err(store_error)?;
        Ok(deleted)
    }

    async fn epochs(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        epochs::forget(&self.global_writer(), before).await.map_err(store_error)
    }

    async fn onboarding_attempts(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        onboarding::forget_attempts(&self.global_writer(), before).await.map_err(store_error)
    }

    async fn sessions(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let connection = self.global_writer();
        let mut all = 0;
        loop {
            let deleted =
                before_scope::forget_sessions(&connection, before, AT_ONCE).await.map_err(store_error)?;
            all += deleted;
            if deleted < AT_ONCE {
                return Ok(all);
            }
        }
    }

    async fn given_up_jobs(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        jobs::forget_given_up(&self.global_writer(), before).await.map_err(store_error)
    }
}

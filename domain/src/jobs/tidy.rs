//! Forgetting what has expired and means nothing to anybody any more.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{GIVEN_UP_KEPT, Outcome};
use crate::{
    access::{Authorized, OrgScope, System},
    clock::Clock,
    connections::TOLD_FOR,
    store::StoreError,
};

/// How often each organization is tidied; the idempotency keys in it live a day.
const ORGANIZATION_EVERY: TimeDelta = TimeDelta::days(1);
const SERVICE_EVERY: TimeDelta = TimeDelta::hours(1);

/// Epochs older than this are forgotten: no cached thing lives nearly as long.
const EPOCHS_KEPT: TimeDelta = TimeDelta::days(2);

/// A browser can look at its own way through Microsoft's page for so long.
const ATTEMPTS_KEPT: TimeDelta = TimeDelta::days(1);

/// How long a session is kept after its end, so that a token of it is told from a forged one.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// Deletes what has expired. It is no change that an event would tell of: nothing that it deletes could still be asked
/// for.
#[async_trait]
pub trait Forget: Send + Sync {
    /// Deletes the organization's idempotency keys whose time is over; how many.
    async fn idempotency_keys(&self, scope: &OrgScope, now: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Deletes the organization's sign-ins on devices whose codes ended before then; how many.
    async fn device_sign_ins(&self, scope: &OrgScope, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Deletes epochs that were last advanced before then; how many.
    async fn epochs(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Deletes ways through Microsoft's page that ended before then; how many.
    async fn onboarding_attempts(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Deletes sessions that ended or ran out before then; how many.
    async fn sessions(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Deletes jobs that were given up before then; how many.
    async fn given_up_jobs(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;
}

/// The jobs that tidy.
#[derive(Clone)]
pub struct Tidy {
    forget: Arc<dyn Forget>,
    clock: Arc<dyn Clock>,
}

impl Tidy {
    pub fn new(forget: Arc<dyn Forget>, clock: Arc<dyn Clock>) -> Self {
        Self { forget, clock }
    }

    pub async fn organization(&self, system: &Authorized<System>) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        let keys = self.forget.idempotency_keys(&system.scope(), now).await?;
        let devices = self.forget.device_sign_ins(&system.scope(), now - TOLD_FOR).await?;
        tracing::debug!(keys, devices, "an organization was tidied");
        Ok(Outcome::Again(now + ORGANIZATION_EVERY))
    }

    pub async fn service(&self) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        let epochs = self.forget.epochs(now - EPOCHS_KEPT).await?;
        let jobs = self.forget.given_up_jobs(now - GIVEN_UP_KEPT).await?;
        let attempts = self.forget.onboarding_attempts(now - ATTEMPTS_KEPT).await?;
        let sessions = self.forget.sessions(now - SESSIONS_KEPT).await?;
        tracing::debug!(epochs, jobs, attempts, sessions, "the global tables were tidied");
        Ok(Outcome::Again(now + SERVICE_EVERY))
    }
}

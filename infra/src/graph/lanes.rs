//! One lane for each tenant and host: how many requests may be under way at once, and how long none may be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Requests of one tenant under way at once; others of it wait, and those of other tenants do not.
const AT_ONCE: usize = 16;
/// Downloads of one tenant at once. They may take long, so the next one is refused rather than kept waiting.
const DOWNLOADS: usize = 16;
/// Beyond so many lanes those that are not in use are forgotten.
const MANY: usize = 1024;

/// Whose lane.
type Key = (Uuid, String);

#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<Key, Arc<Lane>>>);

pub(super) struct Lane {
    requests: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    /// Microsoft throttles this tenant, and said until when.
    closed_until: Mutex<DateTime<Utc>>,
}

impl Lanes {
    pub(super) fn of(&self, tenant: Uuid, host: &str, now: DateTime<Utc>) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() > MANY {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || lane.closed_for(now).is_some());
        }
        let lane = || {
            Arc::new(Lane {
                requests: Arc::new(Semaphore::new(AT_ONCE)),
                downloads: Arc::new(Semaphore::new(DOWNLOADS)),
                closed_until: Mutex::new(DateTime::<Utc>::MIN_UTC),
            })
        };
        Arc::clone(lanes.entry((tenant, host.to_owned())).or_insert_with(lane))
    }
}

impl Lane {
    /// A place for one request; `None` when there is none in time.
    pub(super) async fn enter(&self, within: Duration) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.requests).acquire_owned();
        tokio::time::timeout(within, place).await.ok()?.ok()
    }

    /// A place for one download; `None` when all are taken.
    pub(super) fn enter_download(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.downloads).try_acquire_owned().ok()
    }

    /// For how long Microsoft wants to see no more requests of this tenant.
    pub(super) fn closed_for(&self, now: DateTime<Utc>) -> Option<Duration> {
        let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        (until - now).to_std().ok().filter(|wait| !wait.is_zero())
    }

    /// Microsoft throttles: nothing is sent for so long.
    pub(super) fn close(&self, now: DateTime<Utc>, wait: Duration) {
        let mut until = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(now + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn a_tenant_that_fills_its_lane_keeps_nobody_else_waiting() {
        let lanes = Lanes::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let lane = lanes.of(one, "graph", at(0));
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(lane.enter(Duration::ZERO).await.unwrap());
        }
        assert!(lanes.of(one, "graph", at(0)).enter(Duration::ZERO).await.is_none());
        assert!(lanes.of(other, "graph", at(0)).enter(Duration::ZERO).await.is_some());
        taken.pop();
        assert!(lane.enter(Duration::ZERO).await.is_some());
    }

    #[test]
    fn a_lane_is_closed_for_its_tenant_until_the_time_is_over() {
        let lanes = Lanes::default();
        let lane = lanes.of(Uuid::from_u128(1), "graph", at(0));
        lane.close(at(0), Duration::from_secs(30));
        lane.close(at(0), Duration::from_secs(10));
        assert_eq!(lane.closed_for(at(10)), Some(Duration::from_secs(20)));
        assert_eq!(lane.closed_for(at(30)), None);
        assert_eq!(lanes.of(Uuid::from_u128(2), "graph", at(10)).closed_for(at(10)), None);
    }

    #[test]
    fn lanes_that_nobody_uses_are_forgotten_but_not_those_that_are_closed() {
        let lanes = Lanes::default();
        let closed = lanes.of(Uuid::from_u128(0), "graph", at(0));
        closed.close(at(0), Duration::from_mins(1));
        drop(closed);
        for number in 1..=2000_u128 {
            lanes.of(Uuid::from_u128(number), "graph", at(1));
        }
        assert!(lanes.0.lock().unwrap().len() <= MANY + 1);
        assert!(lanes.of(Uuid::from_u128(0), "graph", at(1)).closed_for(at(1)).is_some());
    }
}

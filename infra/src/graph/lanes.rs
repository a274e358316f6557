//! One lane for each tenant and host: how many requests may be under way at once, and how long none may be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::graph::{GraphError, GraphReport};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Requests of one tenant under way at once; others of it wait, and those of other tenants do not.
const AT_ONCE: usize = 16;
/// Downloads of one tenant at once. They may take long, so the next one is refused rather than kept waiting.
const DOWNLOADS: usize = 16;
/// Of them those of one person, so that nobody has them all.
const DOWNLOADS_OF_ONE: usize = 4;
/// Beyond so many lanes those that are not in use are forgotten.
const MANY: usize = 1024;

/// Whose lane.
type Key = (Uuid, String);

#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<Key, Arc<Lane>>>);

pub(super) struct Lane {
    requests: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    /// How many of them each person has.
    downloading: Mutex<HashMap<Uuid, usize>>,
    closed: Mutex<Closed>,
}

/// Microsoft throttles this tenant.
struct Closed {
    /// As it said.
    until: DateTime<Utc>,
    /// The status and the code that it said so with.
    report: GraphReport,
}

/// A request's place in its lane, to be held until its answer has been read. While there is one, the lane is not
/// forgotten.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _lane: Arc<Lane>,
}

/// The place of a download, to be held until its last byte has been read.
pub(super) struct DownloadPlace {
    _permit: OwnedSemaphorePermit,
    lane: Arc<Lane>,
    person: Uuid,
}

impl Drop for DownloadPlace {
    fn drop(&mut self) {
        let mut downloading = self.lane.downloading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = downloading.get_mut(&self.person) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                downloading.remove(&self.person);
            }
        }
    }
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
                downloading: Mutex::default(),
                closed: Mutex::new(Closed {
                    until: DateTime::<Utc>::MIN_UTC,
                    report: GraphReport::default(),
                }),
            })
        };
        Arc::clone(lanes.entry((tenant, host.to_owned())).or_insert_with(lane))
    }
}

impl Lane {
    /// A place for one request; `None` when there is none in time.
    pub(super) async fn enter(self: &Arc<Self>, within: Duration) -> Option<Place> {
        let permit = Arc::clone(&self.requests).acquire_owned();
        let permit = tokio::time::timeout(within, permit).await.ok()?.ok()?;
        Some(Place { _permit: permit, _lane: Arc::clone(self) })
    }

    /// A place for one download; `None` when all are taken, or all that one person may have.
    pub(super) fn enter_download(self: &Arc<Self>, person: Uuid) -> Option<DownloadPlace> {
        let mut downloading = self.downloading.lock().unwrap_or_else(PoisonError::into_inner);
        let of_person = downloading.get(&person).copied().unwrap_or_default();
        if of_person >= DOWNLOADS_OF_ONE {
            return None;
        }
        let permit = Arc::clone(&self.downloads).try_acquire_owned().ok()?;
        downloading.insert(person, of_person + 1);
        Some(DownloadPlace { _permit: permit, lane: Arc::clone(self), person })
    }

    /// For how long Microsoft wants to see no more requests of this tenant.
    pub(super) fn closed_for(&self, now: DateTime<Utc>) -> Option<Duration> {
        let until = self.closed.lock().unwrap_or_else(PoisonError::into_inner).until;
        (until - now).to_std().ok().filter(|wait| !wait.is_zero())
    }

    /// What a request is told that would have to wait so long: what the one was told that closed the lane.
    pub(super) fn refusal(&self, wait: Duration) -> GraphError {
        let report = self.closed.lock().unwrap_or_else(PoisonError::into_inner).report.clone();
        if report.status == 429 {
            GraphError::Throttled { retry_after: wait, report }
        } else {
            GraphError::Refused { report, retry_after: Some(wait) }
        }
    }

    /// Microsoft throttles: nothing is sent for so long.
    pub(super) fn close(&self, now: DateTime<Utc>, wait: Duration, report: &GraphReport) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if now + wait > closed.until {
            // The id is that of another request.
            *closed =
                Closed { until: now + wait, report: GraphReport { request_id: None, ..report.clone() } };
        }
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
    fn nobody_has_all_downloads_of_a_tenant() {
        let lanes = Lanes::default();
        let lane = lanes.of(Uuid::from_u128(1), "graph", at(0));
        let enter = |person| lane.enter_download(Uuid::from_u128(person));
        let mut taken: Vec<_> = (0..DOWNLOADS_OF_ONE).map(|_| enter(0).unwrap()).collect();
        assert!(enter(0).is_none());
        let of_others: Vec<_> = (1..4).flat_map(|person| vec![person; DOWNLOADS_OF_ONE]).map(enter).collect();
        assert!(of_others.iter().all(Option::is_some));
        assert!(enter(4).is_none(), "all are taken");
        taken.pop();
        assert!(enter(4).is_some());
        assert!(enter(0).is_some(), "what was given back can be had again");
        drop((taken, of_others));
        assert!(lane.downloading.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_lane_with_requests_or_downloads_under_way_is_not_forgotten() {
        let lanes = Lanes::default();
        let of = |number| lanes.of(Uuid::from_u128(number), "graph", at(0));
        let download = of(0).enter_download(Uuid::from_u128(7)).unwrap();
        let request = of(1).enter(Duration::ZERO).await.unwrap();
        for number in 2..=2000 {
            of(number);
        }
        assert_eq!(of(0).downloads.available_permits(), DOWNLOADS - 1);
        assert_eq!(of(1).requests.available_permits(), AT_ONCE - 1);
        drop((download, request));
    }

    #[test]
    fn a_lane_is_closed_for_its_tenant_until_the_time_is_over() {
        let lanes = Lanes::default();
        let lane = lanes.of(Uuid::from_u128(1), "graph", at(0));
        let report = GraphReport { status: 429, ..GraphReport::default() };
        lane.close(at(0), Duration::from_secs(30), &report);
        lane.close(at(0), Duration::from_secs(10), &GraphReport { status: 503, ..report.clone() });
        assert_eq!(lane.closed_for(at(10)), Some(Duration::from_secs(20)));
        assert!(matches!(lane.refusal(Duration::from_secs(20)), GraphError::Throttled { .. }));
        assert_eq!(lane.closed_for(at(30)), None);
        assert_eq!(lanes.of(Uuid::from_u128(2), "graph", at(10)).closed_for(at(10)), None);
    }

    #[test]
    fn lanes_that_nobody_uses_are_forgotten_but_not_those_that_are_closed() {
        let lanes = Lanes::default();
        let closed = lanes.of(Uuid::from_u128(0), "graph", at(0));
        closed.close(at(0), Duration::from_mins(1), &GraphReport::default());
        drop(closed);
        for number in 1..=2000_u128 {
            lanes.of(Uuid::from_u128(number), "graph", at(1));
        }
        assert!(lanes.0.lock().unwrap().len() <= MANY + 1);
        assert!(lanes.of(Uuid::from_u128(0), "graph", at(1)).closed_for(at(1)).is_some());
    }
}

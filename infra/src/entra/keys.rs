//! The authority's issuers and signing keys, kept in memory and refreshed.
//!
//! A request reads one pointer. Whoever causes a fetch – the background task, a token with an unknown key, a request
//! when there are no keys yet – shares it with all others who want one at that time, and it goes on when they leave.

use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use domain::{access::VerificationError, clock::Clock, entropy::Entropy};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::{
    Authority,
    fetch::Limits,
    metadata::{Snapshot, fetch_snapshot},
    schedule::{Ended, Schedule, is_trusted},
    unknown_keys::UnknownKeys,
};

/// How long the background task sleeps at most. The domain's clock says what is due, so that it may be moved.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
/// What a client is told when tokens cannot be verified.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// What `/readyz` says of the signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysState {
    /// There have never been any: no token can be verified.
    NotYetFetched,
    /// The last refresh succeeded.
    Fresh { fetched_at: DateTime<Utc> },
    /// The last refresh failed; the keys of an earlier one serve, for 24 h.
    Stale { fetched_at: DateTime<Utc> },
    /// They are older than 24 h and not trusted any more: no token can be verified.
    Expired { fetched_at: DateTime<Utc> },
}

/// The keys of one authority. There is one in the process for each; [`AuthorityKeys::run_background`] must run for
/// as long as it is used.
pub struct AuthorityKeys {
    authority: Authority,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    limits: Limits,
    snapshot: ArcSwapOption<Snapshot>,
    unknown: UnknownKeys,
    state: Mutex<State>,
}

struct State {
    schedule: Schedule,
    flight: Option<Flight>,
}

/// A fetch that is under way. `None` when it failed.
#[derive(Clone)]
struct Flight {
    task: tokio::task::AbortHandle,
    result: Shared<BoxFuture<'static, Option<Arc<Snapshot>>>>,
}

impl AuthorityKeys {
    /// Fetches nothing yet. The client must follow no redirects.
    pub fn new(
        authority: Authority,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Arc<Self> {
        Self::with_limits(authority, client, clock, entropy, Limits::STANDARD)
    }

    pub(super) fn with_limits(
        authority: Authority,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: Limits,
    ) -> Arc<Self> {
        Arc::new(Self {
            authority,
            client,
            clock,
            entropy,
            limits,
            snapshot: ArcSwapOption::empty(),
            unknown: UnknownKeys::default(),
            state: Mutex::new(State { schedule: Schedule::new(), flight: None }),
        })
    }

    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether tokens can be verified. Reads memory only.
    pub fn state(&self) -> KeysState {
        let Some(snapshot) = self.snapshot.load_full() else { return KeysState::NotYetFetched };
        let fetched_at = snapshot.fetched_at;
        if !is_trusted(fetched_at, self.clock.now()) {
            KeysState::Expired { fetched_at }
        } else if self.lock().schedule.last_failed() {
            KeysState::Stale { fetched_at }
        } else {
            KeysState::Fresh { fetched_at }
        }
    }

    /// Refreshes for as long as it is polled: at once, then every 12 h, sooner after a failure.
    pub async fn run_background(self: Arc<Self>) {
        loop {
            self.refresh_if_due().await;
            let until_due = self.lock().schedule.until_due(self.clock.now());
            tokio::time::sleep(until_due.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)).await;
        }
    }

    /// One turn of the background task: fetches if a refresh is due, and returns when it has ended.
    pub async fn refresh_if_due(self: &Arc<Self>) {
        let flight = {
            let mut state = self.lock();
            state.schedule.is_due(self.clock.now()).then(|| self.join_or_start(&mut state))
        };
        if let Some(flight) = flight {
            flight.result.await;
        }
    }

    /// Whether this key is one of the authority's. Reads memory only.
    pub(super) fn trusts(&self, key_id: &str) -> bool {
        self.trusted().is_some_and(|snapshot| snapshot.keys.get(key_id).is_some())
    }

    /// What to verify with; while there is nothing, at most once a second one fetch is awaited.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<Snapshot>, VerificationError> {
        if let Some(snapshot) = self.trusted() {
            return Ok(snapshot);
        }
        let flight = {
            let mut state = self.lock();
            let is_allowed =
                state.flight_under_way().is_some() || state.schedule.take_demand(self.clock.now());
            is_allowed.then(|| self.join_or_start(&mut state))
        };
        let fetched = match flight {
            Some(flight) => flight.result.await,
            // Another request's fetch may have ended meanwhile.
            None => self.trusted(),
        };
        fetched.ok_or_else(|| self.unavailable())
    }

    /// Something newer than what a token failed with, by one refresh if one is allowed now. `unknown` is the key id
    /// that was missing. `None` when there is nothing newer.
    pub(super) async fn newer_than(
        self: &Arc<Self>,
        had: &Arc<Snapshot>,
        unknown: Option<&str>,
    ) -> Option<Arc<Snapshot>> {
        let replaced = || self.trusted().filter(|snapshot| !Arc::ptr_eq(snapshot, had));
        if let Some(newer) = replaced() {
            return Some(newer);
        }
        if unknown.is_some_and(|key_id| self.unknown.contains(key_id, self.clock.now())) {
            return None;
        }
        let Some((mut newer, was_joined)) = self.requested().await else {
            // A fetch that another request had begun may have ended just before this one could join it.
            return replaced();
        };
        let lacks = |snapshot: &Snapshot, key_id: &str| snapshot.keys.get(key_id).is_none();
        if was_joined && unknown.is_some_and(|key_id| lacks(&newer, key_id)) {
            // That fetch began before this request, perhaps before the key was published.
            newer = self.requested().await.map_or(newer, |(newest, _)| newest);
        }
        if let Some(key_id) = unknown.filter(|key_id| lacks(&newer, key_id)) {
            self.unknown.remember(key_id, self.clock.now());
        }
        Some(newer)
    }

    /// What to tell a client whose token cannot be judged now.
    pub(super) fn unavailable(&self) -> VerificationError {
        let until_due = self.lock().schedule.until_due(self.clock.now());
        VerificationError::Unavailable { retry_after: until_due.clamp(SHORTEST_SLEEP, LONGEST_RETRY_AFTER) }
    }

    /// A refresh on behalf of a request, and whether it was under way already. `None` when it failed, or none is
    /// allowed now.
    async fn requested(self: &Arc<Self>) -> Option<(Arc<Snapshot>, bool)> {
        let (flight, was_joined) = {
            let mut state = self.lock();
            let was_joined = state.flight_under_way().is_some();
            if !was_joined && !state.schedule.take_request(self.clock.now()) {
                return None;
            }
            (self.join_or_start(&mut state), was_joined)
        };
        Some((flight.result.await?, was_joined))
    }

    /// The snapshot, unless it is too old.
    fn trusted(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full().filter(|snapshot| is_trusted(snapshot.fetched_at, self.clock.now()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join_or_start(self: &Arc<Self>, state: &mut State) -> Flight {
        if let Some(flight) = state.flight_under_way() {
            return flight;
        }
        let task = tokio::spawn(Arc::clone(self).fetch());
        let flight = Flight {
            task: task.abort_handle(),
            result: task.map(Result::unwrap_or_default).boxed().shared(),
        };
        state.flight = Some(flight.clone());
        flight
    }

    async fn fetch(self: Arc<Self>) -> Option<Arc<Snapshot>> {
        let previous = self.snapshot.load_full();
        let fetched =
            fetch_snapshot(&self.client, &self.authority, self.limits, self.clock.now(), previous.clone())
                .await;
        let random = self.random();
        let now = self.clock.now();
        let mut state = self.lock();
        state.flight = None;
        match fetched {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                let ended = if snapshot.is_partial { Ended::Partial } else { Ended::Complete };
                state.schedule.note(ended, now, true, random);
                self.snapshot.store(Some(Arc::clone(&snapshot)));
                drop(state);
                self.log_change(previous.as_deref(), &snapshot);
                Some(snapshot)
            }
            Err(error) => {
                let has_keys = previous.is_some_and(|previous| is_trusted(previous.fetched_at, now));
                state.schedule.note(Ended::Failed, now, has_keys, random);
                drop(state);
                tracing::warn!(
                    authority = %self.authority,
                    has_keys,
                    error = &error as &dyn Error,
                    "the authority's signing keys cannot be refreshed"
                );
                None
            }
        }
    }

    fn log_change(&self, previous: Option<&Snapshot>, snapshot: &Snapshot) {
        let authority = &self.authority;
        let keys = snapshot.keys.len();
        if previous.is_some_and(|previous| previous.keys.is_same(&snapshot.keys)) {
            tracing::debug!(%authority, keys, "the authority's signing keys are unchanged");
        } else {
            tracing::info!(%authority, keys, "the authority's signing keys changed");
        }
    }

    fn random(&self) -> u32 {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[cfg(test)]
    pub(super) fn unknown_remembered(&self) -> usize {
        self.unknown.len()
    }
}

impl State {
    /// A fetch that has not ended. One whose task was lost with its runtime does not count.
    fn flight_under_way(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| !flight.task.is_finished())
    }
}

//! A limit that this process keeps for itself: governor, on our clock.

use std::{
    ops::Add,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::{
    clock::Clock,
    rate::{Allowance, Standing},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, Reference},
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::keyed::DashMapStateStore,
};

type Limiter = RateLimiter<u128, DashMapStateStore<u128>, Ticks, StateInformationMiddleware>;

/// One limit, for any number of keys.
pub(super) struct LocalLimit {
    limiter: Limiter,
    allowance: Allowance,
    quota: Quota,
    ticks: Ticks,
}

impl LocalLimit {
    pub(super) fn new(allowance: Allowance, clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period(allowance.interval())
            .unwrap_or_else(|| Quota::per_second(allowance.requests))
            .allow_burst(allowance.requests);
        let ticks = Ticks(Arc::new(Reading { clock, latest: AtomicU64::new(0), shift: AtomicU64::new(0) }));
        let limiter = RateLimiter::<_, _, _, StateInformationMiddleware>::new(
            quota,
            DashMapStateStore::default(),
            ticks.clone(),
        );
        Self { limiter, allowance, quota, ticks }
    }

    pub(super) fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Takes one request of a key.
    pub(super) fn take(&self, key: u128) -> Standing {
        let limit = self.quota.burst_size().get();
        let one = self.quota.replenish_interval();
        match self.limiter.check_key(&key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let reset = one * limit.saturating_sub(remaining);
                Standing { limit, remaining, reset, retry_after: None }
            }
            Err(refusal) => {
                let retry_after = Some(refusal.wait_time_from(self.ticks.now()));
                Standing { limit, remaining: 0, reset: one * limit, retry_after }
            }
        }
    }

    /// Forgets keys whose limit is full again.
    pub(super) fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    /// Whether it keeps nothing of anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.limiter.is_empty()
    }

    #[cfg(test)]
    fn keys(&self) -> usize {
        self.limiter.len()
    }
}

/// Our clock, as governor wants it.
#[derive(Clone)]
struct Ticks(Arc<Reading>);

/// The wall clock may be set back, which must not stop everybody until it has caught up: time goes on from the
/// latest reading then.
struct Reading {
    clock: Arc<dyn Clock>,
    latest: AtomicU64,
    shift: AtomicU64,
}

/// Nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(u64);

impl GovernorClock for Ticks {
    type Instant = Tick;

    fn now(&self) -> Tick {
        let Reading { clock, latest, shift } = self.0.as_ref();
        let nanoseconds =
            clock.now().timestamp_nanos_opt().and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
        let reading = nanoseconds.unwrap_or_default().saturating_add(shift.load(Ordering::Relaxed));
        let latest = latest.fetch_max(reading, Ordering::Relaxed);
        if reading < latest {
            // Two threads that see it at once both shift, which only lets a few requests more through.
            shift.fetch_add(latest - reading, Ordering::Relaxed);
        }
        Tick(reading.max(latest))
    }
}

impl Add<Nanos> for Tick {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0.saturating_add(nanos.as_u64()))
    }
}

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.as_u64()).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, sync::Mutex, time::Duration};

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    #[derive(Clone)]
    struct Hand(Arc<Mutex<DateTime<Utc>>>);

    impl Clock for Hand {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    impl Hand {
        fn turn(&self, by: TimeDelta) {
            *self.0.lock().unwrap() += by;
        }
    }

    fn limit(requests: u32, seconds: u64) -> (LocalLimit, Hand) {
        let hand = Hand(Arc::new(Mutex::new(DateTime::from_timestamp(1_767_268_800, 0).unwrap())));
        let requests = NonZeroU32::new(requests).unwrap();
        let limit = Allowance { requests, period: Duration::from_secs(seconds) };
        (LocalLimit::new(limit, Arc::new(hand.clone())), hand)
    }

    #[test]
    fn a_burst_may_come_at_once_and_one_after_its_share_of_the_period() {
        let (limit, hand) = limit(5, 10);
        let remaining: Vec<u32> = (0..5).map(|_| limit.take(1).remaining).collect();
        assert_eq!(remaining, [4, 3, 2, 1, 0]);
        let refused = limit.take(1);
        assert_eq!((refused.limit, refused.remaining), (5, 0));
        assert_eq!(refused.retry_after, Some(Duration::from_secs(2)));
        assert_eq!(limit.take(2).remaining, 4, "another key");
        hand.turn(TimeDelta::milliseconds(1999));
        assert!(limit.take(1).retry_after.is_some());
        hand.turn(TimeDelta::milliseconds(1));
        assert_eq!(limit.take(1).retry_after, None);
        assert!(limit.take(1).retry_after.is_some());
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nobody() {
        let (limit, hand) = limit(5, 10);
        limit.take(1);
        hand.turn(TimeDelta::hours(-1));
        for _ in 0..4 {
            assert_eq!(limit.take(1).retry_after, None);
        }
        assert!(limit.take(1).retry_after.is_some());
        hand.turn(TimeDelta::seconds(2));
        assert_eq!(limit.take(1).retry_after, None);
    }

    #[test]
    fn keys_are_forgotten_when_they_are_full_again() {
        let (limit, hand) = limit(5, 10);
        for key in 0..1000 {
            limit.take(key);
        }
        hand.turn(TimeDelta::seconds(3));
        limit.take(0);
        limit.forget_idle();
        assert_eq!(limit.keys(), 1000, "each is kept for its share of the period longer");
        hand.turn(TimeDelta::seconds(2));
        limit.forget_idle();
        assert_eq!(limit.keys(), 1);
        hand.turn(TimeDelta::seconds(10));
        limit.forget_idle();
        assert_eq!(limit.keys(), 0);
    }
}

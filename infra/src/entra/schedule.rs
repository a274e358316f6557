//! When the authority's documents are read again. Pure decisions over the time that is passed in; the periods are
//! those of Microsoft's own validator (Microsoft.IdentityModel, `BaseConfigurationManager`).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// From one regular refresh to the next, before jitter.
const REGULAR: TimeDelta = TimeDelta::hours(12);
/// At most this much (5 %) is added, so that many instances do not ask together.
const JITTER_SECONDS: u64 = 36 * 60;
/// Between two refreshes that requests asked for, after the first.
const REQUESTED: TimeDelta = TimeDelta::minutes(5);
/// Between two attempts that requests make while there are no keys at all.
const DEMANDED: TimeDelta = TimeDelta::seconds(1);
/// First pause after a failure, and the longest one, while keys are had.
const RETRY: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::minutes(10));
/// The same while there are none.
const RETRY_WITHOUT_KEYS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::seconds(60));
/// Keys are trusted for this long after they were fetched, whether or not the authority can be reached.
const TRUSTED: TimeDelta = TimeDelta::hours(24);

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything is as it should be.
    Complete,
    /// Keys were had, something optional was not.
    Partial,
    Failed,
}

#[derive(Debug)]
pub(super) struct Schedule {
    due_at: DateTime<Utc>,
    /// Since the last complete one.
    failures: u32,
    last: Ended,
    attempted_at: Option<DateTime<Utc>>,
    requested_at: Option<DateTime<Utc>>,
}

impl Schedule {
    /// The first refresh is due at once.
    pub(super) fn new() -> Self {
        Self {
            due_at: DateTime::<Utc>::MIN_UTC,
            failures: 0,
            last: Ended::Failed,
            attempted_at: None,
            requested_at: None,
        }
    }

    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        now >= self.due_at
    }

    /// Until the next background refresh; zero when it is due.
    pub(super) fn until_due(&self, now: DateTime<Utc>) -> Duration {
        (self.due_at - now).to_std().unwrap_or_default()
    }

    pub(super) fn last_failed(&self) -> bool {
        self.last == Ended::Failed
    }

    /// Whether a request that saw an unknown key, a wrong signature or a wrong issuer may have a refresh; if so, it
    /// counts as had.
    pub(super) fn take_request(&mut self, now: DateTime<Utc>) -> bool {
        take(&mut self.requested_at, now, REQUESTED)
    }

    /// Whether a request may try to fetch while there is nothing to verify with.
    pub(super) fn take_demand(&mut self, now: DateTime<Utc>) -> bool {
        take(&mut self.attempted_at, now, DEMANDED)
    }

    /// Plans the next refresh. `random` is uniform.
    pub(super) fn note(&mut self, ended: Ended, now: DateTime<Utc>, has_keys: bool, random: u32) {
        self.last = ended;
        self.attempted_at = Some(now);
        if ended == Ended::Complete {
            self.failures = 0;
            self.due_at = now + REGULAR + jitter(random);
            return;
        }
        let retry_at = now + back_off(self.failures, if has_keys { RETRY } else { RETRY_WITHOUT_KEYS });
        self.failures = self.failures.saturating_add(1);
        // A request's failed attempt does not put off the one that is planned.
        let is_planned = self.due_at > now && ended == Ended::Failed;
        self.due_at = if is_planned { self.due_at.min(retry_at) } else { retry_at };
    }
}

/// Whether keys of that age may still be used.
pub(super) fn is_trusted(fetched_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - fetched_at <= TRUSTED
}

/// A clock that was set back does not prolong the pause.
fn take(taken_at: &mut Option<DateTime<Utc>>, now: DateTime<Utc>, pause: TimeDelta) -> bool {
    let allowed = taken_at.is_none_or(|at| now < at || now - at >= pause);
    if allowed {
        *taken_at = Some(now);
    }
    allowed
}

fn back_off(failures: u32, (first, longest): (TimeDelta, TimeDelta)) -> TimeDelta {
    // Six doublings lead from each first pause beyond the longest.
    let doubled = first * (1 << failures.min(6));
    doubled.min(longest)
}

fn jitter(random: u32) -> TimeDelta {
    let seconds = (u64::from(random) * (JITTER_SECONDS + 1)) >> u32::BITS;
    TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_regular_refresh_is_due_after_twelve_hours_and_up_to_five_percent() {
        for (random, expected) in
            [(0, 12 * 3600), (u32::MAX / 2, 12 * 3600 + 1080), (u32::MAX, 12 * 3600 + 2160)]
        {
            let mut schedule = Schedule::new();
            assert!(schedule.is_due(at(0)));
            schedule.note(Ended::Complete, at(0), true, random);
            assert!(!schedule.is_due(at(expected - 1)));
            assert!(schedule.is_due(at(expected)));
        }
    }

    #[test]
    fn without_keys_the_pauses_grow_from_a_second_to_a_minute() {
        let mut schedule = Schedule::new();
        let mut now = at(0);
        let pauses = std::iter::repeat_with(|| {
            schedule.note(Ended::Failed, now, false, 0);
            let pause = schedule.until_due(now);
            now += pause;
            pause.as_secs()
        });
        assert_eq!(pauses.take(9).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn with_keys_the_pauses_grow_from_a_minute_to_ten() {
        let mut schedule = Schedule::new();
        schedule.note(Ended::Complete, at(0), true, 0);
        let mut now = at(13 * 3600);
        let pauses = std::iter::repeat_with(|| {
            schedule.note(Ended::Failed, now, true, 0);
            let pause = schedule.until_due(now);
            now += pause;
            pause.as_secs() / 60
        });
        assert_eq!(pauses.take(6).collect::<Vec<_>>(), [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_request_may_refresh_once_and_then_every_five_minutes() {
        let mut schedule = Schedule::new();
        assert!(schedule.take_request(at(0)));
        assert!(!schedule.take_request(at(299)));
        assert!(schedule.take_request(at(300)));
        assert!(!schedule.take_request(at(301)));
        assert!(schedule.take_request(at(0)), "the clock was set back");
    }

    #[test]
    fn a_requested_refresh_that_fails_brings_the_next_one_forward_and_never_puts_it_off() {
        let mut schedule = Schedule::new();
        schedule.note(Ended::Complete, at(0), true, 0);
        schedule.note(Ended::Failed, at(10), true, 0);
        assert_eq!(schedule.until_due(at(10)).as_secs(), 60);
        schedule.note(Ended::Failed, at(20), true, 0);
        assert_eq!(schedule.until_due(at(20)).as_secs(), 50);
    }
}

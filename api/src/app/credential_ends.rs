//! Warnings before what proves us to Entra ID ends: in `tenantry doctor`, in the log and as a gauge.
//!
//! A certificate says when it ends; of a secret nobody can ask without a permission, so it is a setting. The other ways of
//! proving who we are have no end. It is a fact of the operator's and of no organization's, so no event tells of it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;

/// How often is looked.
pub(super) const LOOK_EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// What ends, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CredentialEnd {
    pub(super) credential: &'static str,
    pub(super) at: DateTime<Utc>,
}

/// How near an end is. Each is told of once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Far,
    Month,
    Week,
    Day,
    Over,
}

impl CredentialEnd {
    pub(super) fn nearness(self, now: DateTime<Utc>) -> Nearness {
        match self.at - now {
            left if left <= TimeDelta::zero() => Nearness::Over,
            left if left <= TimeDelta::days(1) => Nearness::Day,
            left if left <= TimeDelta::days(7) => Nearness::Week,
            left if left <= TimeDelta::days(30) => Nearness::Month,
            _ => Nearness::Far,
        }
    }
}

/// Watches the ends in a process that runs.
pub(super) struct CredentialEnds {
    list: Vec<CredentialEnd>,
    clock: Arc<dyn Clock>,
    /// The nearest that was told of each.
    told: Mutex<Vec<Nearness>>,
}

impl CredentialEnds {
    pub(super) fn new(list: Vec<CredentialEnd>, clock: Arc<dyn Clock>) -> Self {
        let told = Mutex::new(vec![Nearness::Far; list.len()]);
        Self { list, clock, told }
    }

    /// Logs what has come nearer since the last look; gives it, too.
    pub(super) fn look(&self) -> Vec<CredentialEnd> {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nearer = Vec::new();
        for (end, told) in self.list.iter().zip(told.iter_mut()) {
            let nearness = end.nearness(now);
            if nearness <= *told {
                continue;
            }
            *told = nearness;
            nearer.push(*end);
            let CredentialEnd { credential, at } = *end;
            let days = (at - now).num_days();
            if nearness == Nearness::Over {
                tracing::error!(credential, ended_at = %at, "a client credential has ended: Entra ID refuses it");
            } else {
                tracing::warn!(
                    credential, ends_at = %at, days,
                    "a client credential ends soon: register a new one and configure it"
                );
            }
        }
        nearer
    }

    /// Writes how long each lasts.
    pub(super) fn write_gauges(&self) {
        let now = self.clock.now();
        for CredentialEnd { credential, at } in &self.list {
            let left = (*at - now).as_seconds_f64();
            metrics::gauge!("tenantry_client_credential_ends_in_seconds", "credential" => *credential)
                .set(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Moving(Mutex<DateTime<Utc>>);

    impl Clock for Moving {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn each_threshold_is_told_of_once() {
        let start = DateTime::UNIX_EPOCH;
        let clock = Arc::new(Moving(Mutex::new(start)));
        let end = CredentialEnd { credential: "secret", at: start + TimeDelta::days(60) };
        let other = CredentialEnd { credential: "certificate", at: start + TimeDelta::days(9_000) };
        let ends = CredentialEnds::new(vec![end, other], Arc::clone(&clock) as _);
        let mut told = Vec::new();
        for day in 0..70 {
            *clock.0.lock().unwrap() = start + TimeDelta::days(day);
            for _ in 0..3 {
                told.extend(ends.look().into_iter().map(|end| (end.credential, 60 - day)));
            }
        }
        assert_eq!(told, [("secret", 30), ("secret", 7), ("secret", 1), ("secret", 0)]);
    }

    #[test]
    fn a_process_that_starts_late_tells_of_the_nearest_alone() {
        let now = DateTime::UNIX_EPOCH;
        let clock = Arc::new(Moving(Mutex::new(now)));
        let end = CredentialEnd { credential: "secret", at: now + TimeDelta::hours(5) };
        let ends = CredentialEnds::new(vec![end], clock);
        assert_eq!(ends.look(), [end]);
        assert!(ends.look().is_empty());
    }
}

//! An authority that does not answer is left alone for a while, so that what waits for it does not wait in vain.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// After so many failures in a row it is left alone.
const FAILURES: u32 = 5;
/// For so long; then one request tries.
const OPEN_FOR: TimeDelta = TimeDelta::seconds(15);

/// Counts failures of one authority that say nothing but that it does not answer.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Whether it may be asked; otherwise how long not. After the pause one may try, and the others wait another one.
    pub(super) fn may_ask(&self, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = state.open_until else { return Ok(()) };
        if until > now {
            return Err((until - now).to_std().unwrap_or_default());
        }
        state.open_until = Some(now + OPEN_FOR);
        Ok(())
    }

    /// It answered, whatever it said.
    pub(super) fn answered(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open_until.is_some() {
            tracing::info!("the authority answers again");
        }
        *state = State::default();
    }

    /// It did not.
    pub(super) fn failed(&self, now: DateTime<Utc>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            if state.open_until.is_none() {
                tracing::warn!("the authority does not answer and is left alone for a while");
            }
            state.open_until = Some(now + OPEN_FOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_lets_one_try_and_closes_with_an_answer() {
        let (breaker, start) = (Breaker::default(), DateTime::UNIX_EPOCH);
        for _ in 1..FAILURES {
            breaker.failed(start);
        }
        breaker.answered();
        for _ in 1..FAILURES {
            breaker.failed(start);
        }
        assert_eq!(breaker.may_ask(start), Ok(()), "four in a row");
        breaker.failed(start);
        assert_eq!(breaker.may_ask(start), Err(Duration::from_secs(15)));
        let later = start + OPEN_FOR;
        assert_eq!(breaker.may_ask(later), Ok(()), "one tries");
        assert!(breaker.may_ask(later).is_err(), "and one only");
        breaker.answered();
        assert_eq!(breaker.may_ask(later), Ok(()));
    }
}

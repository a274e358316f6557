//! The emulator's clock: the one it was given, moved by what tests asked for.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use crate::world::lock;

/// Where the time comes from, before anybody moved it.
pub type TimeSource = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The system's clock, for the binary and for tests that do not care.
pub fn system_time() -> TimeSource {
    Arc::new(system_now)
}

/// The real time. Also judges TLS certificates, which clients compare with *their* clock.
#[expect(clippy::disallowed_methods, reason = "the one place where the emulator reads the system's clock")]
pub(crate) fn system_now() -> DateTime<Utc> {
    Utc::now()
}

/// A clock that keeps running from wherever it was set.
pub(crate) struct Clock {
    source: TimeSource,
    offset: Mutex<TimeDelta>,
}

impl Clock {
    pub(crate) fn new(source: TimeSource) -> Self {
        Self { source, offset: Mutex::new(TimeDelta::zero()) }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let base = (self.source)();
        base.checked_add_signed(*lock(&self.offset)).unwrap_or(base)
    }

    /// Moves the clock to `now`, from where it runs on.
    pub(crate) fn set(&self, now: DateTime<Utc>) {
        *lock(&self.offset) = now - (self.source)();
    }

    /// Moves the clock by `by`; false when that lies outside of what a date can be.
    pub(crate) fn advance(&self, by: TimeDelta) -> bool {
        let mut offset = lock(&self.offset);
        let Some(moved) = offset.checked_add(&by) else { return false };
        if (self.source)().checked_add_signed(moved).is_none() {
            return false;
        }
        *offset = moved;
        true
    }

    pub(crate) fn reset(&self) {
        *lock(&self.offset) = TimeDelta::zero();
    }
}

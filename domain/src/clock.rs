//! The time, as a port, so that tests can move it.

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment in UTC, cut to whole microseconds: PostgreSQL keeps no more, and a value that has been
    /// stored must equal the value that was given.
    fn now(&self) -> DateTime<Utc>;
}

/// Cuts a moment to whole microseconds. Every [`Clock`] passes its readings through this.
pub fn to_microseconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    let excess = i64::from(moment.timestamp_subsec_nanos() % 1_000);
    moment - TimeDelta::nanoseconds(excess)
}

/// Lets time pass, as a port, so that tests need not wait.
#[async_trait::async_trait]
pub trait Pauses: Send + Sync {
    /// Comes back after so much time.
    async fn pause(&self, length: std::time::Duration);
}

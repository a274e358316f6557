//! The wall clock.

use chrono::{DateTime, Utc};
use domain::clock::{Clock, to_microseconds};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
        to_microseconds(Utc::now())
    }
}

//! The wall clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::clock::{Clock, Pauses, to_microseconds};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
        to_microseconds(Utc::now())
    }
}

#[async_trait]
impl Pauses for SystemClock {
    async fn pause(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

//! Time and randomness that a test decides.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    clock::{Clock, Pauses},
    entropy::Entropy,
};

/// A clock that stands still but for one microsecond at each reading, so that what is made one after the other has
/// an order.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    pub fn new() -> Self {
        let start = DateTime::from_timestamp(1_767_268_800, 0).expect("noon of 1 January 2026");
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves time on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("no test panics while it holds the clock") += by;
    }

    /// The moment that the next reading gives, without moving.
    pub fn peek(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics while it holds the clock")
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let mut now = self.0.lock().expect("no test panics while it holds the clock");
        *now += TimeDelta::microseconds(1);
        *now
    }
}

/// Pauses that are over at once: the clock is moved on instead. They are written down.
#[derive(Clone)]
pub struct TestPauses {
    clock: TestClock,
    taken: Arc<Mutex<Vec<Duration>>>,
}

impl TestPauses {
    pub fn new(clock: &TestClock) -> Self {
        Self { clock: clock.clone(), taken: Arc::default() }
    }

    /// The pauses since it was asked last.
    pub fn taken(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.taken.lock().expect("no test panics while it holds the pauses"))
    }
}

#[async_trait]
impl Pauses for TestPauses {
    async fn pause(&self, length: Duration) {
        self.clock.advance(TimeDelta::from_std(length).expect("a pause is short"));
        self.taken.lock().expect("no test panics while it holds the pauses").push(length);
    }
}

/// Bytes that are the same in each run (the `SplitMix64` generator).
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            chunk.copy_from_slice(
                z.to_le_bytes().get(..chunk.len()).expect("a chunk has at most eight bytes"),
            );
        }
    }
}

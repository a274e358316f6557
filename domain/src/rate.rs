//! How often somebody may do something, and the port to those who count for several processes at once.

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;

/// So many in a period, and as many at once: after that one each `period / requests` (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub requests: NonZeroU32,
    pub period: Duration,
}

impl Allowance {
    /// The time that one request takes up.
    pub fn interval(&self) -> Duration {
        self.period / self.requests.get()
    }
}

/// What is left of an allowance for one key, after a request was taken from it or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many requests may come at once.
    pub limit: u32,
    /// How many may come now.
    pub remaining: u32,
    /// When all of them may come again.
    pub reset: Duration,
    /// When one may come again; `None` where this one may.
    pub retry_after: Option<Duration>,
}

/// One request, to be taken from the allowance of a key.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// Means the same in every process.
    pub key: &'a str,
    pub allowance: Allowance,
}

/// Nobody counts for all processes at the moment; count for yourself.
#[derive(Debug, thiserror::Error)]
#[error("the shared rate limits cannot be reached")]
pub struct SharedRatesUnavailable;

/// Counts for several processes.
#[async_trait]
pub trait SharedRates: Send + Sync {
    /// Takes a request from each, in order, up to the first that is refused, whose standing is the last then. It
    /// answers within a time that a request can wait, or fails.
    async fn take(&self, draws: &[Draw<'_>]) -> Result<Vec<Standing>, SharedRatesUnavailable>;
}

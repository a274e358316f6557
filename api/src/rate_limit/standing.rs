//! What is left of a limit.

use std::time::Duration;

/// What is left of a limit for one key, after a request was taken from it or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many requests may come at once.
    pub limit: u32,
    /// How many may come now.
    pub remaining: u32,
    /// When all of them may come again.
    pub reset: Duration,
    /// When one may come again; `None` where this one may.
    pub retry_after: Option<Duration>,
}

impl Standing {
    /// How near it is to a refusal: the smaller, the nearer.
    pub(super) fn share_left(&self) -> f64 {
        if self.retry_after.is_some() {
            return -1.0;
        }
        f64::from(self.remaining) / f64::from(self.limit.max(1))
    }
}

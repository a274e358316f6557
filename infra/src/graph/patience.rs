//! How long to wait for Microsoft, and how often to ask again. Pure decisions.

use std::time::Duration;

pub(super) use crate::http::retry_after;

/// How often one request is sent at the most.
const ATTEMPTS: u32 = 4;
/// How long a request waits at the most, all its pauses together.
const BUDGET: Duration = Duration::from_secs(8);
/// The first pause when Microsoft names none; each one after it is twice as long.
const FIRST: Duration = Duration::from_millis(300);
/// What is told to the client when Microsoft names no time.
pub(super) const UNNAMED: Duration = Duration::from_secs(5);

/// The waiting of one request.
#[derive(Debug)]
pub(super) struct Patience {
    attempts: u32,
    left: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { attempts: 1, left: BUDGET }
    }

    /// The pause before the next attempt; `None` when there is to be none. Never shorter than what Microsoft names:
    /// what is sent before that counts against the quota (Microsoft Graph, "Throttling guidance"). `random` is
    /// uniform.
    pub(super) fn pause(&mut self, named: Option<Duration>, random: u32) -> Option<Duration> {
        if self.attempts >= ATTEMPTS {
            return None;
        }
        let doubled = FIRST * 2_u32.pow(self.attempts - 1);
        let jitter = |most: Duration| most.mul_f64(f64::from(random) / f64::from(u32::MAX));
        let pause = match named {
            Some(named) => named.saturating_add(jitter(FIRST)),
            None => doubled / 2 + jitter(doubled / 2),
        };
        if pause > self.left {
            return None;
        }
        self.attempts += 1;
        self.left -= pause;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_microsoft_names_is_waited_for_and_a_little_more() {
        let mut patience = Patience::new();
        assert_eq!(patience.pause(Some(Duration::from_secs(2)), 0), Some(Duration::from_secs(2)));
        assert_eq!(patience.pause(Some(Duration::from_secs(2)), u32::MAX), Some(Duration::from_millis(2300)));
        assert_eq!(patience.pause(Some(Duration::from_secs(4)), 0), None, "the budget is 8 seconds");
        assert_eq!(Patience::new().pause(Some(Duration::from_secs(9)), 0), None);
    }

    #[test]
    fn without_a_name_the_pauses_double_and_end() {
        for (random, expected) in [(0, [150, 300, 600]), (u32::MAX, [300, 600, 1200])] {
            let mut patience = Patience::new();
            for milliseconds in expected {
                assert_eq!(patience.pause(None, random), Some(Duration::from_millis(milliseconds)));
            }
            assert_eq!(patience.pause(None, random), None);
        }
    }
}

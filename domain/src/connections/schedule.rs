//! When tokens are refreshed before anybody asks.

use chrono::{DateTime, TimeDelta, Utc};

use super::StoredToken;

/// How long after its last use a token is kept fresh.
const IN_USE_FOR: TimeDelta = TimeDelta::hours(24);
/// How often a connection that nobody uses is refreshed, so that the 90 days after which Entra ID forgets a refresh token
/// never begin to count.
const KEEP_ALIVE: TimeDelta = TimeDelta::hours(24);
/// The part of a wait that jitter may take away, so that what began together does not stay together.
const JITTER: i32 = 10;

/// How tokens are kept fresh.
#[derive(Clone, Copy, Debug)]
pub struct RefreshPolicy {
    /// The age at which a token in use is refreshed, unless Microsoft says when (`REFRESH_CYCLE`).
    pub cycle: TimeDelta,
    /// What every token that is handed out has left, at least (`TOKEN_REFRESH_BUFFER`).
    pub buffer: TimeDelta,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { cycle: TimeDelta::minutes(45), buffer: TimeDelta::minutes(5) }
    }
}

impl RefreshPolicy {
    /// From when on a token that was issued now is to be replaced: when Microsoft says, else after the cycle, minus
    /// jitter; always before it has only the buffer left. One that lives shorter than two buffers is replaced half-way.
    pub fn refresh_at(
        &self,
        issued_at: DateTime<Utc>,
        lasts: TimeDelta,
        refresh_in: Option<TimeDelta>,
        jitter: u32,
    ) -> DateTime<Utc> {
        let latest = if lasts > self.buffer * 2 { lasts - self.buffer } else { lasts / 2 };
        let told = refresh_in.filter(|wait| *wait > TimeDelta::zero() && *wait < lasts);
        let wait = less_jitter(told.unwrap_or(self.cycle).min(latest), jitter);
        issued_at + wait
    }

    /// The tokens to refresh now, by their resources.
    pub fn due<'a>(
        &self,
        tokens: &'a [StoredToken],
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = &'a StoredToken> {
        tokens.iter().filter(move |token| is_in_use(token, now) && token.refresh_at <= now)
    }

    /// When the connection is due next.
    pub fn next(
        &self,
        tokens: impl Iterator<Item = (DateTime<Utc>, Option<DateTime<Utc>>)>,
        refreshed_at: DateTime<Utc>,
        now: DateTime<Utc>,
        jitter: u32,
    ) -> DateTime<Utc> {
        let keep_alive = refreshed_at + less_jitter(KEEP_ALIVE, jitter);
        tokens
            .filter(|(_, used_at)| used_at.is_some_and(|used_at| now - used_at < IN_USE_FOR))
            .map(|(refresh_at, _)| refresh_at)
            .fold(keep_alive, std::cmp::min)
            .max(now)
    }

    /// Whether a connection that nobody uses is to be refreshed now.
    pub fn is_keep_alive_due(&self, refreshed_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now - refreshed_at >= KEEP_ALIVE - KEEP_ALIVE / JITTER
    }

    /// When a connection that does not work is looked at again: daily, in case somebody mended it at Microsoft.
    pub fn probe_at(&self, now: DateTime<Utc>, jitter: u32) -> DateTime<Utc> {
        now + less_jitter(KEEP_ALIVE, jitter)
    }
}

fn is_in_use(token: &StoredToken, now: DateTime<Utc>) -> bool {
    token.used_at.is_some_and(|used_at| now - used_at < IN_USE_FOR)
}

/// Between nine tenths and all of a wait.
fn less_jitter(wait: TimeDelta, jitter: u32) -> TimeDelta {
    let most = wait.num_milliseconds() / i64::from(JITTER);
    wait - TimeDelta::milliseconds(i64::from(jitter) * most / i64::from(u32::MAX))
}

/// The longest pause is two minutes: while the authority does not answer at all, it is left alone for all connections
/// together.
const MOST_DOUBLINGS: u32 = 6;

/// How long Microsoft is left alone after failures in a row that say nothing about the connection.
pub(super) fn back_off(failures: i64, jitter: u32) -> TimeDelta {
    let doublings = u32::try_from(failures).unwrap_or(MOST_DOUBLINGS).min(MOST_DOUBLINGS);
    let whole = 2_000_i64 << doublings;
    TimeDelta::milliseconds(whole / 2 + i64::from(jitter) * (whole / 2) / i64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn wait(lasts: i64, refresh_in: Option<i64>, jitter: u32) -> i64 {
        let (lasts, refresh_in) = (TimeDelta::minutes(lasts), refresh_in.map(TimeDelta::minutes));
        (RefreshPolicy::default().refresh_at(START, lasts, refresh_in, jitter) - START).num_seconds()
    }

    #[test]
    fn a_token_is_refreshed_after_the_cycle_or_when_microsoft_says_and_before_its_end() {
        assert_eq!(wait(75, None, 0), 45 * 60);
        assert_eq!(wait(75, None, u32::MAX), 45 * 54);
        assert_eq!(wait(24 * 60, Some(12 * 60), 0), 12 * 60 * 60);
        assert_eq!(wait(40, None, 0), 35 * 60, "five minutes before its end");
        assert_eq!(wait(60, Some(90), 0), 45 * 60, "what Microsoft says makes no sense");
        assert_eq!(wait(8, None, 0), 4 * 60, "shorter than two buffers");
        for jitter in [0, 1, u32::MAX / 2, u32::MAX] {
            assert!(wait(75, Some(74), jitter) <= 70 * 60, "always before the buffer");
        }
    }

    #[test]
    fn only_what_is_used_is_kept_fresh_and_the_rest_is_kept_alive() {
        let policy = RefreshPolicy::default();
        let now = START + TimeDelta::hours(100);
        let next = |used_at: Option<TimeDelta>| {
            let tokens = [(now + TimeDelta::minutes(30), used_at.map(|ago| now - ago))];
            policy.next(tokens.into_iter(), now, now, 0) - now
        };
        assert_eq!(next(Some(TimeDelta::hours(1))), TimeDelta::minutes(30));
        assert_eq!(next(Some(TimeDelta::hours(25))), TimeDelta::hours(24));
        assert_eq!(next(None), TimeDelta::hours(24));
        assert!(policy.is_keep_alive_due(now - TimeDelta::hours(22), now));
        assert!(!policy.is_keep_alive_due(now - TimeDelta::hours(20), now));
        let late = policy.next(std::iter::empty(), now - TimeDelta::hours(48), now, 0);
        assert_eq!(late, now, "never in the past");
    }

    #[test]
    fn pauses_grow_and_end_somewhere() {
        assert_eq!(back_off(0, u32::MAX), TimeDelta::seconds(2));
        assert_eq!(back_off(0, 0), TimeDelta::seconds(1));
        assert_eq!(back_off(3, u32::MAX), TimeDelta::seconds(16));
        assert_eq!(back_off(i64::MAX, u32::MAX), TimeDelta::seconds(128));
    }
}

//! How long to wait for Microsoft, and how often to ask again. Pure decisions.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often one request is sent at the most.
const ATTEMPTS: u32 = 4;
/// How long a request waits at the most, all its pauses together.
const BUDGET: Duration = Duration::from_secs(8);
/// The first pause when Microsoft names none; each one after it is twice as long.
const FIRST: Duration = Duration::from_millis(300);
/// What is told to the client when Microsoft names no time.
pub(super) const UNNAMED: Duration = Duration::from_secs(5);
/// What says that it takes longer is not believed.
const LONGEST: Duration = Duration::from_hours(24);

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

/// `Retry-After`: seconds, seconds with a fraction (which Microsoft sends too), or a date (RFC 9110 §10.2.3).
/// `None` when there is none, or what it says means nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| until(text, now)).map(|wait| wait.min(LONGEST))
}

fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // More digits than a number has are a long time.
    let whole = whole.parse().unwrap_or(LONGEST.as_secs());
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Duration::new(whole, nanos.parse().ok()?))
}

/// The three forms of dates that a recipient must know (RFC 9110 §5.6.7). What is past is now.
fn until(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let date = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some((date.and_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn read(text: &'static str) -> Option<f64> {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:30Z").unwrap().to_utc();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        retry_after(&headers, now).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn seconds_decimals_and_dates_are_read() {
        for (text, expected) in [
            ("120", 120.0),
            ("0", 0.0),
            (" 7 ", 7.0),
            ("1.5", 1.5),
            ("0.25", 0.25),
            ("2.0000000001", 2.0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 7.0),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 7.0),
            ("Sun Nov  6 08:49:37 1994", 7.0),
            ("Sun, 06 Nov 1994 08:49:29 GMT", 0.0),
            ("99999999999999999999999999", 86400.0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in ["", "soon", "-5", "1e9", "inf", "NaN", "1.", ".5", "1,5", "+3", "Sun, 06 Nov"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

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

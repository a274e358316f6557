//! The clients for what goes outward.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::entropy::Entropy;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What all of them have in common: no redirects, so that secrets are never sent to where a response points, and few
/// idle connections.
fn builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "these are the clients that everything else takes")]
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_mins(1))
        .user_agent(concat!("Tenantry/", env!("CARGO_PKG_VERSION")))
}

/// A client that follows no redirects, gives up in time and keeps few idle connections.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().timeout(Duration::from_secs(30)).build()
}

/// A client for what is on this machine or beside it, which no proxy leads to.
pub(crate) fn direct() -> Result<reqwest::Client, reqwest::Error> {
    builder().no_proxy().timeout(Duration::from_secs(30)).build()
}

/// A client for Microsoft 365, which wants to know who calls ("How to decorate your http traffic", SharePoint). It has
/// no time-out for the whole of a response, which may be a large file; whoever uses it sets one, or watches the pieces.
pub(crate) fn microsoft_365() -> Result<reqwest::Client, reqwest::Error> {
    const USER_AGENT: &str = concat!(
        "ISV|Tenantry|Tenantry/",
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    builder().user_agent(USER_AGENT).build()
}

/// All of a body; `None` where it has more than so many bytes, the rest of which is not read.
pub(crate) async fn body(
    response: &mut reqwest::Response,
    most: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// Between one and two times as long, so that those who failed together do not come back together.
pub(crate) fn jittered(wait: Duration, entropy: &dyn Entropy) -> Duration {
    let mut byte = [0_u8; 1];
    entropy.fill(&mut byte);
    wait + wait * u32::from(byte[0]) / 255
}

/// What says that it takes longer is not believed.
const LONGEST: Duration = Duration::from_hours(24);

/// `Retry-After`: seconds, seconds with a fraction (which Microsoft sends too), or a date (RFC 9110 §10.2.3).
/// `None` when there is none, or what it says means nothing.
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
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
}

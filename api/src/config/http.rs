//! HTTP: which pages of other origins may call, and how often anybody may.

use std::{num::NonZeroU32, time::Duration};

use domain::rate::Allowance;

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static CORS_ORIGINS: Setting = Setting::new("CORS_ORIGINS", "http.cors_origins").list();
static RATE_LIMIT_ADDRESS: Setting = Setting::new("RATE_LIMIT_ADDRESS", "http.rate_limit_address");
static RATE_LIMIT_PRINCIPAL: Setting = Setting::new("RATE_LIMIT_PRINCIPAL", "http.rate_limit_principal");
static RATE_LIMIT_ORGANIZATION: Setting =
    Setting::new("RATE_LIMIT_ORGANIZATION", "http.rate_limit_organization");

static RATE_LIMIT_AUTH: Setting = Setting::new("RATE_LIMIT_AUTH", "http.rate_limit_auth");

pub(super) static SETTINGS: &[&Setting] =
    &[&CORS_ORIGINS, &RATE_LIMIT_ADDRESS, &RATE_LIMIT_PRINCIPAL, &RATE_LIMIT_ORGANIZATION, &RATE_LIMIT_AUTH];

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Origins as browsers send them: no default port, no slash at the end.
    pub cors_origins: Vec<String>,
    /// For each client address; `None` for no limit.
    pub rate_limit_address: Option<Allowance>,
    pub rate_limit_principal: Option<Allowance>,
    pub rate_limit_organization: Option<Allowance>,
    /// For sensitive operations: by client address, by account, and by session.
    pub rate_limit_auth: Option<Allowance>,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut limit = |setting, requests, period| {
            let default = NonZeroU32::new(requests).map(|requests| Allowance { requests, period });
            reader.value(setting, rate_limit).unwrap_or(default)
        };
        let rate_limit_address = limit(&RATE_LIMIT_ADDRESS, 1000, TEN_SECONDS);
        let rate_limit_principal = limit(&RATE_LIMIT_PRINCIPAL, 600, TEN_SECONDS);
        let rate_limit_organization = limit(&RATE_LIMIT_ORGANIZATION, 5000, TEN_SECONDS);
        let rate_limit_auth = limit(&RATE_LIMIT_AUTH, 20, Duration::from_mins(15));
        let cors_origins = reader.list(&CORS_ORIGINS, cors_origin).unwrap_or_default();
        Self {
            cors_origins,
            rate_limit_address,
            rate_limit_principal,
            rate_limit_organization,
            rate_limit_auth,
        }
    }
}

fn cors_origin(text: &str) -> Parsed<String> {
    if text == "*" {
        return Err("would let every site call with its visitors' sign-in; list the origins");
    }
    parse::origin(text).map(|url| url.origin().ascii_serialization())
}

/// `1000/10s`, or `off`.
fn rate_limit(text: &str) -> Parsed<Option<Allowance>> {
    const REFUSAL: &str = "is not a limit; give requests and a period, such as 1000/10s, or off";
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let (requests, period) = text.split_once('/').ok_or(REFUSAL)?;
    let requests: NonZeroU32 = requests.trim().parse().map_err(|_| REFUSAL)?;
    let period = parse::duration(period.trim()).map_err(|_| REFUSAL)?;
    let a_day = Duration::from_hours(24);
    if period.is_zero() || period > a_day || period / requests.get() == Duration::ZERO {
        return Err("has a period that is too short or longer than a day; give one such as 1000/10s");
    }
    Ok(Some(Allowance { requests, period }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    fn limit(requests: u32, period: Duration) -> Option<Allowance> {
        NonZeroU32::new(requests).map(|requests| Allowance { requests, period })
    }

    #[test]
    fn without_a_word_no_other_origin_may_call_and_there_are_limits() {
        let http = loaded(&[]).http;
        assert!(http.cors_origins.is_empty());
        assert_eq!(http.rate_limit_address, limit(1000, Duration::from_secs(10)));
        assert_eq!(http.rate_limit_principal, limit(600, Duration::from_secs(10)));
        assert_eq!(http.rate_limit_organization, limit(5000, Duration::from_secs(10)));
        assert_eq!(http.rate_limit_auth, limit(20, Duration::from_mins(15)));
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        let http = loaded(&[("CORS_ORIGINS", "https://App.Example.com:443/, http://localhost:5173")]).http;
        assert_eq!(http.cors_origins, ["https://app.example.com", "http://localhost:5173"]);
    }

    #[test]
    fn a_limit_may_be_off() {
        let http = loaded(&[("RATE_LIMIT_ADDRESS", "off"), ("RATE_LIMIT_PRINCIPAL", "5/1m")]).http;
        assert_eq!(http.rate_limit_address, None);
        assert_eq!(http.rate_limit_principal, limit(5, Duration::from_mins(1)));
    }

    #[test]
    fn each_bad_value_is_named_with_its_fix() {
        let problems = refused(&[
            ("CORS_ORIGINS", "*, https://a.example/app, http://a.example"),
            ("RATE_LIMIT_ADDRESS", "1000"),
            ("RATE_LIMIT_PRINCIPAL", "0/10s"),
            ("RATE_LIMIT_ORGANIZATION", "10/2d"),
        ]);
        let expected = r#"RATE_LIMIT_ADDRESS: "1000" is not a limit; give requests and a period, such as 1000/10s, or off
RATE_LIMIT_PRINCIPAL: "0/10s" is not a limit; give requests and a period, such as 1000/10s, or off
RATE_LIMIT_ORGANIZATION: "10/2d" has a period that is too short or longer than a day; give one such as 1000/10s
CORS_ORIGINS: "*" would let every site call with its visitors' sign-in; list the origins
CORS_ORIGINS: "https://a.example/app" has more than scheme, host and port; leave the rest out
CORS_ORIGINS: "http://a.example" is http, which is for loopback hosts only; give an https URL"#;
        assert_eq!(problems, expected);
    }
}

//! Signing in: how long sessions last, and how often they are checked.

use std::time::Duration;

use domain::access::{SessionCheck, SessionPolicy};

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static ACCESS_TOKEN_TTL: Setting = Setting::new("ACCESS_TOKEN_TTL", "identity.access_token_ttl");
static REFRESH_TOKEN_TTL: Setting = Setting::new("REFRESH_TOKEN_TTL", "identity.refresh_token_ttl");
static SESSION_CHECK: Setting = Setting::new("SESSION_CHECK", "identity.session_check");

static RECENT_SIGN_IN: Setting = Setting::new("RECENT_SIGN_IN", "identity.recent_sign_in");

pub(super) static SETTINGS: &[&Setting] =
    &[&ACCESS_TOKEN_TTL, &REFRESH_TOKEN_TTL, &SESSION_CHECK, &RECENT_SIGN_IN];

const ACCESS: Duration = Duration::from_mins(15);
const REFRESH: Duration = Duration::from_hours(7 * 24);
const RECENT: Duration = Duration::from_mins(15);
const MOST_RECENT: Duration = Duration::from_hours(24);
const LEAST: Duration = Duration::from_mins(1);
const MOST_ACCESS: Duration = Duration::from_hours(24);
const MOST_REFRESH: Duration = Duration::from_hours(365 * 24);

/// `[identity]`.
#[derive(Clone, Copy, Debug)]
pub struct IdentityConfig {
    pub session: SessionPolicy,
    /// How long a sign-in counts as recent, for what cannot be taken back.
    pub recent_sign_in: Duration,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        let check = SessionCheck::default();
        let session = SessionPolicy { access_lasts: ACCESS, refresh_lasts: REFRESH, check };
        Self { session, recent_sign_in: RECENT }
    }
}

impl IdentityConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let access_lasts = reader.value(&ACCESS_TOKEN_TTL, access_lasts).unwrap_or(ACCESS);
        let refresh_lasts = reader.value(&REFRESH_TOKEN_TTL, refresh_lasts).unwrap_or(REFRESH);
        if refresh_lasts <= access_lasts
            && !reader.failed(&ACCESS_TOKEN_TTL)
            && !reader.failed(&REFRESH_TOKEN_TTL)
        {
            reader.problem(
                &REFRESH_TOKEN_TTL,
                "is not longer than ACCESS_TOKEN_TTL, so no session could be refreshed; give a longer one",
            );
        }
        let check = reader.value(&SESSION_CHECK, session_check).unwrap_or_default();
        if check != SessionCheck::EveryCall {
            reader.warn(
                "SESSION_CHECK: a session that is ended goes on for a while; every-call, the default, costs no query",
            );
        }
        let recent_sign_in = reader.value(&RECENT_SIGN_IN, recent_sign_in).unwrap_or(RECENT);
        Self { session: SessionPolicy { access_lasts, refresh_lasts, check }, recent_sign_in }
    }
}

fn access_lasts(text: &str) -> Parsed<Duration> {
    parse::duration(text)
        .ok()
        .filter(|lasts| (LEAST..=MOST_ACCESS).contains(lasts))
        .ok_or("is not a duration from 1m to 24h; give one such as 15m")
}

fn refresh_lasts(text: &str) -> Parsed<Duration> {
    parse::duration(text)
        .ok()
        .filter(|lasts| (LEAST..=MOST_REFRESH).contains(lasts))
        .ok_or("is not a duration from 1m to 365d; give one such as 7d")
}

fn recent_sign_in(text: &str) -> Parsed<Duration> {
    parse::duration(text)
        .ok()
        .filter(|within| (LEAST..=MOST_RECENT).contains(within))
        .ok_or("is not a duration from 1m to 24h; give one such as 15m")
}

fn session_check(text: &str) -> Parsed<SessionCheck> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Ok(SessionCheck::None),
        "on-refresh" => Ok(SessionCheck::OnRefresh),
        "every-call" => Ok(SessionCheck::EveryCall),
        _ => Err("is not known; give every-call, on-refresh or none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    #[test]
    fn a_session_lasts_a_week_and_is_checked_with_every_call_unless_something_else_is_said() {
        let session = loaded(&[]).identity.session;
        assert_eq!((session.access_lasts, session.refresh_lasts), (ACCESS, REFRESH));
        assert_eq!(session.check, SessionCheck::EveryCall);
        assert_eq!(loaded(&[]).identity.recent_sign_in, RECENT);
        let config =
            loaded(&[("ACCESS_TOKEN_TTL", "5m"), ("SESSION_CHECK", "on-refresh"), ("RECENT_SIGN_IN", "5m")]);
        assert_eq!(config.identity.recent_sign_in, Duration::from_mins(5));
        assert_eq!(config.identity.session.access_lasts, Duration::from_mins(5));
        assert!(config.warnings.iter().any(|warning| warning.starts_with("SESSION_CHECK")));
    }

    #[test]
    fn each_bad_value_is_named_with_its_fix() {
        let problems = refused(&[
            ("ACCESS_TOKEN_TTL", "2d"),
            ("REFRESH_TOKEN_TTL", "7"),
            ("SESSION_CHECK", "often"),
            ("RECENT_SIGN_IN", "1s"),
        ]);
        let expected = r#"ACCESS_TOKEN_TTL: "2d" is not a duration from 1m to 24h; give one such as 15m
REFRESH_TOKEN_TTL: "7" is not a duration from 1m to 365d; give one such as 7d
SESSION_CHECK: "often" is not known; give every-call, on-refresh or none
RECENT_SIGN_IN: "1s" is not a duration from 1m to 24h; give one such as 15m"#;
        assert_eq!(problems, expected);
        assert!(refused(&[("REFRESH_TOKEN_TTL", "15m")]).contains("is not longer than ACCESS_TOKEN_TTL"));
    }
}

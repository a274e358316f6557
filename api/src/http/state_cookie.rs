//! What a browser keeps while it is away at somebody else's page: sealed in a cookie of its own for each departure, so
//! that tabs do not disturb each other, and bound to the browser, since nobody else has the cookie.
//!
//! The cookie is `Lax`, not `Strict`: it must come along when that page sends the browser back. Over https its name begins
//! with `__Host-`, so that no neighboring domain can put the departure of somebody else into a browser.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::sealed_text::TextSeal;
use poem::http::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::cookie::{self, Cookie};
use crate::config::SameSite;

/// How many letters of the state tell one departure's cookie from another's.
const TAG: usize = 12;
/// A browser that goes away more often than this without coming back starts over.
const MOST: usize = 8;

/// The cookies of one kind of departure.
#[derive(Clone)]
pub(crate) struct StateCookies {
    seal: Arc<dyn TextSeal>,
    /// Also what they are sealed for.
    purpose: &'static str,
    /// Only below this path are they sent on plain http; a name with `__Host-` is for all paths.
    path: &'static str,
    lasts: TimeDelta,
    secure: bool,
}

#[derive(Deserialize, Serialize)]
struct Sealed<T> {
    state: String,
    /// In seconds.
    since: i64,
    kept: T,
}

impl StateCookies {
    pub(crate) fn new(
        seal: Arc<dyn TextSeal>,
        purpose: &'static str,
        path: &'static str,
        lasts: TimeDelta,
        secure: bool,
    ) -> Self {
        Self { seal, purpose, path, lasts, secure }
    }

    /// Keeps something for the return with this state.
    pub(crate) fn keep<T: Serialize>(
        &self,
        request: &HeaderMap,
        response: &mut HeaderMap,
        state: &str,
        now: DateTime<Utc>,
        kept: &T,
    ) -> serde_json::Result<()> {
        let prefix = self.name("");
        let others: Vec<&str> =
            cookie::all(request).map(|(name, _)| name).filter(|name| name.starts_with(&prefix)).collect();
        if others.len() >= MOST {
            for name in others {
                self.cookie(name, "", 0).add(response);
            }
        }
        let sealed = Sealed { state: state.to_owned(), since: now.timestamp(), kept };
        let value = self.seal.seal(self.purpose, &serde_json::to_vec(&sealed)?);
        let lasts = u64::try_from(self.lasts.num_seconds()).unwrap_or_default();
        self.cookie(&self.name(state), &value, lasts).add(response);
        Ok(())
    }

    /// What was kept for this state, and when it ends; `None` when this browser never went away with it, or too long
    /// ago.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        request: &HeaderMap,
        state: &str,
        now: DateTime<Utc>,
    ) -> Option<(T, DateTime<Utc>)> {
        let value = cookie::read(request, &self.name(state))?;
        let opened = self.seal.open(self.purpose, value)?;
        let Sealed { state: kept_state, since, kept } = serde_json::from_slice(&opened).ok()?;
        let ends = DateTime::from_timestamp(since, 0)? + self.lasts;
        (kept_state == state && now < ends).then_some((kept, ends))
    }

    /// Takes the cookie of a state back.
    pub(crate) fn forget(&self, response: &mut HeaderMap, state: &str) {
        self.cookie(&self.name(state), "", 0).add(response);
    }

    fn name(&self, state: &str) -> String {
        let tag: String = state.chars().filter(char::is_ascii_alphanumeric).take(TAG).collect();
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}-{tag}", self.purpose)
    }

    fn cookie<'a>(&'a self, name: &'a str, value: &'a str, max_age: u64) -> Cookie<'a> {
        Cookie {
            name,
            value,
            path: if self.secure { "/" } else { self.path },
            domain: None,
            same_site: SameSite::Lax,
            secure: self.secure,
            http_only: true,
            max_age,
        }
    }
}

//! What a browser keeps while it is away at somebody else's page: a cookie of its own for each departure, so that tabs do
//! not disturb each other, and bound to the browser, since nobody else has the cookie.

use chrono::{DateTime, Utc};
use poem::http::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{SealedCookies, cookie};

/// How many letters of the state tell one departure's cookie from another's.
const TAG: usize = 12;
/// A browser that goes away more often than this without coming back starts over.
const MOST: usize = 8;

/// The cookies of one kind of departure.
#[derive(Clone)]
pub(crate) struct StateCookies(SealedCookies);

#[derive(Deserialize, Serialize)]
struct Departed<T> {
    /// All of it: the cookie's name has the beginning.
    state: String,
    kept: T,
}

impl StateCookies {
    pub(crate) fn new(cookies: SealedCookies) -> Self {
        Self(cookies)
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
        let prefix = self.0.name("-");
        let others: Vec<&str> =
            cookie::all(request).map(|(name, _)| name).filter(|name| name.starts_with(&prefix)).collect();
        if others.len() >= MOST {
            for name in others {
                self.0.forget(response, name);
            }
        }
        self.0.give(response, &self.name(state), now, &Departed { state: state.to_owned(), kept })
    }

    /// What was kept for this state, and when it ends; `None` when this browser never went away with it, or too long
    /// ago.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        request: &HeaderMap,
        state: &str,
        now: DateTime<Utc>,
    ) -> Option<(T, DateTime<Utc>)> {
        let (departed, ends) = self.0.find::<Departed<T>>(request, &self.name(state), now)?;
        (departed.state == state).then_some((departed.kept, ends))
    }

    /// Takes the cookie of a state back.
    pub(crate) fn forget(&self, response: &mut HeaderMap, state: &str) {
        self.0.forget(response, &self.name(state));
    }

    fn name(&self, state: &str) -> String {
        let tag: String = state.chars().filter(char::is_ascii_alphanumeric).take(TAG).collect();
        self.0.name(&format!("-{tag}"))
    }
}

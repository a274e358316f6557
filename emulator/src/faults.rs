//! Things that go wrong with an identity provider, on demand.

mod effect;
mod retry_after;

use std::{pin::pin, sync::Mutex, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use poem::{Response, http::HeaderMap};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use self::effect::Effect;
pub use self::retry_after::RetryAfter;
use crate::{
    requests::Endpoint,
    world::{World, lock},
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// An error status (`status`, default 503) with a JSON body.
    Status,
    /// An answer that is right but late (`delay_ms`, default 1000); it comes at once when the faults are cleared.
    Latency,
    /// 200 with half a JSON document.
    Garbage,
    /// 200 with nothing.
    Empty,
    /// The connection ends in the middle of the answer.
    Close,
    /// 429 with `Retry-After` (`retry_after`, default 60): how apps are throttled. In plain text, of Graph as JSON.
    Throttle,
    /// An error status (`status`, default 503) with a page in HTML, as of a gateway on the way.
    Html,
    /// 302 to `location`.
    Redirect,
    /// 401 that asks for other claims (`claims`, JSON), as of a resource that revoked a token.
    Challenge,
    /// An OAuth error: `error` (default `invalid_grant`), `code` (default 50196, which is how users are
    /// throttled), `suberror` and `claims`; `status` (default 400).
    Refuse,
}

/// A fault of one endpoint, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Where.
    pub endpoint: Endpoint,
    /// What.
    pub kind: FaultKind,
    /// Of [`FaultKind::Status`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Of [`FaultKind::Latency`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Of [`FaultKind::Throttle`], [`FaultKind::Status`] and [`FaultKind::Html`]; no header without it, but of the
    /// first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// Of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The AADSTS number, of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suberror: Option<String>,
    /// JSON as text, of [`FaultKind::Refuse`] and [`FaultKind::Challenge`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// Of [`FaultKind::Redirect`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Hits only requests whose path and query, as they were sent, have this in them. In a batch it hits the parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Hits only what exceeds this rate, and says by itself when the next window begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Rate>,
    /// How many requests it lets through first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// How many requests it hits before it is over; for ever without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// So many requests in so many seconds of the emulator's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Those that pass.
    pub requests: u32,
    /// After which it begins anew.
    pub seconds: u32,
}

impl Fault {
    /// A fault with the defaults of its kind.
    pub fn new(endpoint: Endpoint, kind: FaultKind) -> Self {
        Self {
            endpoint,
            kind,
            status: None,
            delay_ms: None,
            retry_after: None,
            error: None,
            code: None,
            suberror: None,
            claims: None,
            location: None,
            path: None,
            over: None,
            after: None,
            times: None,
        }
    }

    /// Answers with an error status.
    pub fn status(endpoint: Endpoint, status: u16) -> Self {
        Self { status: Some(status), ..Self::new(endpoint, FaultKind::Status) }
    }

    /// The token endpoint refuses with this AADSTS number.
    pub fn refuse(error: impl Into<String>, code: u32) -> Self {
        Self { error: Some(error.into()), code: Some(code), ..Self::new(Endpoint::Token, FaultKind::Refuse) }
    }

    /// Finer than the error, of [`Fault::refuse`].
    #[must_use]
    pub fn suberror(mut self, suberror: impl Into<String>) -> Self {
        self.suberror = Some(suberror.into());
        self
    }

    /// A claims challenge as JSON, of [`Fault::refuse`].
    #[must_use]
    pub fn claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Answers late, or as soon as the faults are cleared.
    pub fn latency(endpoint: Endpoint, delay: Duration) -> Self {
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self { delay_ms: Some(delay_ms), ..Self::new(endpoint, FaultKind::Latency) }
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, when: RetryAfter) -> Self {
        self.retry_after = Some(when);
        self
    }

    /// Hits only requests with this in their path and query.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Hits only what exceeds so many requests in so many seconds.
    #[must_use]
    pub fn over(mut self, requests: u32, seconds: u32) -> Self {
        self.over = Some(Rate { requests, seconds });
        self
    }

    /// Lets so many requests through first.
    #[must_use]
    pub fn after(mut self, after: u32) -> Self {
        self.after = Some(after);
        self
    }

    /// Leads to this address, of [`FaultKind::Redirect`].
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Hits only the next `times` requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether it can be answered with.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let allowed = |status| (200..=599).contains(&status);
        if !self.status.is_none_or(allowed) {
            return Some("status must lie between 200 and 599");
        }
        (self.times == Some(0)).then_some("times must be at least 1")
    }

    /// Whether the request is one of those it is about.
    fn concerns(&self, asked: &Asked<'_>) -> bool {
        let is_path = self.path.as_deref().map_or(!asked.is_part, |path| asked.target.contains(path));
        self.endpoint.covers(asked.endpoint) && is_path
    }
}

/// A request that may meet a fault.
pub(crate) struct Asked<'a> {
    pub(crate) endpoint: Endpoint,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// Of a batch: only faults with a path are for it.
    pub(crate) is_part: bool,
}

/// A fault that is set, and how far it has come.
struct Set {
    fault: Fault,
    /// When the window of its rate began, and what came in since.
    window: Option<(DateTime<Utc>, u32)>,
}

impl Set {
    fn new(fault: Fault) -> Self {
        Self { fault, window: None }
    }

    /// Counts a request; whether the fault is for it.
    fn strikes(&mut self, now: DateTime<Utc>) -> bool {
        if let Some(rate) = self.fault.over {
            let length = TimeDelta::seconds(i64::from(rate.seconds));
            let (began, seen) = self.window.filter(|(began, _)| now - *began < length).unwrap_or((now, 0));
            self.window = Some((began, seen.saturating_add(1)));
            if seen < rate.requests {
                return false;
            }
        }
        if let Some(after) = self.fault.after.as_mut().filter(|after| **after > 0) {
            *after -= 1;
            return false;
        }
        if let Some(times) = &mut self.fault.times {
            *times = times.saturating_sub(1);
        }
        true
    }

    /// With the time that is left of its window, unless it says another.
    fn timed(&self, now: DateTime<Utc>) -> Fault {
        let left = self.fault.over.zip(self.window).map(|(rate, (began, _))| {
            let left = (began + TimeDelta::seconds(i64::from(rate.seconds)) - now).num_seconds().max(1);
            RetryAfter::seconds(left.unsigned_abs())
        });
        Fault { retry_after: self.fault.retry_after.clone().or(left), ..self.fault.clone() }
    }
}

/// The faults that are set, in the order they were.
#[derive(Default)]
pub(crate) struct Faults {
    set: Mutex<Vec<Set>>,
    /// Those who wait are told that they need not any more.
    cleared: Notify,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.set).push(Set::new(fault));
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *lock(&self.set) = faults.into_iter().map(Set::new).collect();
        self.cleared.notify_waiters();
    }

    pub(crate) fn clear(&self) {
        lock(&self.set).clear();
        self.cleared.notify_waiters();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        lock(&self.set).iter().map(|set| set.fault.clone()).collect()
    }

    /// Lets a request meet its faults: it waits for the late ones, and the first other one answers.
    pub(crate) async fn meet(&self, world: &World, asked: &Asked<'_>) -> Option<Response> {
        // Whoever clears them after this is heard of.
        let mut cleared = pin!(self.cleared.notified());
        let mut is_cleared = false;
        for effect in self.take(world, asked) {
            match effect {
                Effect::Wait(delay) if !is_cleared => {
                    is_cleared = tokio::time::timeout(delay, cleared.as_mut()).await.is_ok();
                }
                Effect::Wait(_) => {}
                Effect::Answer(response) => return Some(response),
            }
        }
        None
    }

    /// The effects on one request; what was set for a number of times is used up by it.
    fn take(&self, world: &World, asked: &Asked<'_>) -> Vec<Effect> {
        let (mut faults, now) = (lock(&self.set), world.clock.now());
        let mut effects = Vec::new();
        for set in faults.iter_mut().filter(|set| set.fault.concerns(asked)) {
            if !set.strikes(now) {
                continue;
            }
            let effect = set.timed(now).effect(world, asked);
            let is_answer = matches!(effect, Effect::Answer(_));
            effects.push(effect);
            if is_answer {
                break;
            }
        }
        faults.retain(|set| set.fault.times != Some(0));
        effects
    }
}

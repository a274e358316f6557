//! Things that go wrong with an identity provider, on demand.

use std::{
    io,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

use poem::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{random, requests::Endpoint, world::lock};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// An error status (`status`, default 503) with a JSON body.
    Status,
    /// An answer that is right but late (`delay_ms`, default 1000).
    Latency,
    /// 200 with half a JSON document.
    Garbage,
    /// 200 with nothing.
    Empty,
    /// The connection ends in the middle of the answer.
    Close,
    /// 429 in plain text with `Retry-After` (`retry_after`, default 60): how apps are throttled.
    Throttle,
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
    /// Seconds, of [`FaultKind::Throttle`]; with [`FaultKind::Status`] no header without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The AADSTS number, of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suberror: Option<String>,
    /// JSON as text, of [`FaultKind::Refuse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// How many requests it hits before it is over; for ever without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
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

    /// Answers late.
    pub fn latency(endpoint: Endpoint, delay: Duration) -> Self {
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self { delay_ms: Some(delay_ms), ..Self::new(endpoint, FaultKind::Latency) }
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

    /// How a request fares that meets it.
    fn effect(&self) -> Effect {
        match self.kind {
            FaultKind::Latency => Effect::Wait(Duration::from_millis(self.delay_ms.unwrap_or(1000))),
            FaultKind::Status => {
                let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
                let mut response = Response::builder()
                    .status(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
                    .content_type("application/json; charset=utf-8");
                if let Some(seconds) = self.retry_after {
                    response = response.header(header::RETRY_AFTER, seconds);
                }
                Effect::Answer(response.body(
                    r#"{"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred. Please try again.","error_codes":[90033]}"#,
                ))
            }
            FaultKind::Refuse => Effect::Answer(self.refusal()),
            FaultKind::Garbage => Effect::Answer(
                Response::builder().content_type("application/json").body(r#"{"keys":[{"kty":"#),
            ),
            FaultKind::Empty => Effect::Answer(Response::builder().content_type("application/json").finish()),
            FaultKind::Close => Effect::Answer(
                Response::builder()
                    .content_type("application/json")
                    .header(header::CONTENT_LENGTH, 512)
                    .body(Body::from_async_read(Broken)),
            ),
            FaultKind::Throttle => Effect::Answer(
                Response::builder()
                    .status(StatusCode::TOO_MANY_REQUESTS)
                    .content_type("text/plain; charset=utf-8")
                    .header(header::RETRY_AFTER, self.retry_after.unwrap_or(60))
                    .body("Too Many Requests"),
            ),
        }
    }
}

impl Fault {
    fn refusal(&self) -> Response {
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        let code = self.code.unwrap_or(50196);
        let mut body = json!({
            "error": self.error.as_deref().unwrap_or("invalid_grant"),
            "error_description": format!("AADSTS{code}: The server terminated an operation because it was asked to."),
            "error_codes": [code],
            "trace_id": random::uuid(),
            "correlation_id": random::uuid(),
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.suberror.clone().map(|suberror| ("suberror".to_owned(), suberror.into())));
            body.extend(self.claims.clone().map(|claims| ("claims".to_owned(), claims.into())));
        }
        Response::builder()
            .status(status.unwrap_or(StatusCode::BAD_REQUEST))
            .content_type("application/json; charset=utf-8")
            .body(body.to_string())
    }
}

enum Effect {
    Wait(Duration),
    Answer(Response),
}

/// A body that fails at its first byte, whereupon the server gives the connection up.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

/// The faults that are set, in the order they were.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *lock(&self.0) = faults;
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        lock(&self.0).clone()
    }

    /// Lets a request meet its faults: it waits for the late ones, and the first other one answers.
    pub(crate) async fn meet(&self, asked: Endpoint) -> Option<Response> {
        for effect in self.take(asked) {
            match effect {
                Effect::Wait(delay) => tokio::time::sleep(delay).await,
                Effect::Answer(response) => return Some(response),
            }
        }
        None
    }

    /// The effects on one request; what was set for a number of times is used up by it.
    fn take(&self, asked: Endpoint) -> Vec<Effect> {
        let mut faults = lock(&self.0);
        let mut effects = Vec::new();
        for fault in faults.iter_mut().filter(|fault| fault.endpoint.covers(asked)) {
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
            }
            let effect = fault.effect();
            let is_answer = matches!(effect, Effect::Answer(_));
            effects.push(effect);
            if is_answer {
                break;
            }
        }
        faults.retain(|fault| fault.times != Some(0));
        effects
    }
}

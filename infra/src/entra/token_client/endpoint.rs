//! One request to the token endpoint, with its time-outs and retries.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{clock::Clock, entropy::Entropy};
use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use url::Url;
use uuid::Uuid;

use super::{
    breaker::Breaker,
    pauses::Pauses,
    refusal::{Meaning, Refusal},
};
use crate::http::{self, jittered, retry_after};

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::entra) enum TokenFailure {
    #[error("the authority refused: {0}")]
    Refused(Box<Refusal>),
    #[error("the authority throttles")]
    Throttled { retry_after: Duration },
    /// It throttled the tenant a moment ago, and was not asked.
    #[error("the authority is left alone")]
    LeftAlone { retry_after: Duration },
    /// What is left alone is this question of this caller, and nothing else of the tenant.
    #[error("the authority was asked the same too often")]
    Looping { retry_after: Duration },
    #[error("the authority is not available: {reason}")]
    Unavailable { retry_after: Duration, reason: &'static str },
    #[error("the authority did not answer in time")]
    Timeout,
    /// A credential of ours gives no proof for now, and the authority was not asked.
    #[error("a credential gives no proof")]
    NoProof { retry_after: Duration },
    #[error("none of the service's credentials can be used")]
    NoCredential,
}

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For one attempt.
    pub attempt: Duration,
    /// For all attempts together.
    pub total: Duration,
    /// Of the answer, in bytes.
    pub size: usize,
}

impl Limits {
    pub(super) const STANDARD: Self =
        Self { attempt: Duration::from_secs(5), total: Duration::from_secs(12), size: 256 * 1024 };
}

/// So often a request is sent that meets no answer, or a server error.
const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// A longer wait is the caller's, not ours.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// What a throttled or failing authority gets that does not say how long.
const DEFAULT_THROTTLE: Duration = Duration::from_mins(1);
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);

/// The token endpoints of an authority, one for each tenant.
pub struct TokenEndpoint {
    client: reqwest::Client,
    host: Url,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    limits: Limits,
    /// Tenants that were throttled, until they may be asked again ("Microsoft Entra throttling": whoever goes on
    /// asking is throttled for longer).
    throttled: Pauses<Uuid>,
    /// Hears of what was really sent, and of nothing else.
    breaker: Breaker,
}

impl TokenEndpoint {
    /// `host` is the authority's scheme, host and port.
    pub fn new(client: reqwest::Client, host: Url, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let (limits, throttled, breaker) = (Limits::STANDARD, Pauses::default(), Breaker::default());
        Self { client, host, clock, entropy, limits, throttled, breaker }
    }

    #[cfg(test)]
    pub(super) fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(super) fn host(&self) -> &Url {
        &self.host
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// Whether the authority has answered of late; otherwise how long it is left alone. For what can wait: [`Self::post`]
    /// sends all the same.
    pub(super) fn may_ask(&self) -> Result<(), Duration> {
        self.breaker.may_ask(self.clock.now())
    }

    /// The address for a tenant, which is also the audience of a client assertion for it.
    pub(super) fn url(&self, tenant: Uuid) -> Url {
        let mut url = self.host.clone();
        url.set_path(&format!("/{tenant}/oauth2/v2.0/token"));
        url
    }

    /// Sends a form and gives the body of a success. Lost connections, server errors and time-outs are repeated; what
    /// the authority said in OAuth's words never is.
    pub(super) async fn post(
        &self,
        tenant: Uuid,
        grant: &'static str,
        form: String,
    ) -> Result<Bytes, TokenFailure> {
        let asked = match self.throttled.left(&tenant, self.clock.now()) {
            Some(retry_after) => Err(TokenFailure::LeftAlone { retry_after }),
            None => self.ask(tenant, Bytes::from(form)).await,
        };
        metrics::counter!("tenantry_token_requests_total", "grant" => grant, "result" => word(&asked))
            .increment(1);
        asked
    }

    async fn ask(&self, tenant: Uuid, form: Bytes) -> Result<Bytes, TokenFailure> {
        let asked = tokio::time::timeout(self.limits.total, self.persist(tenant, form)).await;
        let asked = asked.unwrap_or(Err(TokenFailure::Timeout));
        if let Err(TokenFailure::Throttled { retry_after }) = &asked {
            self.throttled.pause(tenant, self.clock.now(), *retry_after);
        }
        match &asked {
            Err(TokenFailure::Unavailable { .. } | TokenFailure::Timeout) => {
                self.breaker.failed(self.clock.now());
            }
            Ok(_)
            | Err(TokenFailure::Refused(_) | TokenFailure::Throttled { .. } | TokenFailure::Looping { .. }) =>
            {
                self.breaker.answered();
            }
            // Nothing was sent.
            Err(
                TokenFailure::LeftAlone { .. } | TokenFailure::NoProof { .. } | TokenFailure::NoCredential,
            ) => {}
        }
        asked
    }

    async fn persist(&self, tenant: Uuid, form: Bytes) -> Result<Bytes, TokenFailure> {
        let url = self.url(tenant);
        let mut attempt = 1;
        loop {
            let sent = tokio::time::timeout(self.limits.attempt, self.send(&url, form.clone())).await;
            let sent = sent.unwrap_or(Err(Missed::lost(TokenFailure::Timeout)));
            let Missed { failure, may_repeat, wait } = match sent {
                Ok(body) => return Ok(body),
                Err(missed) => missed,
            };
            if !may_repeat || attempt == ATTEMPTS || wait.is_some_and(|wait| wait > LONGEST_WAIT) {
                return Err(failure);
            }
            tokio::time::sleep(
                wait.unwrap_or_else(|| jittered(FIRST_WAIT * 2_u32.pow(attempt - 1), self.entropy.as_ref())),
            )
            .await;
            attempt += 1;
        }
    }

    async fn send(&self, url: &Url, form: Bytes) -> Result<Bytes, Missed> {
        let lost = |_: reqwest::Error| Missed::lost(unavailable("the connection failed", None));
        let request = self
            .client
            .post(url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let mut response = request.send().await.map_err(lost)?;
        let (status, retry_after) = (response.status(), retry_after(response.headers(), self.clock.now()));
        let body = http::body(&mut response, self.limits.size).await.map_err(lost)?;
        let body = body.ok_or_else(|| Missed::for_good(unavailable("the answer is too long", None)))?;
        if status.is_success() {
            return Ok(Bytes::from(body));
        }
        let failure = failure(status, &body, retry_after);
        // A page that is no server error comes from somebody in between: repeating it at once is of no use.
        let may_repeat = matches!(failure, TokenFailure::Unavailable { .. })
            && (status.is_server_error() || Refusal::parse(&body).is_some());
        Err(Missed { failure, may_repeat, wait: retry_after })
    }
}

/// An attempt that gave no token.
struct Missed {
    failure: TokenFailure,
    may_repeat: bool,
    /// What the authority asked for.
    wait: Option<Duration>,
}

impl Missed {
    fn lost(failure: TokenFailure) -> Self {
        Self { failure, may_repeat: true, wait: None }
    }

    fn for_good(failure: TokenFailure) -> Self {
        Self { failure, may_repeat: false, wait: None }
    }
}

/// What an answer means that is no success.
fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> TokenFailure {
    let is_throttling = status == StatusCode::TOO_MANY_REQUESTS;
    let throttle = retry_after.unwrap_or(DEFAULT_THROTTLE);
    let Some(refusal) = Refusal::parse(body) else {
        return match () {
            () if is_throttling => TokenFailure::Throttled { retry_after: throttle },
            () if status.is_server_error() => unavailable("a server error", retry_after),
            () => unavailable("the answer is not one of a token endpoint", retry_after),
        };
    };
    let meaning = refusal.meaning();
    if meaning == Meaning::Looping {
        TokenFailure::Looping { retry_after: throttle }
    } else if is_throttling || meaning == Meaning::Throttled {
        TokenFailure::Throttled { retry_after: throttle }
    } else if meaning == Meaning::Transient || status.is_server_error() {
        unavailable("it said so", retry_after)
    } else {
        TokenFailure::Refused(Box::new(refusal))
    }
}

fn unavailable(reason: &'static str, retry_after: Option<Duration>) -> TokenFailure {
    TokenFailure::Unavailable { retry_after: retry_after.unwrap_or(DEFAULT_PAUSE), reason }
}

fn word(asked: &Result<Bytes, TokenFailure>) -> &'static str {
    match asked {
        Ok(_) => "ok",
        Err(TokenFailure::Refused(_) | TokenFailure::NoCredential) => "refused",
        Err(
            TokenFailure::Throttled { .. } | TokenFailure::LeftAlone { .. } | TokenFailure::Looping { .. },
        ) => "throttled",
        Err(TokenFailure::Unavailable { .. } | TokenFailure::NoProof { .. }) => "unavailable",
        Err(TokenFailure::Timeout) => "timeout",
    }
}

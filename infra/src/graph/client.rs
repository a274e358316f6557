//! One way to ask Microsoft 365: with a token for the caller, within limits of time and number, again where that
//! helps, and with a line in the log that has Microsoft's id of the request.

use std::{sync::Arc, time::Duration};

use domain::{
    access::OnBehalfOf,
    clock::{Clock, Pauses},
    delegation::{DelegatedToken, DelegatedTokens, Resource},
    entropy::Entropy,
    graph::GraphError,
    id::{EventId, Ids},
};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE},
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    address::{LeadsElsewhere, Root},
    lanes::{DownloadPlace, Lane, Lanes, Place},
    patience::Patience,
    permissions::lacking,
    refusal::{Refusal, request_id},
};

/// The longest JSON that is read; a page of 200 items has some hundred kilobytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Where Microsoft 365 is, and how long it may take.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// Scheme, host and port of Microsoft Graph. That it is `https`, or on this machine, is for the configuration to
    /// see to.
    pub graph_url: Url,
    /// For one answer, from its first byte sent to its last byte read; of a file for each piece.
    pub timeout: Duration,
}

/// What a client needs of the process.
#[derive(Clone)]
pub struct GraphPorts {
    pub tokens: Arc<dyn DelegatedTokens>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub pauses: Arc<dyn Pauses>,
}

/// Asks Microsoft Graph and SharePoint.
pub struct GraphClient {
    http: reqwest::Client,
    pub(super) root: Root,
    pub(super) timeout: Duration,
    pub(super) ports: GraphPorts,
    ids: Ids,
    lanes: Lanes,
}

/// One request. All of them only ask, so that each may be sent again.
pub(super) struct Call<'a> {
    /// For the log: no id, no word of the caller's.
    pub name: &'static str,
    pub caller: &'a OnBehalfOf,
    pub resource: &'a Resource,
    pub url: Url,
    pub accept: &'static str,
    /// Asks by `POST`.
    pub body: Option<Value>,
}

/// The answer to a call: a success, or a redirect. Its place in the lane is given up with it, when it has been read.
pub(super) struct Answer {
    pub response: Response,
    /// What it was asked with.
    pub token: Arc<DelegatedToken>,
    pub place: Place,
}

impl From<LeadsElsewhere> for GraphError {
    fn from(_: LeadsElsewhere) -> Self {
        Self::Unusable("an address that leads elsewhere")
    }
}

impl GraphClient {
    pub fn new(settings: &GraphSettings, ports: GraphPorts) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: crate::http::microsoft_365()?,
            root: Root::new(&settings.graph_url, "/v1.0"),
            timeout: settings.timeout,
            ids: Ids::new(Arc::clone(&ports.clock), Arc::clone(&ports.entropy)),
            ports,
            lanes: Lanes::default(),
        })
    }

    /// The JSON that answers a call.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, GraphError> {
        Ok(self.json_and_token(call).await?.0)
    }

    /// The same, with the token that it was asked with.
    pub(super) async fn json_and_token<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<(T, Arc<DelegatedToken>), GraphError> {
        let Answer { response, token, place: _place } = self.send(call).await?;
        if !response.status().is_success() {
            return Err(GraphError::Unusable("a redirect"));
        }
        if !is_json(&response) {
            return Err(GraphError::Unusable("not JSON"));
        }
        let body = read(response, MOST_BYTES).await?;
        let document = serde_json::from_slice(&body).map_err(|error| {
            tracing::warn!(graph.call = call.name, %error, "an answer of Microsoft is not the expected document");
            GraphError::Unusable("not the expected document")
        })?;
        Ok((document, token))
    }

    /// The answer to a call: a success, or a redirect, which is not followed.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, GraphError> {
        let lane = self.lane(call.caller, call.resource);
        let mut patience = Patience::new();
        self.wait_for_the_end_of_throttling(&lane, &mut patience).await?;
        // Before there is a place: whoever waits for a token keeps nobody else of the tenant from theirs.
        let mut token = self.ports.tokens.token(call.caller, call.resource).await?;
        // All places are taken for as long as one request may take: Microsoft is slow.
        let mut place = lane.enter(self.timeout).await.ok_or(GraphError::TimedOut)?;
        let mut is_renewed = false;
        loop {
            // Others may have been throttled while this one waited: for its place, for its token, or between attempts.
            self.wait_for_the_end_of_throttling(&lane, &mut patience).await?;
            let refusal = match self.attempt(call, &token).await {
                Ok(response) if response.status().is_success() || response.status().is_redirection() => {
                    return Ok(Answer { response, token, place });
                }
                Ok(response) => self.refusal(response).await?,
                Err(error) => {
                    self.pause_or(&mut patience, None, transport_error(error)).await?;
                    continue;
                }
            };
            if refusal.is_about_the_token() {
                drop(place);
                token = self.renewed(call, &token, refusal, &mut is_renewed).await?;
                place = lane.enter(self.timeout).await.ok_or(GraphError::TimedOut)?;
            } else if refusal.is_passing() {
                self.close_if_throttled(&lane, &refusal);
                self.pause_or(&mut patience, refusal.retry_after, refusal.error()).await?;
            } else {
                let denied = (refusal.status == StatusCode::FORBIDDEN).then_some(token);
                let lacking = denied.and_then(|token| lacking(call, &token.scopes));
                return Err(lacking.map_or_else(|| refusal.error(), GraphError::MissingPermission));
            }
        }
    }

    /// The bytes at a pre-authenticated address, which gets no bearer and nothing else of ours, and a place in the
    /// lane of downloads that is to be held for as long as they are read.
    pub(super) async fn download(
        &self,
        caller: &OnBehalfOf,
        url: Url,
        range: Option<&str>,
    ) -> Result<(Response, DownloadPlace), GraphError> {
        // SharePoint counts what is asked of it through Graph and what is downloaded together.
        let lane = self.lane(caller, &Resource::Graph);
        let place = lane.enter_download(caller.object_id()).ok_or(GraphError::TooManyDownloads)?;
        let mut patience = Patience::new();
        loop {
            self.wait_for_the_end_of_throttling(&lane, &mut patience).await?;
            let mut request = self.http.get(url.clone());
            if let Some(range) = range {
                request = request.header(RANGE, range);
            }
            let answer = tokio::time::timeout(self.timeout, request.send()).await;
            let refusal = match answer.map_err(|_| GraphError::TimedOut)? {
                Ok(response) if matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT) => {
                    return Ok((response, place));
                }
                Ok(response) => self.refusal(response).await?,
                Err(error) => {
                    self.pause_or(&mut patience, None, transport_error(error)).await?;
                    continue;
                }
            };
            tracing::info!(graph.call = "download", graph.refusal = %refusal.report, "Microsoft refused");
            match refusal.status.as_u16() {
                429 | 503 | 504 => {
                    self.close_if_throttled(&lane, &refusal);
                    self.pause_or(&mut patience, refusal.retry_after, refusal.error()).await?;
                }
                416 => return Err(refusal.error()),
                // It was Graph that decided who may; here it can only be the address that is no good any more.
                _ => return Err(GraphError::Refused { report: refusal.report, retry_after: None }),
            }
        }
    }

    async fn attempt(&self, call: &Call<'_>, token: &DelegatedToken) -> Result<Response, reqwest::Error> {
        let id = self.ids.next::<EventId>().to_string();
        let mut request = match &call.body {
            Some(body) => self.http.post(call.url.clone()).json(body),
            None => self.http.get(call.url.clone()),
        };
        request = request.header(ACCEPT, call.accept).header("client-request-id", &id).timeout(self.timeout);
        // A token that is no header value is none; without it the answer is 401, and the source learns of it.
        if let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose_secret())) {
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        let started = std::time::Instant::now();
        let answer = request.send().await;
        let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
        let resource = call.resource.kind();
        match &answer {
            Ok(response) => tracing::info!(
                graph.call = call.name,
                graph.resource = resource,
                graph.status = response.status().as_u16(),
                graph.request_id = request_id(response.headers()),
                graph.client_request_id = id,
                duration_ms,
                "asked Microsoft"
            ),
            Err(error) => tracing::warn!(
                graph.call = call.name,
                graph.resource = resource,
                graph.client_request_id = id,
                is_timeout = error.is_timeout(),
                duration_ms,
                "Microsoft did not answer"
            ),
        }
        answer
    }

    /// A newer token after a `401`, once; or what the caller's client has to do.
    async fn renewed(
        &self,
        call: &Call<'_>,
        token: &DelegatedToken,
        refusal: Refusal,
        is_renewed: &mut bool,
    ) -> Result<Arc<DelegatedToken>, GraphError> {
        // A new token that is refused like the one before it is not the trouble; one more would be had in vain.
        if std::mem::replace(is_renewed, true) && refusal.claims.is_none() {
            return Err(refusal.error());
        }
        let claims = refusal.claims.as_ref();
        let newer = self.ports.tokens.refused(call.caller, call.resource, token, claims).await?;
        newer.ok_or_else(|| refusal.error())
    }

    async fn refusal(&self, response: Response) -> Result<Refusal, GraphError> {
        let reading = Refusal::read(response, self.ports.clock.now());
        let refusal = tokio::time::timeout(self.timeout, reading).await.map_err(|_| GraphError::TimedOut)?;
        tracing::debug!(graph.refusal = %refusal.report, "Microsoft refused");
        Ok(refusal)
    }

    async fn wait_for_the_end_of_throttling(
        &self,
        lane: &Lane,
        patience: &mut Patience,
    ) -> Result<(), GraphError> {
        while let Some(wait) = lane.closed_for(self.ports.clock.now()) {
            self.pause_or(patience, Some(wait), lane.refusal(wait)).await?;
        }
        Ok(())
    }

    /// Keeps all of the tenant from asking until the time that Microsoft named is over.
    pub(super) fn close_if_throttled(&self, lane: &Lane, refusal: &Refusal) {
        if let (true, Some(named)) = (refusal.is_throttling(), refusal.retry_after) {
            lane.close(self.ports.clock.now(), named, &refusal.report);
        }
    }

    /// Waits before the next attempt; the error when there is to be none.
    pub(super) async fn pause_or(
        &self,
        patience: &mut Patience,
        named: Option<Duration>,
        error: GraphError,
    ) -> Result<(), GraphError> {
        if matches!(error, GraphError::TimedOut) && named.is_none() {
            // It took as long as a request may take already.
            return Err(error);
        }
        let mut random = [0; 4];
        self.ports.entropy.fill(&mut random);
        let Some(pause) = patience.pause(named, u32::from_ne_bytes(random)) else { return Err(error) };
        tracing::info!(pause_ms = pause.as_secs_f64() * 1000.0, reason = %error, "waiting before asking Microsoft again");
        self.ports.pauses.pause(pause).await;
        Ok(())
    }

    pub(super) fn lane(&self, caller: &OnBehalfOf, resource: &Resource) -> Arc<Lane> {
        let host = match resource {
            Resource::Graph => self.root.host(),
            Resource::SharePoint { host } => host.as_str(),
        };
        self.lanes.of(caller.tenant(), host, self.ports.clock.now())
    }
}

/// All of a body, up to so many bytes.
pub(super) async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, GraphError> {
    let body = crate::http::body(&mut response, most).await.map_err(transport_error)?;
    body.ok_or(GraphError::Unusable("too long"))
}

/// The address is taken out: that of a download is as good as a password.
pub(super) fn transport_error(error: reqwest::Error) -> GraphError {
    if error.is_timeout() {
        GraphError::TimedOut
    } else {
        GraphError::Unreachable(Box::new(error.without_url()))
    }
}

fn is_json(response: &Response) -> bool {
    text(response.headers(), CONTENT_TYPE).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    })
}

/// A header's text.
pub(super) fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

//! What a fault does to a request.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Asked, Fault, FaultKind, RetryAfter};
use crate::{elsewhere, graph, random, requests::Endpoint, world::World};

pub(super) enum Effect {
    Wait(Duration),
    Answer(Response),
}

impl Fault {
    /// How a request fares that meets it.
    pub(super) fn effect(&self, world: &World, asked: &Asked<'_>) -> Effect {
        let json = || Response::builder().content_type("application/json");
        let response = match self.kind {
            FaultKind::Latency => {
                return Effect::Wait(Duration::from_millis(self.delay_ms.unwrap_or(1000)));
            }
            FaultKind::Status => self.error(world, asked, StatusCode::SERVICE_UNAVAILABLE),
            FaultKind::Throttle => self.error(world, asked, StatusCode::TOO_MANY_REQUESTS),
            FaultKind::Html => Response::builder()
                .status(self.status_or(StatusCode::SERVICE_UNAVAILABLE))
                .content_type("text/html")
                .body("<html><head><title>Service unavailable</title></head><body><h2>Our services aren't available right now</h2></body></html>"),
            FaultKind::Redirect => elsewhere::redirect(self.location.as_deref().unwrap_or_default()),
            FaultKind::Challenge => self.challenge(world, asked),
            FaultKind::Refuse => self.refusal(),
            FaultKind::Garbage => json().body(r#"{"keys":[{"kty":"#),
            FaultKind::Empty => json().finish(),
            FaultKind::Close => {
                json().header(header::CONTENT_LENGTH, 512).body(Body::from_async_read(Broken))
            }
        };
        Effect::Answer(self.timed(world, response))
    }

    fn status_or(&self, default: StatusCode) -> StatusCode {
        self.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(default)
    }

    /// In the form of who was asked.
    fn error(&self, world: &World, asked: &Asked<'_>, default: StatusCode) -> Response {
        let status = self.status_or(default);
        if [Endpoint::Graph, Endpoint::SharePoint, Endpoint::Content].contains(&asked.endpoint) {
            let code = self.error.as_deref().unwrap_or_else(|| graph_code(status));
            return graph::error_answer(
                world,
                asked.headers,
                status,
                code,
                "The emulator was asked to fail.",
            );
        }
        let response = Response::builder().status(status);
        if self.kind == FaultKind::Throttle {
            return response.content_type("text/plain; charset=utf-8").body("Too Many Requests");
        }
        response.content_type("application/json; charset=utf-8").body(
            r#"{"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred. Please try again.","error_codes":[90033]}"#,
        )
    }

    fn timed(&self, world: &World, mut response: Response) -> Response {
        let default = (self.kind == FaultKind::Throttle).then(|| RetryAfter::seconds(60));
        let when = self.retry_after.clone().or(default).map(|when| when.value(world.clock.now()));
        if let Some(Ok(when)) = when.map(|when| HeaderValue::from_str(&when)) {
            response.headers_mut().insert(header::RETRY_AFTER, when);
        }
        response
    }

    fn challenge(&self, world: &World, asked: &Asked<'_>) -> Response {
        let nbf = world.clock.now().timestamp().to_string();
        let default = json!({ "access_token": { "nbf": { "essential": true, "value": nbf } } }).to_string();
        let claims = STANDARD.encode(self.claims.as_ref().unwrap_or(&default));
        let status = self.status_or(StatusCode::UNAUTHORIZED);
        let message = "Continuous access evaluation resulted in challenge.";
        let code = "InvalidAuthenticationToken";
        let mut response = graph::error_answer(world, asked.headers, status, code, message);
        let challenge = format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", error=\"insufficient_claims\", \
             claims=\"{claims}\"",
            world.issuer_base
        );
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn refusal(&self) -> Response {
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
            .status(self.status_or(StatusCode::BAD_REQUEST))
            .content_type("application/json; charset=utf-8")
            .body(body.to_string())
    }
}

/// The code that usually goes with a status.
fn graph_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "invalidRequest",
        401 => "InvalidAuthenticationToken",
        403 => "accessDenied",
        404 => "itemNotFound",
        409 => "nameAlreadyExists",
        410 => "resyncRequired",
        412 => "resourceModified",
        423 => "resourceLocked",
        429 => "activityLimitReached",
        503 => "serviceNotAvailable",
        504 => "gatewayTimeout",
        507 => "quotaLimitReached",
        509 => "bandwidthLimitExceeded",
        _ => "generalException",
    }
}

/// A body that fails at its first byte, whereupon the server gives the connection up.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

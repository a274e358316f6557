//! Bodies of the control API: JSON in, JSON out, and a clear word when that fails.

use poem::{Body, Response, error::ResponseError, handler, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;

const BODY_LIMIT: usize = 1024 * 1024;

/// A request of the control API that cannot be done.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, message: message.into() }
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        Response::builder()
            .status(self.status)
            .content_type("application/json; charset=utf-8")
            .body(json!({ "error": self.message }).to_string())
    }
}

/// Reads a body; an empty one is an empty object.
pub(super) async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let body = body
        .into_bytes_limit(BODY_LIMIT)
        .await
        .map_err(|error| Problem::bad_request(format!("cannot read the body: {error}")))?;
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("cannot understand the body: {error}")))
}

#[handler]
pub(super) fn not_found() -> Result<Response, Problem> {
    Err(Problem {
        status: StatusCode::NOT_FOUND,
        message: "the control API has no such path: see the emulator's README".to_owned(),
    })
}

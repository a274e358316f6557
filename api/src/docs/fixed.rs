//! Answers that are the same for everybody, made once.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::{
    Endpoint, Request, Response,
    error::MethodNotAllowedError,
    http::{HeaderValue, Method, StatusCode, header},
};

use crate::error::ApiError;

/// One of them.
pub(super) struct Fixed {
    status: StatusCode,
    content_type: &'static str,
    policy: Option<HeaderValue>,
    body: Bytes,
}

impl Fixed {
    pub(super) fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, content_type, policy: None, body: body.into() }
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The content security policy, instead of the one that every answer has.
    pub(super) fn policy(self, policy: String) -> Self {
        Self { policy: HeaderValue::try_from(policy).ok(), ..self }
    }
}

/// One that is large, and made when somebody asks for it first: most processes are never asked.
pub(super) struct Made {
    content_type: &'static str,
    body: LazyLock<anyhow::Result<Bytes>, Box<dyn FnOnce() -> anyhow::Result<Bytes> + Send>>,
}

impl Made {
    pub(super) fn new(
        content_type: &'static str,
        make: impl FnOnce() -> anyhow::Result<Vec<u8>> + Send + 'static,
    ) -> Self {
        Self { content_type, body: LazyLock::new(Box::new(|| make().map(Bytes::from))) }
    }
}

impl Endpoint for Made {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        reads(&request)?;
        let body = self.body.as_ref().map_err(|error| ApiError::internal(format!("{error:#}")))?;
        Fixed::new(self.content_type, body.clone()).call(request).await
    }
}

/// Whether a request reads; anything else is refused.
pub(super) fn reads(request: &Request) -> poem::Result<()> {
    match *request.method() {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(MethodNotAllowedError.into()),
    }
}

impl Endpoint for Fixed {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        reads(&request)?;
        let mut response = Response::builder()
            .status(self.status)
            .content_type(self.content_type)
            .header(header::CACHE_CONTROL, "no-cache")
            .body(self.body.clone());
        if let Some(policy) = &self.policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        Ok(response)
    }
}

//! Answers that are the same for everybody, made once.

use bytes::Bytes;
use poem::{
    Endpoint, Request, Response,
    error::MethodNotAllowedError,
    http::{HeaderValue, Method, StatusCode, header},
};

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

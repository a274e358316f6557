//! Somebody who sends requests.

use std::sync::Arc;

use poem::{
    Endpoint, Request,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode, header},
};
use serde_json::Value;

/// Somebody who sends requests, with or without a credential.
#[derive(Clone)]
pub struct Actor {
    pub(crate) endpoint: Arc<BoxEndpoint<'static, poem::Response>>,
    pub token: Option<String>,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body; empty when it is no text.
    pub text: String,
    pub bytes: Vec<u8>,
    /// Whether the body came to its end; if not, there is none of it here.
    pub is_whole: bool,
}

impl Response {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The value at a JSON pointer of the body.
    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// A string at a JSON pointer of the body.
    pub fn text_at(&self, pointer: &str) -> String {
        let value = self.at(pointer);
        value.as_str().unwrap_or_else(|| panic!("no text at {pointer} of {}", self.text)).to_owned()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The error's code; empty when it is none.
    pub fn code(&self) -> String {
        self.at("/error/code").as_str().unwrap_or_default().to_owned()
    }

    /// The response, which must have this status.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "the status may be all that is asked"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

impl Actor {
    pub(crate) fn new(endpoint: Arc<BoxEndpoint<'static, poem::Response>>, token: Option<String>) -> Self {
        Self { endpoint, token, headers: Vec::new() }
    }

    /// The same, sending one more header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut actor = self.clone();
        actor.headers.push((name.to_owned(), value.to_owned()));
        actor
    }

    /// Sends a request; a body is sent as JSON.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        match body {
            Some(body) => self.send_raw(method, path, Some("application/json"), body.to_string()).await,
            None => self.send_raw(method, path, None, String::new()).await,
        }
    }

    /// Sends a request with any body.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<poem::Body>,
    ) -> Response {
        let mut request = Request::builder().method(method).uri_str(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(content_type) = content_type {
            request = request.content_type(content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let response = self.endpoint.get_response(request.body(body)).await;
        let (parts, body) = response.into_parts();
        let body = body.into_vec().await;
        let (is_whole, bytes) = (body.is_ok(), body.unwrap_or_default());
        let text = String::from_utf8(bytes.clone()).unwrap_or_default();
        Response { status: parts.status, headers: parts.headers, text, bytes, is_whole }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path, Some(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.send(Method::PATCH, path, Some(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send(Method::DELETE, path, None).await
    }
}

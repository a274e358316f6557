//! What Graph answers when all is well.

use poem::{
    Body, Response,
    http::{StatusCode, header},
};
use serde_json::{Map, Value};

use super::{call::Call, error};
use crate::elsewhere;

const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// An answer.
pub(super) enum Reply {
    Json(Value),
    /// What the client has is still so.
    NotModified(String),
    /// To where the bytes are.
    Redirect(String),
    Bytes {
        mime: &'static str,
        etag: String,
        bytes: Vec<u8>,
    },
    Text(String),
}

impl Reply {
    pub(super) fn members(members: Map<String, Value>) -> Self {
        Self::Json(Value::Object(members))
    }

    pub(super) fn response(self, call: &Call<'_>) -> Response {
        let response = Response::builder();
        let mut response = match self {
            Self::Json(value) => response.content_type(JSON).body(value.to_string()),
            Self::NotModified(etag) => {
                response.status(StatusCode::NOT_MODIFIED).header(header::ETAG, etag).finish()
            }
            Self::Redirect(to) => elsewhere::redirect(&to),
            Self::Bytes { mime, etag, bytes } => {
                response.content_type(mime).header(header::ETAG, etag).body(Body::from_vec(bytes))
            }
            Self::Text(text) => response.content_type("text/plain").body(text),
        };
        error::stamp(&call.headers, &mut response);
        response
    }
}

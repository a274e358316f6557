//! `200` with a JSON body that serde writes as it is.
//!
//! The framework's own makes a tree of values first and writes that, which is the dearest part of an operation that
//! reads memory only. A view that is answered so derives `Serialize` beside `Object`, and has a test that both say the
//! same.

use std::{borrow::Cow, marker::PhantomData};

use poem::{
    Body, IntoResponse, Response,
    http::{HeaderMap, HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    payload::{Json, Payload},
    registry::{MetaResponses, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

use crate::{edge::USUAL_HEADERS, error::ApiError};

/// How long such a body is, as a rule: room for it is made once.
const USUAL_BYTES: usize = 1024;

/// `200` with one thing.
pub(crate) struct Direct<T> {
    body: Vec<u8>,
    view: PhantomData<T>,
}

impl<T> Direct<T> {
    /// Of a view that may borrow from what lives as long as the request: the type that the document has in other words
    /// of the same view (`Me<'static>`).
    pub(crate) fn of(view: &impl Serialize) -> Result<Self, ApiError> {
        let mut body = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut body, view).map_err(ApiError::internal)?;
        Ok(Self { body, view: PhantomData })
    }
}

impl<T: ToJSON> IntoResponse for Direct<T> {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        // Room for all that the edge adds is made once.
        let mut headers = HeaderMap::with_capacity(USUAL_HEADERS);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Json::<T>::CONTENT_TYPE));
        *response.headers_mut() = headers;
        response.set_body(Body::from(self.body));
        response
    }
}

impl<T: ToJSON> ApiResponse for Direct<T> {
    fn meta() -> MetaResponses {
        Json::<T>::meta()
    }

    fn register(registry: &mut Registry) {
        <Json<T> as ApiResponse>::register(registry);
    }
}

/// A string in a view that borrows it.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// In the document it is a string like any other.
impl Type for Text<'_> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        String::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'b>(&'b self) -> Box<dyn Iterator<Item = &'b Self> + 'b> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Text<'_> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        String::parse_from_json(value).map(|text| Self(Cow::Owned(text))).map_err(ParseError::propagate)
    }
}

impl ToJSON for Text<'_> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone().into_owned()))
    }
}

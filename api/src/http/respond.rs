//! Successful responses: `{"data": …}`, with the version as `ETag` where the thing can be edited.

use domain::idempotency::Made;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    payload::Json,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromJSON, ToJSON, Type},
};
use serde::Serialize;

use super::{idempotency::IDEMPOTENCY_REPLAYED, version::IfMatch};
use crate::compression::NotCompressed;

/// One thing.
#[derive(Debug, Object, Serialize)]
pub(crate) struct Data<T: Type + ParseFromJSON + ToJSON> {
    pub data: T,
}

/// A page of things.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct Listed<T: Type + ParseFromJSON + ToJSON> {
    pub data: Vec<T>,
    /// What to send as `cursor` for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// `200` with one thing and its version as `ETag`.
pub(crate) struct Found<T> {
    pub view: T,
    pub version: i64,
}

/// `201` with the thing that was made, where it is, and its version.
pub(crate) struct Created<T> {
    view: T,
    location: String,
    version: i64,
    replayed: bool,
}

impl<T> Created<T> {
    /// Of what a use-case made, now or for an earlier request with the same idempotency key. There is no other way
    /// to this response, so that no operation that creates is without keys.
    pub(crate) fn new<M: Into<T>>(location: String, version: i64, made: Made<M>) -> Self {
        Self { location, version, replayed: made.is_replayed(), view: made.into_inner().into() }
    }
}

/// `204`.
pub(crate) struct NoContent;

/// A response with a secret in it, which is not compressed.
pub(crate) struct WithSecret<T>(pub T);

impl<T: IntoResponse> IntoResponse for WithSecret<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(NotCompressed);
        response
    }
}

impl<T: ApiResponse> ApiResponse for WithSecret<T> {
    fn meta() -> MetaResponses {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

fn header_meta(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

fn etag_meta() -> MetaHeader {
    header_meta("ETag", "The version, for `If-Match` and `If-None-Match`.")
}

fn meta(
    status: u16,
    description: &'static str,
    content: Vec<MetaMediaType>,
    headers: Vec<MetaHeader>,
) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers,
        }],
    }
}

fn json_of<T: Type>() -> Vec<MetaMediaType> {
    vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }]
}

fn with_version(mut response: Response, version: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&IfMatch::tag(version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

impl<T: Type + ParseFromJSON + ToJSON> IntoResponse for Found<T>
where
    T: Send,
{
    fn into_response(self) -> Response {
        with_version(Json(Data { data: self.view }).into_response(), self.version)
    }
}

impl<T: Type + ParseFromJSON + ToJSON> ApiResponse for Found<T> {
    fn meta() -> MetaResponses {
        meta(200, "What was asked for.", json_of::<Data<T>>(), vec![etag_meta()])
    }

    fn register(registry: &mut Registry) {
        <Data<T> as Type>::register(registry);
    }
}

impl<T: Type + ParseFromJSON + ToJSON> IntoResponse for Created<T>
where
    T: Send,
{
    fn into_response(self) -> Response {
        let mut response = with_version(Json(Data { data: self.view }).into_response(), self.version);
        response.set_status(StatusCode::CREATED);
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: Type + ParseFromJSON + ToJSON> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let replayed = MetaHeader {
            required: false,
            ..header_meta(
                IDEMPOTENCY_REPLAYED,
                "`true` when an earlier request with the same `Idempotency-Key` made it.",
            )
        };
        let headers = vec![header_meta("Location", "Where it is."), etag_meta(), replayed];
        meta(201, "It was made, and is here.", json_of::<Data<T>>(), headers)
    }

    fn register(registry: &mut Registry) {
        <Data<T> as Type>::register(registry);
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        meta(204, "It is done.", vec![], vec![])
    }

    fn register(_registry: &mut Registry) {}
}

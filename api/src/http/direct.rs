//! `200` with a JSON body that serde writes as it is.
//!
//! The framework's own makes a tree of values first and writes that, which is the dearest part of an operation that
//! reads memory only. A view that is answered so derives `Serialize` beside `Object`, and has a test that both say the
//! same.

use std::marker::PhantomData;

use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    payload::{Json, Payload},
    registry::{MetaResponses, Registry},
    types::ToJSON,
};
use serde::Serialize;

use crate::error::ApiError;

/// `200` with one thing.
pub(crate) struct Direct<T> {
    body: Vec<u8>,
    view: PhantomData<T>,
}

impl<T: Serialize> Direct<T> {
    pub(crate) fn of(view: &T) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(view).map_err(ApiError::internal)?;
        Ok(Self { body, view: PhantomData })
    }
}

impl<T: ToJSON> IntoResponse for Direct<T> {
    fn into_response(self) -> Response {
        Response::builder().header(header::CONTENT_TYPE, Json::<T>::CONTENT_TYPE).body(Body::from(self.body))
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

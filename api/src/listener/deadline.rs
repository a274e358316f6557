//! How long a request may take from its head to its response.

use std::time::Duration;

use poem::{Endpoint, Request, Response};

use crate::error::{ApiError, ErrorCode};

/// Put into a request by the listener; a request from elsewhere (a test in process) has no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestLimit(pub(super) Duration);

/// Ends a request that takes too long with `408`, inside the envelope. What it did in the database is rolled back,
/// unless it was committed already.
pub(crate) struct Deadline<E> {
    pub inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Deadline<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(RequestLimit(limit)) = request.extensions().get().copied() else {
            return self.inner.call(request).await;
        };
        match tokio::time::timeout(limit, self.inner.call(request)).await {
            Ok(result) => result,
            Err(_) => Err(ApiError::new(ErrorCode::RequestTimeout, "The request took too long").into()),
        }
    }
}

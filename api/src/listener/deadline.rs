//! How long a request may take from its head to its response.

use std::time::Duration;

use poem::Request;

use crate::error::{ApiError, ErrorCode};

/// Put into a request by the listener; a request from elsewhere (a test in process) has no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimit(pub(super) Duration);

impl RequestLimit {
    pub(crate) fn of(request: &Request) -> Option<Self> {
        request.extensions().get().copied()
    }

    /// What the answer becomes, or `408` where it takes too long. What the request did in the database is rolled back
    /// then, unless it was committed already.
    pub(crate) async fn keep<T>(self, answer: impl Future<Output = poem::Result<T>>) -> poem::Result<T> {
        match tokio::time::timeout(self.0, answer).await {
            Ok(result) => result,
            Err(_) => Err(ApiError::new(ErrorCode::RequestTimeout, "The request took too long").into()),
        }
    }
}

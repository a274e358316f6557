//! `/.well-known/jwks.json`: the keys by which anybody can verify our tokens.

use std::sync::Arc;

use poem::{Endpoint, IntoResponse, Request, Response, http::header, web::Json};
use serde_json::Value;

/// Gives the present keys.
pub(crate) struct Jwks(pub Arc<dyn Fn() -> Value + Send + Sync>);

impl Endpoint for Jwks {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        // The next key is published a month before it signs.
        Ok(Json((self.0)()).with_header(header::CACHE_CONTROL, "public, max-age=3600").into_response())
    }
}

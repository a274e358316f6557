//! `/healthz` says that the process lives; `/readyz` whether it can do its work, and if not, why.

use std::sync::Arc;

use async_trait::async_trait;
use poem::{
    Endpoint, IntoResponse, Request, Response, handler,
    http::{StatusCode, header},
    web::Json,
};
use serde_json::{Map, Value, json};

/// The state of one thing that the service needs.
#[derive(Debug)]
pub(crate) struct Check {
    pub name: &'static str,
    pub outcome: Outcome,
}

/// How a thing that the service needs is.
#[derive(Debug)]
pub(crate) enum Outcome {
    Good,
    /// Works, but somebody should look.
    Worn(String),
    Bad(String),
}

/// Looks at what the service needs.
#[async_trait]
pub(crate) trait Readiness: Send + Sync {
    async fn checks(&self) -> Vec<Check>;
}

#[handler]
pub(crate) fn healthz() -> Response {
    Json(json!({ "status": "ok" })).with_header(header::CACHE_CONTROL, "no-store").into_response()
}

/// `200` when everything is good or worn, else `503`.
pub(crate) struct Readyz(pub Arc<dyn Readiness>);

impl Endpoint for Readyz {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        let checks = self.0.checks().await;
        let ready = !checks.iter().any(|check| matches!(check.outcome, Outcome::Bad(_)));
        let report: Map<String, Value> = checks
            .into_iter()
            .map(|check| {
                let state = match check.outcome {
                    Outcome::Good => json!({ "status": "ok" }),
                    Outcome::Worn(reason) => json!({ "status": "degraded", "reason": reason }),
                    Outcome::Bad(reason) => json!({ "status": "failed", "reason": reason }),
                };
                (check.name.to_owned(), state)
            })
            .collect();
        let (status, word) =
            if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
        Ok(Json(json!({ "status": word, "checks": report })).with_status(status).into_response())
    }
}

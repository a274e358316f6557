//! `/healthz` says that the process lives; `/readyz` whether it can do its work, and if not, why.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use poem::{
    Endpoint, IntoResponse, Request, Response, handler,
    http::{StatusCode, header},
    web::Json,
};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

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

/// `200` when everything is good or worn, else `503`. Anybody may ask, as often as they like, so those who ask at
/// the same time share one look: it began after each of them came.
pub(crate) struct Readyz {
    readiness: Arc<dyn Readiness>,
    last: Mutex<Option<(Instant, StatusCode, Value)>>,
}

impl Readyz {
    pub(crate) fn new(readiness: Arc<dyn Readiness>) -> Self {
        Self { readiness, last: Mutex::default() }
    }

    async fn look(&self) -> (StatusCode, Value) {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((began, status, report)) = last.as_ref()
            && *began > came
        {
            return (*status, report.clone());
        }
        let began = Instant::now();
        let (status, report) = report(self.readiness.checks().await);
        *last = Some((began, status, report.clone()));
        (status, report)
    }
}

fn report(checks: Vec<Check>) -> (StatusCode, Value) {
    let ready = !checks.iter().any(|check| matches!(check.outcome, Outcome::Bad(_)));
    let checks: Map<String, Value> = checks
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
    (status, json!({ "status": word, "checks": checks }))
}

impl Endpoint for Readyz {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        let (status, report) = self.look().await;
        Ok(Json(report).with_status(status).into_response())
    }
}

//! `/healthz` says that the process lives; `/readyz` whether it can do its work, and if not, why.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

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

/// Whether the process has been asked to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// `200` when everything is good or worn, else `503`. Anybody may ask, as often as they like, so those who ask at
/// the same time share one look: it began after each of them came. A process that ends looks at nothing any more.
pub(crate) struct Readyz {
    readiness: Arc<dyn Readiness>,
    draining: Draining,
    last: Mutex<Option<(Instant, StatusCode, Value)>>,
}

impl Readyz {
    pub(crate) fn new(readiness: Arc<dyn Readiness>, draining: Draining) -> Self {
        Self { readiness, draining, last: Mutex::default() }
    }

    async fn look(&self) -> (StatusCode, Value) {
        if self.draining.has_begun() {
            return report(vec![Check { name: "process", outcome: Outcome::Bad("draining".to_owned()) }]);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts the looks, and takes as long as it takes others to come.
    struct Counted(AtomicUsize);

    #[async_trait]
    impl Readiness for Counted {
        async fn checks(&self) -> Vec<Check> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            vec![Check { name: "database", outcome: Outcome::Good }]
        }
    }

    #[tokio::test]
    async fn a_flood_of_questions_makes_one_look_more() {
        let looks = Arc::new(Counted(AtomicUsize::new(0)));
        let readyz = Readyz::new(Arc::clone(&looks) as _, Draining::default());
        let answers = futures_util::future::join_all((0..1000).map(|_| readyz.look())).await;
        assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK));
        // The first of them looks; who came while it did shares the next look.
        assert!((1..=2).contains(&looks.0.load(Ordering::Relaxed)), "{}", looks.0.load(Ordering::Relaxed));
        let before = looks.0.load(Ordering::Relaxed);
        readyz.look().await;
        assert_eq!(looks.0.load(Ordering::Relaxed), before + 1, "an old look is for nobody who comes later");
    }

    #[tokio::test]
    async fn a_process_that_ends_is_not_ready_and_looks_at_nothing() {
        let looks = Arc::new(Counted(AtomicUsize::new(0)));
        let draining = Draining::default();
        let readyz = Readyz::new(Arc::clone(&looks) as _, draining.clone());
        draining.begin();
        let (status, report) = readyz.look().await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(report["checks"]["process"], json!({ "status": "failed", "reason": "draining" }));
        assert_eq!(looks.0.load(Ordering::Relaxed), 0);
    }
}

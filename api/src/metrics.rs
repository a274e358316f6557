//! Prometheus metrics, on a port of their own.
//!
//! Labels are bounded: operations, methods, classes of status, named reasons. None names an organization or a person;
//! `docs/metrics.md` lists all of them. Without `METRICS_PORT` nothing is installed, and counting costs next to nothing.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use poem::{
    Endpoint, IntoResponse, Request, Response, Route, Server,
    http::{Method, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
};
use poem_openapi::OperationId;

const REQUESTS: &str = "tenantry_http_requests_total";
const DURATION: &str = "tenantry_http_request_duration_seconds";
const REFUSALS: &str = "tenantry_authentication_refusals_total";
const JOBS: &str = "tenantry_jobs_total";
const JOB_DURATION: &str = "tenantry_jobs_duration_seconds";
const JOB_DELAY: &str = "tenantry_jobs_delay_seconds";

/// In seconds: a hot request takes some 10 µs, one that asks Microsoft may take seconds.
const BUCKETS: [f64; 13] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// In seconds: jobs ask others, and wait for them.
const JOB_BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0];

/// How often what histograms have collected is put into its buckets when nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Writes gauges: what is looked at when it is asked for, rather than counted when it happens.
pub(crate) trait Gauges: Send + Sync {
    fn write(&self);
}

/// Counts from now on. Once in a process.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)?;
    let builder = builder.set_buckets_for_metric(Matcher::Full(JOB_DURATION.to_owned()), &JOB_BUCKETS)?;
    let builder = builder.set_buckets_for_metric(Matcher::Full(JOB_DELAY.to_owned()), &JOB_BUCKETS)?;
    let handle = builder.install_recorder().context("another recorder of metrics is installed already")?;
    metrics::describe_counter!(REQUESTS, "Requests by method, operation and class of status.");
    metrics::describe_histogram!(DURATION, "Seconds from a request to its answer, by operation.");
    metrics::describe_counter!(REFUSALS, "Credentials that were refused, by reason.");
    metrics::describe_counter!(JOBS, "Jobs that ran, by kind and result.");
    metrics::describe_histogram!(JOB_DURATION, "Seconds that a job ran, by kind.");
    metrics::describe_histogram!(JOB_DELAY, "Seconds from when a job was due until it began, by kind.");
    metrics::gauge!("tenantry_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Opens the port; what comes back answers for as long as it is polled.
pub(crate) async fn listen(
    host: IpAddr,
    port: u16,
    handle: PrometheusHandle,
    gauges: Arc<dyn Gauges>,
) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let acceptor = TcpListener::bind((host, port)).into_acceptor().await;
    let acceptor = acceptor
        .with_context(|| format!("cannot listen on {host}:{port} for metrics; change METRICS_PORT"))?;
    // Which one it is where any free one was asked for.
    let port = acceptor
        .local_addr()
        .iter()
        .find_map(|address| address.as_socket_addr())
        .map_or(port, SocketAddr::port);
    tracing::info!(%host, port, "serving metrics at /metrics");
    let upkeep = handle.clone();
    let server = Server::new_with_acceptor(acceptor).run(endpoint(handle, gauges));
    Ok(async move {
        let upkeep = async {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        };
        tokio::select! {
            ended = server => tracing::error!(error = ?ended.err(), "metrics are not served any more"),
            () = upkeep => {}
        }
    })
}

/// `/metrics` and nothing else.
fn endpoint(handle: PrometheusHandle, gauges: Arc<dyn Gauges>) -> Route {
    Route::new().at("/metrics", Metrics { handle, gauges })
}

struct Metrics {
    handle: PrometheusHandle,
    gauges: Arc<dyn Gauges>,
}

impl Endpoint for Metrics {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        self.gauges.write();
        Ok(self.handle.render().with_content_type("text/plain; version=0.0.4; charset=utf-8").into_response())
    }
}

/// The operation that answered, once that is known.
pub(crate) fn operation(result: &poem::Result<Response>) -> &'static str {
    let id = match result {
        Ok(response) => response.data::<OperationId>(),
        Err(error) => error.data::<OperationId>(),
    };
    id.map_or("none", |id| id.0)
}

/// Requests that were answered. It keeps what it counts with: looking that up anew by its labels costs more than all
/// the counting.
#[derive(Default)]
pub(crate) struct Requests(RwLock<HashMap<Labels, Answered>>);

/// Method, operation, class of status.
type Labels = (&'static str, &'static str, &'static str);

#[derive(Clone)]
struct Answered {
    count: Counter,
    duration: Histogram,
}

impl Requests {
    /// Counts a request that was answered.
    pub(crate) fn count(&self, method: &Method, operation: &'static str, status: StatusCode, took: Duration) {
        let labels = labels(method, operation, status);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answered) = known.get(&labels) {
            answered.count(took);
            return;
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(labels).or_insert_with(|| Answered::new(labels)).count(took);
    }
}

impl Answered {
    fn new((method, operation, class): Labels) -> Self {
        Self {
            count: metrics::counter!(REQUESTS, "method" => method, "operation" => operation, "status" => class),
            duration: metrics::histogram!(DURATION, "operation" => operation),
        }
    }

    fn count(&self, took: Duration) {
        self.count.increment(1);
        self.duration.record(took);
    }
}

/// The labels of a request: each one of a closed list.
fn labels(method: &Method, operation: &'static str, status: StatusCode) -> Labels {
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let class = match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => "1xx",
    };
    (method, operation, class)
}

/// Counts a credential that was refused. The reason is one of a closed list.
pub(crate) fn count_refusal(reason: String) {
    metrics::counter!(REFUSALS, "reason" => reason).increment(1);
}

/// Counts a job that has run. Kinds and results are closed lists.
pub(crate) fn count_job(kind: &'static str, result: &'static str, took: Duration) {
    metrics::counter!(JOBS, "kind" => kind, "result" => result).increment(1);
    metrics::histogram!(JOB_DURATION, "kind" => kind).record(took);
}

/// Counts how long a job was due before it began.
pub(crate) fn count_job_delay(kind: &'static str, delay: Duration) {
    metrics::histogram!(JOB_DELAY, "kind" => kind).record(delay);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_with_bounded_labels() {
        let handle = install().unwrap();
        let purge = Method::from_bytes(b"PURGE").unwrap();
        let requests = Requests::default();
        for _ in 0..2 {
            requests.count(&Method::GET, "getMe", StatusCode::OK, Duration::from_millis(2));
        }
        requests.count(&purge, "none", StatusCode::NOT_FOUND, Duration::from_millis(2));
        count_refusal("expired".to_owned());
        count_job("service.tidy", "done", Duration::from_millis(2));
        let text = handle.render();
        for line in [
            r#"tenantry_http_requests_total{method="GET",operation="getMe",status="2xx"} 2"#,
            r#"tenantry_http_requests_total{method="other",operation="none",status="4xx"}"#,
            r#"tenantry_http_request_duration_seconds_bucket{operation="getMe",le="0.0025"}"#,
            r#"tenantry_authentication_refusals_total{reason="expired"}"#,
            r#"tenantry_jobs_total{kind="service.tidy",result="done"}"#,
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}

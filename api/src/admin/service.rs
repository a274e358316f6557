//! `/api/admin/ping` and `/api/admin/health`: whether a credential holds, and how the service is.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::access::{JobCounts, Staff};
use poem_openapi::{Enum, Object, OpenApi, payload::Json};

use super::caller::AdminCaller;
use crate::{error::ApiError, openapi::Tag};

/// By what somebody is an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "OperatorBy", rename_all = "lowercase")]
enum ByWord {
    Account,
    Secret,
}

/// That the credential holds, and whose it is.
#[derive(Debug, Object)]
#[oai(rename = "OperatorPing")]
struct PingView {
    /// A person's account, or the administration's secret.
    by: ByWord,
    /// Of a person, for display.
    name: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "FindingState", rename_all = "lowercase")]
pub(crate) enum FindingState {
    Ok,
    /// It works, but somebody should look.
    Warning,
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Object)]
#[oai(rename = "HealthFinding")]
pub(crate) struct Finding {
    /// What it is.
    pub name: String,
    pub state: FindingState,
    /// How it is, for a person.
    pub message: String,
    /// What to do about it; `null` where there is nothing to do.
    pub fix: Option<String>,
}

/// What is to be done in the background.
#[derive(Debug, Object)]
#[oai(rename = "HealthJobs")]
struct JobsView {
    /// What could begin now, or should have begun before.
    due: u64,
    /// What should have begun five minutes ago: more than a few mean that nobody works.
    late: u64,
}

/// How the service is, as the process sees it that answers.
#[derive(Debug, Object)]
#[oai(rename = "ServiceHealth", rename_all = "camelCase")]
struct HealthView {
    /// Of the service.
    version: String,
    /// When the process that answers began.
    started_at: DateTime<Utc>,
    findings: Vec<Finding>,
    /// `null` where the database could not be asked; the findings say more then.
    jobs: Option<JobsView>,
}

/// Looks at what the service needs, within a bounded time. What was found is remembered for some seconds.
#[async_trait]
pub(crate) trait Inspector: Send + Sync {
    async fn findings(&self) -> Arc<Vec<Finding>>;
}

/// The service itself, for operators.
pub(crate) struct ServiceApi {
    pub inspector: Arc<dyn Inspector>,
    pub started_at: DateTime<Utc>,
}

#[OpenApi(tag = "Tag::Operator")]
impl ServiceApi {
    /// Check the credential
    ///
    /// Answers whoever may call what is below `/api/admin`.
    #[oai(path = "/api/admin/ping", method = "get", operation_id = "pingAdmin")]
    async fn ping(&self, caller: AdminCaller) -> Result<Json<PingView>, ApiError> {
        let by = match caller.staff() {
            Staff::Account(_) => ByWord::Account,
            Staff::Secret | Staff::CommandLine => ByWord::Secret,
        };
        Ok(Json(PingView { by, name: caller.name().map(str::to_owned) }))
    }

    /// Get the service's health
    ///
    /// What `/readyz` and `tenantry doctor` look at, for a person, and how much is to be done in the background. It is
    /// looked at anew after 15 seconds.
    #[oai(path = "/api/admin/health", method = "get", operation_id = "getServiceHealth")]
    async fn health(&self, caller: AdminCaller) -> Result<Json<HealthView>, ApiError> {
        let findings = self.inspector.findings().await;
        // What is wrong is told above all when the database is what is wrong.
        let jobs =
            caller.jobs().await.inspect_err(|error| tracing::warn!(%error, "jobs could not be counted"));
        Ok(Json(HealthView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            findings: findings.as_ref().clone(),
            jobs: jobs.ok().map(|JobCounts { due, late }| JobsView { due, late }),
        }))
    }
}

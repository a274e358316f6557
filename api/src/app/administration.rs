//! What operators do, put together.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Operators, organizations::onboarding::Onboarding};
use tokio::sync::Mutex;

use super::{
    Parts, Severity,
    dependencies::Dependencies,
    inspect::{self, findings_of_a_running_service},
};
use crate::{
    admin::{
        AdminGate, AdminSecret, Finding, FindingState, Inspector, InvitationsApi, ServiceApi, TenantsApi,
    },
    auth::Gate,
    config::Config,
    health::{Outcome, Readiness},
};

/// The operations of operators.
pub(super) type AdministrationApi = (TenantsApi, InvitationsApi, ServiceApi);

/// How long what was found is remembered: people reload pages, and Microsoft is asked for it.
const REMEMBER: TimeDelta = TimeDelta::seconds(15);
/// How long all that is asked outside may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands before them.
pub(super) fn gate(config: &Config, gate: &Arc<Gate>, operators: &Operators) -> Arc<AdminGate> {
    let addresses = || config.admin.addresses.clone();
    let secret = config.admin.secret.as_ref().map(|secret| AdminSecret::new(secret, addresses()));
    Arc::new(AdminGate { gate: Arc::clone(gate), operators: operators.clone(), secret })
}

pub(super) fn api(
    config: &Config,
    parts: &Parts,
    dependencies: &Arc<Dependencies>,
    onboarding: &Onboarding,
) -> AdministrationApi {
    let inspector = Inspection {
        config: config.clone(),
        parts: parts.clone(),
        dependencies: Arc::clone(dependencies),
        last: Mutex::default(),
    };
    let public_url = config.process.public_url.clone();
    (
        TenantsApi,
        InvitationsApi { onboarding: onboarding.clone(), public_url },
        ServiceApi { inspector: Arc::new(inspector), started_at: parts.clock.now() },
    )
}

/// Looks at the service, for one after the other: whoever comes meanwhile gets what the first one found.
struct Inspection {
    config: Config,
    parts: Parts,
    dependencies: Arc<Dependencies>,
    last: Mutex<Option<Found>>,
}

/// What was found, and when.
struct Found {
    at: DateTime<Utc>,
    findings: Arc<Vec<Finding>>,
}

impl Inspection {
    async fn look(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.dependencies.checks().await.into_iter().map(of_check).collect();
        // It asks Entra ID for metadata, keys and a token, each with a time-out of its own.
        let outside = Box::pin(findings_of_a_running_service(&self.config, &self.parts));
        match tokio::time::timeout(PATIENCE, outside).await {
            Ok(outside) => found.extend(outside.into_iter().map(of_doctor)),
            Err(_) => found.push(Finding {
                name: "inspection".to_owned(),
                state: FindingState::Error,
                message: "what is outside of the service did not answer within 10 seconds".to_owned(),
                fix: Some(
                    "see that a firewall or proxy lets this machine out; `tenantry doctor` says more"
                        .to_owned(),
                ),
            }),
        }
        found
    }
}

#[async_trait]
impl Inspector for Inspection {
    async fn findings(&self) -> Arc<Vec<Finding>> {
        let mut last = self.last.lock().await;
        let now = self.parts.clock.now();
        if let Some(found) = last.as_ref()
            && now - found.at < REMEMBER
        {
            return Arc::clone(&found.findings);
        }
        let findings = Arc::new(self.look().await);
        *last = Some(Found { at: now, findings: Arc::clone(&findings) });
        findings
    }
}

fn of_check(check: crate::health::Check) -> Finding {
    let (state, message) = match check.outcome {
        Outcome::Good => (FindingState::Ok, "works".to_owned()),
        Outcome::Worn(reason) => (FindingState::Warning, reason),
        Outcome::Bad(reason) => (FindingState::Error, reason),
    };
    let name = match check.name {
        "signingKeys" => "signing keys",
        other => other,
    };
    Finding { name: name.to_owned(), state, message, fix: None }
}

fn of_doctor(found: inspect::Finding) -> Finding {
    let state = match found.severity {
        Severity::Good => FindingState::Ok,
        Severity::Note => FindingState::Warning,
        Severity::Wrong => FindingState::Error,
    };
    Finding { name: found.subject.to_owned(), state, message: found.text, fix: found.fix.map(str::to_owned) }
}

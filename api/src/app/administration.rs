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
/// How long a look may take, at what is inside and outside of the service at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands before them.
pub(super) fn gate(config: &Config, gate: &Arc<Gate>, operators: &Operators) -> Arc<AdminGate> {
    let addresses = &config.admin.addresses;
    let secret = config.admin.secret.as_ref().map(|secret| AdminSecret::new(secret, addresses.clone()));
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
        let inside = Box::pin(self.dependencies.checks());
        // It asks Entra ID for metadata, keys and a token, each with a time-out of its own.
        let outside = Box::pin(findings_of_a_running_service(&self.config, &self.parts));
        let (inside, outside) =
            tokio::join!(tokio::time::timeout(PATIENCE, inside), tokio::time::timeout(PATIENCE, outside));
        let mut found = match inside {
            Ok(inside) => inside.into_iter().map(of_check).collect(),
            Err(_) => vec![unanswered(
                "what the service needs did not answer within 10 seconds",
                "see that the database and Redis can be reached; `/readyz` says which of them can not",
            )],
        };
        match outside {
            Ok(outside) => found.extend(outside.into_iter().map(of_doctor)),
            Err(_) => found.push(unanswered(
                "what is outside of the service did not answer within 10 seconds",
                "see that a firewall or proxy lets this machine out; `tenantry doctor` says more",
            )),
        }
        found
    }
}

#[async_trait]
impl Inspector for Inspection {
    async fn findings(&self) -> Arc<Vec<Finding>> {
        let mut last = self.last.lock().await;
        if let Some(found) = last.as_ref()
            && is_fresh(self.parts.clock.now() - found.at)
        {
            return Arc::clone(&found.findings);
        }
        let findings = Arc::new(self.look().await);
        *last = Some(Found { at: self.parts.clock.now(), findings: Arc::clone(&findings) });
        findings
    }
}

/// By its age. One from the future was found before the clock was set back, and would stay for as long as that.
fn is_fresh(age: TimeDelta) -> bool {
    (TimeDelta::zero()..REMEMBER).contains(&age)
}

fn unanswered(message: &str, fix: &str) -> Finding {
    Finding {
        name: "inspection".to_owned(),
        state: FindingState::Error,
        message: message.to_owned(),
        fix: Some(fix.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_remembered_for_a_while_and_not_while_a_clock_is_behind() {
        let fresh = [0, 14, 15, -1].map(|seconds| is_fresh(TimeDelta::seconds(seconds)));
        assert_eq!(fresh, [true, true, false, false]);
    }
}

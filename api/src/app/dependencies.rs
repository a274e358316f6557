//! How the things that the service needs are: for `/readyz`, and as gauges.

use std::sync::Arc;

use async_trait::async_trait;
use domain::clock::Clock;
use infra::{
    db::Database,
    entra::{AuthorityKeys, KeysState},
    epochs::EpochWatch,
};

use super::credential_ends::CredentialEnds;
use crate::{
    health::{Check, Outcome, Readiness},
    metrics::Gauges,
};

/// What is asked.
pub(super) struct Dependencies {
    pub(super) database: Database,
    pub(super) keys: Arc<AuthorityKeys>,
    pub(super) epochs: EpochWatch,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) credential_ends: Arc<CredentialEnds>,
}

#[async_trait]
impl Readiness for Dependencies {
    async fn checks(&self) -> Vec<Check> {
        let database = match self.database.ping().await {
            Ok(()) => Outcome::Good,
            Err(_) => Outcome::Bad("the database does not answer".to_owned()),
        };
        let keys = match self.keys.state() {
            KeysState::Fresh { .. } => Outcome::Good,
            KeysState::Stale { fetched_at } => Outcome::Worn(format!(
                "the authority does not answer; keys of {fetched_at} serve for 24 hours"
            )),
            KeysState::NotYetFetched => Outcome::Bad(
                "the authority's signing keys have not been fetched yet; it may be down".to_owned(),
            ),
            KeysState::Expired { fetched_at } => Outcome::Bad(format!(
                "the authority has not answered since {fetched_at}; its keys are too old"
            )),
        };
        let revocation = if self.epochs.is_hearing() {
            Outcome::Good
        } else {
            Outcome::Worn("revocations are not heard of; each request asks the database".to_owned())
        };
        vec![
            Check { name: "database", outcome: database },
            Check { name: "signingKeys", outcome: keys },
            Check { name: "revocation", outcome: revocation },
        ]
    }
}

impl Gauges for Dependencies {
    fn write(&self) {
        let now = self.clock.now();
        let (state, fetched_at) = match self.keys.state() {
            KeysState::NotYetFetched => ("not_yet_fetched", None),
            KeysState::Fresh { fetched_at } => ("fresh", Some(fetched_at)),
            KeysState::Stale { fetched_at } => ("stale", Some(fetched_at)),
            KeysState::Expired { fetched_at } => ("expired", Some(fetched_at)),
        };
        for known in ["not_yet_fetched", "fresh", "stale", "expired"] {
            metrics::gauge!("tenantry_signing_keys", "state" => known).set(flag(known == state));
        }
        if let Some(fetched_at) = fetched_at {
            metrics::gauge!("tenantry_signing_keys_age_seconds").set((now - fetched_at).as_seconds_f64());
        }
        self.credential_ends.write_gauges();
        metrics::gauge!("tenantry_revocation_hearing").set(flag(self.epochs.is_hearing()));
        let pool = self.database.pool_state();
        metrics::gauge!("tenantry_database_connections", "state" => "idle").set(pool.idle);
        let used = pool.open.saturating_sub(pool.idle);
        metrics::gauge!("tenantry_database_connections", "state" => "used").set(used);
    }
}

fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

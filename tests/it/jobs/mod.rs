//! Work in the background: leases, back-off, and what remains when a process dies.

mod crash;
mod leases;
mod tidy;
mod workers;

pub(crate) use crash::process;

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{
    id::Ids,
    jobs::{JobQueue, Kind},
};
use infra::{
    crypto::KeyRing,
    db::{Database, DatabaseSettings, DatabaseUrl},
};
use tests::{SeededEntropy, TestApp, TestClock, is_postgres};
use uuid::Uuid;

/// The queue as one more process on the test's database has it.
pub(crate) async fn queue(app: &TestApp, seed: u64) -> Database {
    let clock: Arc<TestClock> = Arc::new(app.clock.clone());
    let url = if is_postgres() {
        DatabaseUrl::Postgres(app.database.url.clone().into())
    } else {
        DatabaseUrl::SqliteFile(app.database.folder().join("tenantry.db"))
    };
    let entropy = Arc::new(SeededEntropy::new(seed));
    let ids = Ids::new(Arc::clone(&clock) as _, Arc::clone(&entropy) as _);
    let ring = app.config.keys.ring.clone().expect("the harness configures a key").sealing;
    let settings = DatabaseSettings {
        url,
        ids,
        clock,
        entropy,
        ring: Box::new(move || KeyRing::new((ring.id, ring.key), Vec::new())),
        revocation_max_stale: Duration::ZERO,
    };
    Database::open(settings).await.expect("the database opens")
}

/// A UUID as the database has it in a statement.
fn uuid(id: Uuid) -> String {
    if is_postgres() { format!("'{id}'::uuid") } else { format!("X'{}'", id.simple()) }
}

/// A moment before every test, in a statement.
fn past() -> &'static str {
    if is_postgres() { "'2025-01-01T00:00:00+00:00'::timestamptz" } else { "'2025-01-01T00:00:00+00:00'" }
}

/// Writes a job that is due and has failed so often, past the service.
async fn insert(app: &TestApp, kind: Kind, key: Uuid, attempt: u32) {
    let org_id = if kind.is_of_organization() { uuid(key) } else { "NULL".to_owned() };
    let kind = kind.as_str();
    let (key, past) = (uuid(key), past());
    let row = format!("('{kind}', {key}, {org_id}, {past}, {attempt}, 1)");
    let columns = "kind, key, org_id, run_at, attempt, version";
    app.database.execute(&format!("INSERT INTO jobs ({columns}) VALUES {row}")).await;
}

/// Makes jobs that are due, and gives their keys.
async fn due(app: &TestApp, queue: &Database, number: u128) -> HashSet<Uuid> {
    let keys: HashSet<Uuid> = (1..=number).map(Uuid::from_u128).collect();
    for key in &keys {
        queue.ensure(Kind::ServiceTidy, *key, app.clock.peek()).await.expect("the job is made");
    }
    keys
}

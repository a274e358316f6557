//! A process that is killed in the middle of its work.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use chrono::TimeDelta;
use domain::jobs::Kind;
use tests::{TestApp, emulator::ids};
use uuid::Uuid;

use super::{insert, past, uuid};

/// More than a process deletes before it is killed.
const ORGANIZATIONS: i64 = 400;

/// The binary that the workspace's build puts beside the tests.
fn tenantry() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has a path");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("it is in target/debug/deps");
    let binary = folder.join("tenantry");
    assert!(binary.exists(), "{} is not there; build the workspace first", binary.display());
    binary
}

/// A worker of its own process, on the real clock.
pub(crate) fn process(app: &TestApp) -> Child {
    Command::new(tenantry())
        .arg("worker")
        .env_clear()
        .envs([
            ("APP_ENV", "test"),
            ("DATABASE_URL", app.database.url.as_str()),
            ("AZURE_AUTHORITY_HOST", app.emulator.http_url()),
            ("AZURE_CLIENT_ID", ids::TENANTRY_APP),
            ("AZURE_CLIENT_SECRET", ids::TENANTRY_SECRET),
            ("GRAPH_URL", app.emulator.http_url()),
            ("TENANT_POLICY", "open"),
            ("TOKEN_KEY", "a key for tests, which is long enough to be one"),
            ("LOG_LEVEL", "warn"),
        ])
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

async fn fill(app: &TestApp) {
    for number in 1..=ORGANIZATIONS {
        let key = Uuid::from_u128(number.unsigned_abs().into());
        let (id, past) = (uuid(key), past());
        for sql in [
            format!(
                "INSERT INTO organizations (id, origin_key, name, name_source, status, config, version, created_at, updated_at) \
                 VALUES ({id}, 'o{number}', 'o', 'tenant_id', 'active', '{{}}', 1, {past}, {past})"
            ),
            format!(
                "INSERT INTO idempotency_keys (org_id, caller, operation, key, digest, made_id, expires_at) \
                 VALUES ({id}, 'system', 'o', 'k', 'd', {id}, {past})"
            ),
        ] {
            app.database.execute(&sql).await;
        }
        insert(app, Kind::OrganizationTidy, key, 0).await;
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_done_by_the_next_one() {
    let app = TestApp::start().await;
    fill(&app).await;
    let keys = "SELECT count(*) AS n FROM idempotency_keys";
    let mut process = process(&app);
    let begun = async {
        while app.database.count(keys).await == ORGANIZATIONS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun).await.expect("it begins to work");
    process.kill().expect("it can be killed");
    process.wait().expect("it is dead");
    let left = app.database.count(keys).await;
    assert!(left > 0, "it was killed too late to prove anything");
    let held = "SELECT count(*) AS n FROM jobs WHERE owner IS NOT NULL";
    let held = app.database.count(held).await;
    // The leases of the real clock are beyond the test's, which stands in its past.
    app.advance(TimeDelta::days(36_500));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(keys).await, 0, "{left} were left, {held} leased");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs WHERE owner IS NOT NULL").await, 0);
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs WHERE attempt > 0").await, 0);
}

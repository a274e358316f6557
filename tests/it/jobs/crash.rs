//! A process that is killed in the middle of its work.

use std::time::Duration;

use chrono::TimeDelta;
use domain::jobs::Kind;
use tests::TestApp;
use uuid::Uuid;

use super::{insert, past, uuid};

/// More than a process deletes before it is killed.
const ORGANIZATIONS: i64 = 400;

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
    let mut process = app.process(&["worker"], &[]);
    let begun = async {
        while app.database.count(keys).await == ORGANIZATIONS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun).await.expect("it begins to work");
    process.kill();
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

//! The workers of a process.

use std::time::Duration;

use domain::jobs::Kind;
use tests::TestApp;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::insert;

const PATIENCE: Duration = Duration::from_secs(20);

async fn until(app: &TestApp, sql: &str, expected: i64) {
    let arrived = async {
        while app.database.count(sql).await != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.expect("it comes to that");
}

/// Each failed five times before: what succeeded since is told by its count.
const LEFT: &str = "SELECT count(*) AS n FROM jobs WHERE attempt > 0 OR owner IS NOT NULL";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_share_the_work_and_end_when_they_are_asked_to() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    for number in 1..=40 {
        insert(&app, Kind::ServiceTidy, Uuid::from_u128(number), 5).await;
    }
    let (end, ended) = oneshot::channel::<()>();
    let (end_there, ended_there) = oneshot::channel::<()>();
    let one = tokio::spawn(app.app.worker().run(async { drop(ended.await) }));
    let other = tokio::spawn(replica.app.worker().run(async { drop(ended_there.await) }));
    until(&app, LEFT, 0).await;
    end.send(()).unwrap();
    end_there.send(()).unwrap();
    tokio::time::timeout(PATIENCE, async { (one.await.unwrap(), other.await.unwrap()) }).await.unwrap();
    // The service's own row came with the first worker.
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs").await, 41);
}

#[tokio::test]
async fn what_comes_while_the_workers_rest_is_found() {
    let app = TestApp::start().await;
    let (_end, ended) = oneshot::channel::<()>();
    let working = tokio::spawn(app.app.worker().run(async { drop(ended.await) }));
    until(&app, "SELECT count(*) AS n FROM jobs", 1).await;
    until(&app, LEFT, 0).await;
    insert(&app, Kind::ServiceTidy, Uuid::from_u128(1), 5).await;
    until(&app, LEFT, 0).await;
    working.abort();
}

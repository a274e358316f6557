//! A revocation on one replica is known on the others: by the channel, without it, and with the database gone.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;
use tests::{Actor, Redis, TestApp, TestDatabase, is_postgres};

use super::support::{ME, id_of};

async fn suspend(by: &Actor, id: &str) {
    by.post(&format!("/api/members/{id}/suspend"), json!(null)).await.expect(200);
}

/// The service twice, and Alex known to the second.
struct Two {
    app: TestApp,
    replica: TestApp,
    admin: Actor,
    alex_there: Actor,
    alex_id: String,
}

impl Two {
    async fn start() -> Self {
        Self::of(TestApp::start().await).await
    }

    async fn of(app: TestApp) -> Self {
        let replica = app.replica().await;
        let alex_there = replica.user("alex");
        let alex_id = id_of(&alex_there).await;
        Self { admin: app.user("adele"), alex_there, alex_id, replica, app }
    }
}

#[tokio::test]
async fn a_replica_that_has_caught_up_refuses_with_the_next_request() {
    let two = Two::start().await;
    suspend(&two.admin, &two.alex_id).await;
    two.replica.app.turn_background().await.expect("the background turns");
    assert_eq!(two.alex_there.get(ME).await.expect(403).code(), "USER_DISABLED");
}

#[tokio::test]
async fn a_replica_that_has_heard_nothing_for_a_second_asks_the_table_with_each_request() {
    let two = Two::start().await;
    suspend(&two.admin, &two.alex_id).await;
    two.app.advance(TimeDelta::milliseconds(1_100));
    let ready = two.replica.anonymous().get("/readyz").await.expect(200);
    assert_eq!(ready.at("/checks/revocation/status"), json!("degraded"));
    assert_eq!(two.alex_there.get(ME).await.expect(403).code(), "USER_DISABLED");
}

#[tokio::test]
async fn a_renamed_and_a_suspended_organization_are_known_there_too() {
    let two = Two::start().await;
    two.admin.patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    two.app.advance(TimeDelta::seconds(2));
    let me = two.alex_there.get(ME).await.expect(200);
    assert_eq!(me.at("/data/organization/name"), json!("Contoso Ltd"));
    two.app.suspend(&me.text_at("/data/organization/id")).await;
    two.replica.app.turn_background().await.expect("the background turns");
    assert_eq!(two.alex_there.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
}

/// The clean-up deletes epochs of two days ago, each process forgets them at another time, and one that started in
/// between knows them for longer: a later change must not look like the one that was deleted.
#[tokio::test]
async fn a_change_is_heard_of_though_an_earlier_one_was_deleted_as_old() {
    let two = Two::start().await;
    let renamed = json!({ "name": "Contoso Ltd" });
    let organization = two.admin.patch("/api/auth/organization", renamed).await.expect(200);
    let late = two.app.replica().await;
    two.app.database.execute("DELETE FROM epochs").await;
    two.app.advance(TimeDelta::days(2));
    let alex = late.user("alex");
    late.app.turn_background().await.expect("the background turns");
    alex.get(ME).await.expect(200);
    two.app.suspend(&organization.text_at("/data/id")).await;
    late.app.turn_background().await.expect("the background turns");
    assert_eq!(alex.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
}

#[tokio::test]
async fn while_the_table_does_not_answer_hot_entries_serve_for_the_agreed_time_and_then_nobody() {
    let app = TestApp::builder().set("REVOCATION_MAX_STALE", "20s").start().await;
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.database.execute("ALTER TABLE epochs RENAME TO elsewhere").await;
    app.advance(TimeDelta::seconds(19));
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(2));
    let refused = alex.get(ME).await.expect(503);
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    assert!(!refused.text.contains("epochs"), "{}", refused.text);
    app.database.execute("ALTER TABLE elsewhere RENAME TO epochs").await;
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(19));
    alex.get(ME).await.expect(200);
}

const SERVICE: &str = "datname = current_database() AND usename = 'tenantry_test_service'";

#[tokio::test]
async fn while_the_database_is_gone_hot_entries_serve_for_half_a_minute_and_then_nobody() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    set_connection_limit(&app.database, 0).await;
    app.database
        .query(&format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {SERVICE}"))
        .await;
    app.advance(TimeDelta::seconds(29));
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(2));
    assert_eq!(alex.get(ME).await.expect(503).code(), "UNAVAILABLE");
    assert_eq!(app.user("lee").get(ME).await.expect(503).code(), "UNAVAILABLE");
    set_connection_limit(&app.database, -1).await;
    alex.get(ME).await.expect(200);
    app.user("lee").get(ME).await.expect(200);
}

/// As a restart of the server does.
#[tokio::test]
async fn connections_that_the_server_cut_cost_nobody_an_error() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    let id = id_of(&alex).await;
    // Several at once, so that several connections rest in the pool.
    let annotations = || alex.get("/api/annotations");
    let _ = tokio::join!(annotations(), annotations(), annotations(), annotations());
    for _ in 0..3 {
        app.database
            .query(&format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {SERVICE}"))
            .await;
        app.user("lee").get(ME).await.expect(200);
        let (one, other) = tokio::join!(annotations(), annotations());
        one.expect(200);
        other.expect(200);
    }
    app.database
        .query(&format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {SERVICE}"))
        .await;
    suspend(&adele, &id).await;
    assert_eq!(alex.get(ME).await.expect(403).code(), "USER_DISABLED");
}

async fn set_connection_limit(database: &TestDatabase, limit: i32) {
    let name = url::Url::parse(&database.url).expect("a URL").path().trim_start_matches('/').to_owned();
    database.execute(&format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}")).await;
}

/// Asks until refused, and gives the time it took; `None` when it takes too long. The test's clock goes along, so
/// that silence is noticed.
async fn time_until_refused(two: &Two) -> Option<Duration> {
    let begun = Instant::now();
    for _ in 0..400 {
        let asked = Instant::now();
        if two.alex_there.get(ME).await.status == 403 {
            return Some(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        two.app.advance(TimeDelta::from_std(asked.elapsed()).expect("a short time"));
    }
    None
}

/// Waits until both replicas listen.
async fn both_listen(two: &Two) {
    if !is_postgres() {
        return;
    }
    let listening = format!("SELECT count(*) FROM pg_stat_activity WHERE {SERVICE} AND {LISTENS}");
    let both = async {
        while two.app.database.count(&listening).await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), both).await.expect("both replicas listen");
}

/// The last statement of a connection that listens: the command itself, or the question whether it still lives.
const LISTENS: &str = "application_name = 'tenantry-revocations' AND state = 'idle' AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')";

/// How often it is tried.
const ROUNDS: usize = 8;

/// Suspends somebody on one replica, again and again, and times how long the other one still serves them.
async fn rounds(two: &Two, count: usize, before_each: impl AsyncFn()) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        before_each().await;
        suspend(&two.admin, &two.alex_id).await;
        times.push(time_until_refused(two).await.expect("it is refused"));
        two.admin.post(&format!("/api/members/{}/reactivate", two.alex_id), json!(null)).await.expect(200);
        two.alex_there.get(ME).await.expect(200);
    }
    times.sort_unstable();
    times
}

/// The times must be short; gives them in words.
fn all_within_a_second(times: &[Duration], how: &str) -> String {
    let slowest = times.last().copied().unwrap_or(Duration::MAX);
    let median = times.get(times.len() / 2).copied().unwrap_or(Duration::MAX);
    assert!(slowest < Duration::from_secs(1), "{how}: {times:?}");
    format!("a revocation reached the other replica {how} in {median:?} (median), {slowest:?} at most")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_reaches_the_other_replica_within_a_second() {
    let two = Two::start().await;
    let _tasks = (two.app.app.start_background(), two.replica.app.start_background());
    both_listen(&two).await;
    println!("{}", all_within_a_second(&rounds(&two, ROUNDS, async || ()).await, "by the database"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_reaches_the_other_replica_within_a_second_with_redis_and_after_its_end() {
    let Some(redis) = Redis::start().await else { return };
    let app = TestApp::builder()
        .set("REDIS_URL", &redis.url())
        .set("RATE_LIMIT_PRINCIPAL", "100000/1s")
        .start()
        .await;
    let two = Two::of(app).await;
    let _tasks = (two.app.app.start_background(), two.replica.app.start_background());
    both_listen(&two).await;
    println!("{}", all_within_a_second(&rounds(&two, ROUNDS, async || ()).await, "with Redis"));
    drop(redis);
    println!("{}", all_within_a_second(&rounds(&two, ROUNDS, async || ()).await, "with Redis gone"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_reaches_a_replica_whose_channel_is_cut_within_a_second() {
    if !is_postgres() {
        return;
    }
    let two = Two::start().await;
    let _tasks = (two.app.app.start_background(), two.replica.app.start_background());
    let cut = async || {
        both_listen(&two).await;
        let cut = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {SERVICE} AND {LISTENS}"
        );
        assert!(two.app.database.query(&cut).await.len() >= 2);
        // It is a signal to them, which they may see after the notification.
        let listening = format!("SELECT count(*) FROM pg_stat_activity WHERE {SERVICE} AND {LISTENS}");
        let gone = async { while two.app.database.count(&listening).await > 0 {} };
        tokio::time::timeout(Duration::from_secs(5), gone).await.expect("nobody listens");
    };
    println!("{}", all_within_a_second(&rounds(&two, ROUNDS / 2, cut).await, "with the channel cut"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_alone_with_a_database_in_memory_serves_beside_its_background() {
    let app = TestApp::builder().set("DATABASE_URL", "sqlite::memory:").start().await;
    let _tasks = app.app.start_background();
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    let id = id_of(&alex).await;
    // Long enough for the background to have taken what it takes.
    tokio::time::sleep(Duration::from_millis(400)).await;
    let served = async {
        app.user("lee").get(ME).await.expect(200);
        suspend(&admin, &id).await;
        alex.get(ME).await.expect(403);
    };
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("the background leaves the connection");
}

//! Many connections that become due over one cycle, and several processes that refresh them.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use tests::{TestApp, emulator::Endpoint};
use tokio::sync::watch;

use super::{alex, asked, count, seed::multiply, start};

/// As many as a test has time for.
const CONNECTIONS: usize = 120;
/// They become due in so many steps, which together are shorter than a cycle.
const STEPS: usize = 4;
const STEP: TimeDelta = TimeDelta::minutes(10);
/// What a process does at once.
const AT_ONCE: u64 = 8;
const PATIENCE: Duration = Duration::from_mins(10);
/// What is measured, by hand.
const MEASURED: usize = 10_000;

async fn due_are_done(app: &TestApp) {
    let now = app.clock.peek().to_rfc3339();
    let now = if tests::is_postgres() { format!("'{now}'::timestamptz") } else { format!("'{now}'") };
    let left = format!("jobs WHERE kind = 'connection.refresh' AND (run_at <= {now} OR owner IS NOT NULL)");
    let done = async {
        while count(app, &left).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("what is due is done");
}

/// Goes up by one with each refresh that is kept.
async fn versions(app: &TestApp) -> i64 {
    app.database.count("SELECT CAST(sum(version) AS BIGINT) AS n FROM connections").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_due_over_a_cycle_are_refreshed_once_each_with_a_bounded_number_at_once() {
    Box::pin(a_cycle_of(CONNECTIONS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a measurement: cargo nextest run --run-ignored only --no-capture cycle_are_measured, with and without tests/with-postgres"]
async fn many_connections_due_over_a_cycle_are_measured() {
    println!("{}", Box::pin(a_cycle_of(MEASURED)).await);
}

fn number_of<T: TryFrom<usize>>(count: usize) -> T {
    T::try_from(count).ok().expect("it is no large number")
}

/// Three processes refresh so many; gives what was counted in words.
async fn a_cycle_of(connections: usize) -> String {
    let app = start().await;
    let (_, like) = alex(&app).await;
    let begin = app.clock.peek();
    let each = STEP * number_of::<i32>(STEPS) / number_of::<i32>(connections);
    let due = |number: usize| begin + each * number_of::<i32>(number + 1);
    multiply(&app, &like, connections, due).await;
    let replicas = [app.replica().await, app.replica().await];
    let (before, versions) = (asked(&app), versions(&app).await);
    let (end, ended) = watch::channel(false);
    let workers = [&app, &replicas[0], &replicas[1]].map(|app| {
        let mut ended = ended.clone();
        tokio::spawn(app.app.worker().run(async move { drop(ended.wait_for(|ended| *ended).await) }))
    });
    let since = Instant::now();
    for step in 1..=STEPS {
        app.clock.advance(STEP);
        due_are_done(&app).await;
        let number = number_of::<u64>(connections * step / STEPS);
        assert_eq!(
            asked(&app),
            before + number,
            "each once that was due in the first {step} of {STEPS} steps"
        );
    }
    let took = since.elapsed();
    end.send_replace(true);
    for ended in join_all(workers).await {
        ended.expect("a worker ends when it is asked to");
    }
    let kept = self::versions(&app).await - versions;
    assert_eq!(kept, number_of::<i64>(connections), "what Microsoft gave was kept, once each");
    let most = app.emulator.most_at_once(Endpoint::Token).expect("it is counted");
    assert!((2..=3 * AT_ONCE).contains(&most), "{most} at once");
    let requests = asked(&app) - before;
    format!("{connections} connections, {requests} requests, {most} at once, in {took:.1?}")
}

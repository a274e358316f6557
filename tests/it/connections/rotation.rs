//! The keys that seal tokens are replaced while the service runs, by a process that may die at any moment.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;
use tests::{Process, TestApp};

use super::{alex, builder, key, linger, seed::multiply, token_path};

const OLD: &str = "default:an old key for tests that is long enough to be one";
const NEW: &str = "2027:a new key for tests that is long enough to be one";

/// Each has two secrets, of which 500 are sealed again in one transaction.
const CONNECTIONS: usize = 600;
/// What is measured, by hand: 100,000 secrets.
const MEASURED: usize = 50_000;

/// How many secrets are sealed with data keys that the new key wrapped from the beginning.
async fn sealed_again(app: &TestApp) -> i64 {
    let mut rows = 0;
    for table in ["connections", "connection_tokens"] {
        let newest =
            "SELECT max(generation) FROM data_keys AS all_keys WHERE all_keys.org_id = data_keys.org_id";
        let of = format!(
            "SELECT count(*) AS n FROM {table} JOIN data_keys ON data_keys.org_id = {table}.org_id \
             AND data_keys.id = {table}.data_key_id WHERE data_keys.generation > 1 AND data_keys.generation = ({newest})"
        );
        rows += app.database.count(&of).await;
    }
    rows
}

async fn secrets(app: &TestApp) -> i64 {
    let connections = "SELECT count(*) AS n FROM connections WHERE refresh_token IS NOT NULL";
    let tokens = "SELECT count(*) AS n FROM connection_tokens";
    app.database.count(connections).await + app.database.count(tokens).await
}

async fn keys(app: &TestApp, arguments: &[&str], ring: &str) -> (bool, String) {
    let arguments: Vec<&str> = std::iter::once("keys").chain(arguments.iter().copied()).collect();
    let mut process: Process = app.process(&arguments, &[("TOKEN_KEYS", ring), ("TOKEN_KEY", "")]);
    let status = process.ended().await;
    (status.success(), process.text("stdout") + &process.text("stderr"))
}

#[tokio::test]
async fn a_rotation_that_is_killed_goes_on_where_it_was_while_the_service_answers() {
    Box::pin(a_rotation_of(CONNECTIONS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo nextest run --run-ignored only --no-capture rotation_of_many, with and without tests/with-postgres"]
async fn a_rotation_of_many_is_measured() {
    println!("{}", Box::pin(a_rotation_of(MEASURED)).await);
}

/// How long requests took.
fn in_words(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
    format!("{}: {:.1?} (p50), {:.1?} (p99), {:.1?} (longest)", times.len(), at(50), at(99), at(100))
}

/// The keys of so many connections are rotated, by a process that is killed half-way and one that goes on; gives what was
/// seen in words.
async fn a_rotation_of(connections: usize) -> String {
    let app = builder().set("TOKEN_KEYS", &format!("{OLD},{NEW}")).set("TOKEN_KEY", "").start().await;
    app.emulator.set_token_lifetime(75 * 60);
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    let later = app.clock.peek() + TimeDelta::hours(1);
    multiply(&app, &id, connections, |_| later).await;
    let token = token_path(&id);
    caller.get(&token).await.expect(200);
    let all = secrets(&app).await;
    let turned = format!("{NEW},{OLD}");

    let grants = i64::try_from(connections + 1).expect("it is no large number");
    let begun = Instant::now();
    let mut process = half_a_rotation(&app, &turned, grants).await;
    let first = begun.elapsed();
    caller.get(&token).await.expect(200);
    process.kill();
    linger::end(&app, "connection_tokens").await;
    let done = sealed_again(&app).await;
    assert_eq!(done, grants, "nothing is done by half");
    let left = all - done;

    // How far it is, is seen; nothing is lost, nothing can be retired.
    let (is_ok, status) = keys(&app, &["status"], &turned).await;
    let seen = format!("{left} rows are to be sealed again");
    assert!(is_ok && status.contains(&seen), "{seen}: {status}");
    let (is_ok, refusal) = keys(&app, &["retire", "default"], &turned).await;
    assert!(!is_ok, "there are rows that it opens: {refusal}");
    caller.get(&token).await.expect(200);

    // The next one does what is left, and nothing twice.
    let begun = Instant::now();
    let (output, meanwhile) = the_rest_of_a_rotation(&app, &turned, &token).await;
    let rest = begun.elapsed();
    let told = format!("{left} rows sealed again, 0 failed");
    assert!(output.contains(&told), "{told}: {output}");
    assert_eq!(sealed_again(&app).await, secrets(&app).await);
    let (is_ok, status) = keys(&app, &["status"], &turned).await;
    assert!(is_ok && status.contains("0 rows are to be sealed again"), "{status}");
    let (is_ok, retired) = keys(&app, &["retire", "default", "--revoke-api-keys"], &turned).await;
    assert!(is_ok, "{retired}");

    // The new key alone opens everything.
    let (is_ok, status) = keys(&app, &["status"], NEW).await;
    assert!(is_ok && status.contains("2027  seals"), "{status}");
    app.app.turn_background().await.expect("the background turns");
    for number in [0, connections / 2, connections - 1] {
        let one = super::seed::id(number).to_string();
        app.user("alex").get(&token_path(&one)).await.expect(200);
    }
    let reports = output.lines().filter(|line| line.contains("sealed again")).count();
    format!(
        "{all} secrets: {done} in {first:.1?}, {left} in {rest:.1?} with {reports} reports; meanwhile {meanwhile}"
    )
}

/// A process in the middle of a transaction, when one table is done and the other one is not.
async fn half_a_rotation(app: &TestApp, turned: &str, grants: i64) -> Process {
    linger::begin(app, "connection_tokens").await;
    let process = app.process(&["keys", "rotate"], &[("TOKEN_KEYS", turned), ("TOKEN_KEY", "")]);
    // Looking is work for the database, too, and more of it the more there is to see.
    let pause = Duration::from_micros(20) * u32::try_from(grants).expect("it is no large number");
    let half = async {
        while sealed_again(app).await < grants {
            tokio::time::sleep(pause).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(9), half).await.expect("it does the first table");
    linger::has_begun(app, &process).await;
    process
}

/// What the process says, and how long it took others to read and write meanwhile.
async fn the_rest_of_a_rotation(app: &TestApp, turned: &str, token: &str) -> (String, String) {
    let mut process = app.process(&["keys", "rotate"], &[("TOKEN_KEYS", turned), ("TOKEN_KEY", "")]);
    let alex = app.user("alex");
    let (mut read, mut written) = (Vec::new(), Vec::new());
    let meanwhile = async {
        loop {
            let since = Instant::now();
            alex.get(token).await.expect(200);
            read.push(since.elapsed());
            let body = json!({ "name": "k", "scopes": ["tokens:read"] });
            let since = Instant::now();
            let made = alex.post("/api/api-keys", body).await;
            // Who waits longer than SQLite lets anybody wait is told to come again; that is no loss.
            if made.status.as_u16() != 503 {
                made.expect(201);
                written.push(since.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let status = tokio::select! {
        status = process.ended() => status,
        () = meanwhile => unreachable!("it never ends"),
    };
    assert!(!written.is_empty(), "others write meanwhile");
    let output = process.text("stdout");
    assert!(status.success() && output.contains("Done."), "{output}");
    let meanwhile = format!("reads {}, writes {}", in_words(read), in_words(written));
    (output, meanwhile)
}

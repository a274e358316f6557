//! How long a revocation takes to reach the other replicas, with real processes. A measurement and no test: it is run by
//! hand, and its numbers stand in docs/performance.md.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tests::{Actor, Redis, Served, TestApp, is_postgres};

use super::support::{ME, id_of};

const REVOCATIONS: usize = 200;
/// With the channel cut, where each takes long.
const REVOCATIONS_WITHOUT: usize = 100;
const PATIENCE: Duration = Duration::from_secs(10);

/// How the replicas hear of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    WithRedis,
    WithoutRedis,
    Cut,
}

impl Channel {
    fn in_words(self) -> &'static str {
        match self {
            Self::WithRedis => "with Redis",
            Self::WithoutRedis => "without Redis",
            Self::Cut => "with the listening connections cut",
        }
    }
}

/// Asks until it is refused.
async fn until_refused(caller: &Actor, since: Instant) -> Duration {
    loop {
        let answer = caller.get(ME).await;
        if [401, 403].contains(&answer.status.as_u16()) {
            return since.elapsed();
        }
        answer.expect(200);
        assert!(since.elapsed() < PATIENCE, "it is never refused");
    }
}

async fn until_let_in(caller: &Actor) {
    let let_in = async { while caller.get(ME).await.status.as_u16() != 200 {} };
    tokio::time::timeout(PATIENCE, let_in).await.expect("they are let in again");
}

async fn user(served: &[Served; 3], admin: &Actor, (token, id): (&str, &str)) -> Vec<Duration> {
    let others = [served[1].token(token), served[2].token(token)];
    for other in &others {
        until_let_in(other).await;
    }
    admin.post(&format!("/api/members/{id}/suspend"), json!(null)).await.expect(200);
    let since = Instant::now();
    let times = join_all(others.iter().map(|other| until_refused(other, since))).await;
    admin.post(&format!("/api/members/{id}/reactivate"), json!(null)).await.expect(200);
    times
}

async fn api_key(served: &[Served; 3], owner: &Actor) -> Vec<Duration> {
    let made =
        owner.post("/api/api-keys", json!({ "name": "k", "scopes": ["connections:read"] })).await.expect(201);
    let (id, raw) = (made.text_at("/data/id"), made.text_at("/data/rawKey"));
    let others = [served[1].token(&raw), served[2].token(&raw)];
    for other in &others {
        other.get(ME).await.expect(200);
    }
    owner.delete(&format!("/api/api-keys/{id}/revoke")).await.expect(200);
    let since = Instant::now();
    join_all(others.iter().map(|other| until_refused(other, since))).await
}

async fn session(served: &[Served; 3]) -> Vec<Duration> {
    let browser = served[0].browser();
    browser.sign_in("alex@contoso.com").await.expect(303);
    let token = browser.cookie("accessToken").expect("it is signed in");
    let others = [served[1].token(&token), served[2].token(&token)];
    for other in &others {
        other.get(ME).await.expect(200);
    }
    browser.post("/api/auth/logout").await.expect(204);
    let since = Instant::now();
    join_all(others.iter().map(|other| until_refused(other, since))).await
}

/// A row of a table.
fn row(what: &str, channel: Channel, mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| {
        let time = times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    };
    let channel = channel.in_words();
    format!("| {what}, {channel} | {} | {} | {} | ({})", at(50), at(99), at(100), times.len())
}

async fn measure(channel: Channel) -> [String; 3] {
    let redis = if channel == Channel::WithRedis { Redis::start().await } else { None };
    let mut builder = TestApp::builder();
    if let Some(redis) = &redis {
        builder = builder.set("REDIS_URL", &redis.url());
    }
    let app = builder.start().await;
    // Longer than it takes: nothing is signed in anew.
    app.emulator.set_token_lifetime(75 * 60);
    app.keep_time(TimeDelta::zero());
    let served = [app.serve(&[]).await, app.serve(&[]).await, app.serve(&[]).await];
    let token = |name: &str| app.user(name).token.expect("a token");
    let (admin, owner) = (served[0].token(&token("adele")), served[0].token(&token("alex")));
    admin.get(ME).await.expect(200);
    let lee = token("lee");
    let lees_id = id_of(&served[0].token(&lee)).await;
    let rounds = if channel == Channel::Cut { REVOCATIONS_WITHOUT } else { REVOCATIONS };
    let rounds = async {
        let (mut users, mut keys, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            users.extend(user(&served, &admin, (&lee, &lees_id)).await);
            keys.extend(api_key(&served, &owner).await);
            sessions.extend(session(&served).await);
        }
        [
            row("a user is suspended", channel, users),
            row("an API key is revoked", channel, keys),
            row("a session ends", channel, sessions),
        ]
    };
    if channel != Channel::Cut {
        return rounds.await;
    }
    // Nothing but the connections that listen, again and again, so that no notification arrives.
    let cut = async {
        loop {
            let listening = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                             AND application_name = 'tenantry-revocations'";
            app.database.query(listening).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = cut => unreachable!("it goes on until it is dropped"),
        rows = rounds => rows,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: tests/with-postgres cargo nextest run --run-ignored only --no-capture revocations_are_measured"]
async fn revocations_are_measured() {
    assert!(is_postgres(), "replicas have a PostgreSQL");
    for channel in [Channel::WithRedis, Channel::WithoutRedis, Channel::Cut] {
        println!("{}", Box::pin(measure(channel)).await.join("\n"));
    }
}

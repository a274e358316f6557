//! Several processes on one database: one of them asks Microsoft.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tests::{
    Redis,
    emulator::{Endpoint, Fault},
};

use super::{alex, asked, builder, key, path, person, start, token_path};

const CALLERS: usize = 100;

#[tokio::test]
async fn many_callers_of_one_expired_token_on_three_replicas_cause_one_request() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    let replicas = [app.replica().await, app.replica().await];
    let token = caller.token.clone().unwrap();
    let callers = [app.token(&token), replicas[0].token(&token), replicas[1].token(&token)];
    app.clock.advance(TimeDelta::hours(3));
    for caller in &callers {
        caller.get("/api/auth/me").await.expect(200);
    }
    let before = asked(&app);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_millis(300)));
    let path = token_path(&id);
    let requests = (0..CALLERS * 3).map(|number| callers[number % 3].get(&path));
    let answers = join_all(requests).await;
    let tokens: Vec<_> =
        answers.into_iter().map(|answer| answer.expect(200).text_at("/data/accessToken")).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "all have the same");
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn losing_redis_half_way_doubles_nothing() {
    let Some(mut redis) = Redis::start().await else { return };
    let app = builder().set("REDIS_URL", &redis.url()).start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    let replica = app.replica().await;
    let callers = [caller.clone(), replica.token(caller.token.as_deref().unwrap())];
    app.clock.advance(TimeDelta::hours(3));
    for caller in &callers {
        caller.get("/api/auth/me").await.expect(200);
    }
    let before = asked(&app);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_millis(300)));
    let path = token_path(&id);
    let requests = join_all((0..40).map(|number| callers[number % 2].get(&path)));
    let (answers, ()) = tokio::join!(requests, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        redis.kill().await;
    });
    for answer in answers {
        answer.expect(200);
    }
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn a_connection_that_ended_is_known_to_every_replica() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let replica = app.replica().await;
    let (here, there) = (person(&app, "alex"), person(&replica, "alex"));
    for caller in [&here, &there] {
        caller.get(&token_path(&id)).await.expect(200);
    }
    here.delete(&path(&id)).await.expect(204);
    replica.app.turn_background().await.unwrap();
    there.get(&token_path(&id)).await.expect(404);
}

#[tokio::test]
async fn a_process_that_died_with_the_lease_is_waited_for_no_longer_than_that_lasts() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    let alex = person(&app, "alex");
    // As a process leaves it that is killed between asking and writing.
    let owner = if tests::is_postgres() {
        "'00000000-0000-0000-0000-000000000001'::uuid"
    } else {
        "X'00000000000000000000000000000001'"
    };
    let until = (app.clock.peek() + TimeDelta::seconds(60)).to_rfc3339();
    let until = if tests::is_postgres() { format!("'{until}'::timestamptz") } else { format!("'{until}'") };
    app.database
        .execute(&format!(
            "UPDATE jobs SET owner = {owner}, locked_until = {until} WHERE kind = 'connection.refresh'"
        ))
        .await;
    let before = asked(&app);
    app.clock.advance(TimeDelta::seconds(61));
    alex.get(&token_path(&id)).await.expect(200);
    assert_eq!(asked(&app), before + 1, "the refresh token that is stored is still good");
}

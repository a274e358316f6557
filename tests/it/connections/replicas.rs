//! Several processes on one database: one of them asks Microsoft.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tests::{
    Actor, Redis, Response, TestApp,
    emulator::{Endpoint, Fault},
};
use tokio::task::JoinHandle;

use super::{alex, asked, builder, is_asked, key, path, person, start, take_lease, token_path};

/// As many as the token hub is made for.
const CALLERS: usize = 1_000;

/// Three processes, a connection of alex's whose token has expired, and his API key at each.
struct Three {
    app: TestApp,
    replicas: [TestApp; 2],
    callers: [Actor; 3],
    path: String,
    /// How often the authority had been asked before.
    before: u64,
}

impl Three {
    async fn of(app: TestApp) -> Self {
        let (_, id) = alex(&app).await;
        let token = key(&app, json!({})).await.token.expect("a key");
        // From here on it is in use, and its job is due before its end.
        app.token(&token).get(&token_path(&id)).await.expect(200);
        let replicas = [app.replica().await, app.replica().await];
        let [one, two] = &replicas;
        let callers = [app.token(&token), one.token(&token), two.token(&token)];
        app.clock.advance(TimeDelta::hours(3));
        for caller in &callers {
            caller.get("/api/auth/me").await.expect(200);
        }
        let before = asked(&app);
        Self { app, replicas, callers, path: token_path(&id), before }
    }

    /// The authority answers when its faults are cleared, or after a while.
    fn hold(&self) {
        self.app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_secs(4)).times(1));
    }

    fn release(&self) {
        self.app.emulator.clear_faults();
    }

    /// The authority was asked once, and does not answer yet.
    async fn is_being_asked(&self) {
        is_asked(&self.app, self.before + 1).await;
    }

    /// Everybody asks at once; all have the same token.
    async fn everybody_asks(&self) {
        let requests = self.callers.iter().cycle().take(CALLERS).map(|caller| caller.get(&self.path));
        let answers = join_all(requests).await;
        let tokens: BTreeSet<_> =
            answers.into_iter().map(|answer| answer.expect(200).text_at("/data/accessToken")).collect();
        assert_eq!(tokens.len(), 1, "all have the same");
    }

    /// One of the callers asks, meanwhile.
    fn begin(&self, caller: &Actor) -> JoinHandle<Response> {
        let (caller, path) = (caller.clone(), self.path.clone());
        tokio::spawn(async move { caller.get(&path).await })
    }
}

#[tokio::test]
async fn a_thousand_callers_of_one_expired_token_on_three_replicas_cause_one_request() {
    let three = Box::pin(Three::of(start().await)).await;
    let slow = Fault::latency(Endpoint::Token, Duration::from_millis(500));
    three.app.emulator.set_fault(slow);
    let statements = || {
        let [one, two] = &three.replicas;
        [&three.app, one, two].map(|app| app.app.statements()).iter().sum::<u64>()
    };
    let before = statements();
    three.everybody_asks().await;
    assert_eq!(asked(&three.app), three.before + 1);
    let statements = statements() - before;
    println!("{CALLERS} callers cost {statements} statements");
    assert!(statements < 400, "a crowd costs the database what a few cost: {statements}");
}

#[tokio::test]
async fn losing_redis_while_a_thousand_wait_doubles_nothing() {
    let Some(mut redis) = Redis::start().await else { return };
    let app = builder().set("REDIS_URL", &redis.url()).start().await;
    app.emulator.set_token_lifetime(75 * 60);
    let three = Box::pin(Three::of(app)).await;
    three.hold();
    tokio::join!(three.everybody_asks(), async {
        three.is_being_asked().await;
        redis.kill().await;
        three.release();
    });
    assert_eq!(asked(&three.app), three.before + 1);
}

#[tokio::test]
async fn while_the_authority_takes_its_time_no_other_process_asks_it_too() {
    let three = Box::pin(Three::of(start().await)).await;
    three.hold();
    let [one, other, last] = &three.callers;
    let first = three.begin(one);
    three.is_being_asked().await;
    // Nearly as long as the lease lasts.
    three.app.clock.advance(TimeDelta::seconds(59));
    let others = [three.begin(other), three.begin(last)];
    for replica in &three.replicas {
        replica.app.worker().turn().await.expect("the worker turns");
    }
    assert!(others.iter().all(|other| !other.is_finished()), "they wait");
    assert_eq!(asked(&three.app), three.before + 1);
    three.release();
    let token = first.await.unwrap().expect(200).text_at("/data/accessToken");
    for other in others {
        assert_eq!(other.await.unwrap().expect(200).text_at("/data/accessToken"), token);
    }
    assert_eq!(asked(&three.app), three.before + 1);
}

#[tokio::test]
async fn who_asks_while_the_job_refreshes_the_token_waits_for_that() {
    let three = Box::pin(Three::of(start().await)).await;
    three.hold();
    let worker = three.replicas[0].app.worker();
    let (turned, answers) = tokio::join!(worker.turn(), async {
        three.is_being_asked().await;
        let others: Vec<_> = three.callers.iter().map(|caller| three.begin(caller)).collect();
        three.app.clock.advance(TimeDelta::seconds(30));
        three.release();
        join_all(others).await
    });
    turned.expect("the worker turns");
    for answer in answers {
        answer.unwrap().expect(200);
    }
    assert_eq!(asked(&three.app), three.before + 1);
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
    take_lease(&app).await;
    let before = asked(&app);
    app.clock.advance(TimeDelta::seconds(61));
    alex.get(&token_path(&id)).await.expect(200);
    assert_eq!(asked(&app), before + 1, "the refresh token that is stored is still good");
}

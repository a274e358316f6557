//! A service that is killed between asking Microsoft and writing what comes of it.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    Actor, Served, TestApp,
    emulator::{Endpoint, Fault},
};
use tokio::task::JoinHandle;

use super::{alex, asked, builder, count, is_asked, key, linger, person, token_path};

const HANDED_OUT: &str = "events WHERE name = 'connection.token.handed_out'";
/// The first refresh token of a connection lives for 90 days.
const NEARLY_ITS_LIFE: TimeDelta = TimeDelta::days(89);
/// Longer than the rest of its life.
const LONGER: TimeDelta = TimeDelta::days(2);

/// What is stored of the grant.
async fn grant(app: &TestApp) -> tests::Rows {
    app.database.query("SELECT refresh_token, version, trouble FROM connections").await
}

/// Time passes until the lease of a process that died is over.
async fn the_lease_ends(app: &TestApp) {
    let held = count(app, "jobs WHERE kind = 'connection.refresh' AND owner IS NOT NULL").await;
    assert_eq!(held, 1, "the process died with the lease");
    let past = crate::jobs::past();
    let ended = format!("UPDATE jobs SET locked_until = {past} WHERE kind = 'connection.refresh'");
    app.database.execute(&ended).await;
}

fn begin(served: &Served, key: &str, path: &str) -> JoinHandle<tests::Response> {
    let (caller, path): (Actor, String) = (served.token(key), path.to_owned());
    tokio::spawn(async move { caller.get(&path).await })
}

#[tokio::test]
async fn a_service_that_is_killed_between_asking_and_writing_loses_nothing() {
    let app = builder().start().await;
    app.keep_time(-NEARLY_ITS_LIFE);
    app.app.turn_background().await.unwrap();
    let (_, id) = alex(&app).await;
    let key = key(&app, json!({})).await.token.unwrap();
    let (graph, share_point) = (token_path(&id), format!("{}?resource=sharepoint", token_path(&id)));
    app.keep_time(TimeDelta::zero());
    let first = grant(&app).await;

    // What was answered is known, and what Microsoft gave with it is kept.
    let mut served = app.serve(&[]).await;
    served.token(&key).get(&graph).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 1);
    let rotated = grant(&app).await;
    assert_ne!(first, rotated);

    // Killed while Microsoft thinks.
    let before = asked(&app);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_mins(1)).times(1));
    let lost = begin(&served, &key, &share_point);
    is_asked(&app, before + 1).await;
    served.process.kill();
    lost.await.unwrap().expect(502);
    assert_eq!(grant(&app).await, rotated);
    the_lease_ends(&app).await;

    // Killed when Microsoft has answered, and before that is written.
    let mut served = app.serve(&[]).await;
    linger::begin(&app, "connections").await;
    let lost = begin(&served, &key, &share_point);
    is_asked(&app, before + 2).await;
    linger::has_begun(&app, &served.process).await;
    served.process.kill();
    lost.await.unwrap().expect(502);
    linger::end(&app, "connections").await;
    assert_eq!(grant(&app).await, rotated);
    the_lease_ends(&app).await;

    // The next one serves the connection with what is there.
    let mut served = app.serve(&[]).await;
    let caller = served.token(&key);
    caller.get(&graph).await.expect(200);
    assert_eq!(asked(&app), before + 2, "the token from before the crashes is still good");
    caller.get(&share_point).await.expect(200);
    assert_eq!(asked(&app), before + 3);
    assert_eq!(count(&app, HANDED_OUT).await, 3, "each that was answered, none that was not");
    served.process.kill();

    // The first refresh token is over by now; the newest one was written before its process died.
    app.advance(LONGER);
    let restarted = app.replica().await;
    person(&restarted, "alex").get(&graph).await.expect(200);
    assert_eq!(count(&app, "connections WHERE trouble IS NULL").await, 1);
}

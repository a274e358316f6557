//! The right to ask Microsoft, when it is lost or fought over on the way.

use std::time::Duration;

use chrono::TimeDelta;
use tests::{
    Actor, Response, TestApp,
    emulator::{Endpoint, Fault},
    is_postgres,
};
use tokio::task::JoinHandle;

use super::{alex, asked, builder, connect, count, is_asked, path, person, start, take_lease, token_path};

fn begin(caller: &Actor, path: String) -> JoinHandle<Response> {
    let caller = caller.clone();
    tokio::spawn(async move { caller.get(&path).await })
}

/// Without SharePoint, whose token a connection waits for.
async fn start_with_graph_alone() -> TestApp {
    let app = builder().set("MS_SHAREPOINT_SCOPES", "none").start().await;
    app.emulator.set_token_lifetime(75 * 60);
    app
}

/// A refresh that Microsoft refuses, and the connection's having been connected anew before it says so.
async fn refused_and_reconnected(app: &TestApp) -> JoinHandle<Response> {
    let (browser, id) = alex(app).await;
    app.clock.advance(TimeDelta::minutes(80));
    browser.sign_in("alex@contoso.com").await.expect(303);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_secs(4)).times(1));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 50_173).suberror("bad_token").times(1));
    let before = asked(app);
    let refresh = begin(&person(app, "alex"), token_path(&id));
    is_asked(app, before + 1).await;
    assert_eq!(connect(&browser, "alex@contoso.com").await, id);
    refresh
}

#[tokio::test]
async fn a_refresh_token_that_was_replaced_meanwhile_is_tried_before_the_refusal_counts() {
    let app = start_with_graph_alone().await;
    let refresh = refused_and_reconnected(&app).await;
    let before = asked(&app);
    app.emulator.clear_faults();
    refresh.await.unwrap().expect(200);
    assert_eq!(asked(&app), before + 1, "with the newer one");
    assert_eq!(count(&app, "connections WHERE trouble IS NULL").await, 1);
}

#[tokio::test]
async fn the_second_request_is_not_sent_by_a_process_that_lost_its_lease() {
    let app = start_with_graph_alone().await;
    let refresh = refused_and_reconnected(&app).await;
    let before = asked(&app);
    app.clock.advance(TimeDelta::seconds(61));
    take_lease(&app).await;
    app.emulator.clear_faults();
    let refused = refresh.await.unwrap().expect(503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(asked(&app), before, "whoever has the lease asks");
    assert_eq!(count(&app, "connections WHERE trouble IS NULL").await, 1);
    let kept = count(&app, "jobs WHERE kind = 'connection.refresh' AND locked_until IS NOT NULL").await;
    assert_eq!(kept, 1, "the other one's lease is left alone");
}

/// A first hand-out writes the token and then the job; whoever disconnects must take them in the same order.
#[tokio::test]
async fn disconnecting_during_a_first_hand_out_waits_and_neither_fails() {
    if !is_postgres() {
        return;
    }
    let app = start().await;
    let (_, id) = alex(&app).await;
    let alex = person(&app, "alex");
    alex.get("/api/auth/me").await.expect(200);
    for statement in [
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$",
        "CREATE TRIGGER linger AFTER UPDATE ON connection_tokens FOR EACH ROW EXECUTE FUNCTION linger()",
    ] {
        app.database.execute(statement).await;
    }
    let hand_out = begin(&alex, token_path(&id));
    let lingers =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let has_begun = async {
        while app.database.count(lingers).await == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), has_begun).await.expect("the token is being written");
    alex.delete(&path(&id)).await.expect(204);
    hand_out.await.unwrap().expect(200);
    assert_eq!(count(&app, "jobs WHERE kind = 'connection.refresh'").await, 0);
    assert_eq!(count(&app, "events WHERE name = 'connection.token.handed_out'").await, 1);
}

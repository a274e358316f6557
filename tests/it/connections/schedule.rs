//! Tokens that are refreshed before anybody has to wait.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestApp;

use super::{alex, asked, builder, connect, key, person, start, token_path};

async fn turn(app: &TestApp) -> u64 {
    app.app.worker().turn().await.expect("the worker turns")
}

#[tokio::test]
async fn what_is_used_is_refreshed_before_its_end_and_nobody_waits() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    let first = caller.get(&token_path(&id)).await.expect(200).text_at("/data/accessToken");
    let before = asked(&app);
    app.clock.advance(TimeDelta::minutes(40));
    turn(&app).await;
    assert_eq!(asked(&app), before, "it is not due");
    app.clock.advance(TimeDelta::minutes(6));
    turn(&app).await;
    assert_eq!(asked(&app), before + 1, "the Graph token, which was used; not the one of SharePoint");
    turn(&app).await;
    assert_eq!(asked(&app), before + 1);
    app.clock.advance(TimeDelta::minutes(42));
    let fresh = caller.get(&token_path(&id)).await.expect(200).text_at("/data/accessToken");
    assert_ne!(fresh, first);
    assert_eq!(asked(&app), before + 1, "nobody waited for Microsoft");
}

#[tokio::test]
async fn what_nobody_uses_is_kept_alive_once_a_day() {
    let app = start().await;
    alex(&app).await;
    let before = asked(&app);
    for day in 1..=3 {
        app.clock.advance(TimeDelta::hours(20));
        turn(&app).await;
        assert_eq!(asked(&app), before + day - 1, "on day {day} not yet");
        app.clock.advance(TimeDelta::hours(5));
        turn(&app).await;
        assert_eq!(asked(&app), before + day, "on day {day}");
    }
    // It never comes near the 90 days after which Entra ID forgets it.
    for _ in 0..100 {
        app.clock.advance(TimeDelta::hours(25));
        turn(&app).await;
    }
    let shown = person(&app, "alex").get("/api/connections").await.expect(200);
    assert_eq!(shown.at("/data/0/status"), json!("ACTIVE"));
}

#[tokio::test]
async fn the_cycle_and_the_buffer_are_the_operators() {
    let app = builder().set("REFRESH_CYCLE", "10m").set("TOKEN_REFRESH_BUFFER", "20m").start().await;
    let (_, id) = alex(&app).await;
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
    let before = asked(&app);
    app.clock.advance(TimeDelta::minutes(11));
    turn(&app).await;
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn a_connection_that_could_not_be_refreshed_for_long_says_so() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::days(61));
    let shown = person(&app, "alex").get(&super::path(&id)).await.expect(200);
    assert_eq!(shown.at("/data/status"), json!("EXPIRING"));
    assert_eq!(shown.at("/data/canReconnect"), json!(true));
    assert!(shown.text_at("/data/nextStep").contains("about to end"));
}

#[tokio::test]
async fn many_due_connections_are_refreshed_once_each_by_several_workers() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    for who in ["alex@contoso.com", "megan@fabrikam.com", "adele@contoso.com", "nestor@fabrikam.com"] {
        connect(&browser, who).await;
    }
    let replica = app.replica().await;
    let before = asked(&app);
    app.clock.advance(TimeDelta::hours(25));
    let workers = [app.app.worker(), app.app.worker(), replica.app.worker()];
    let turns = workers.iter().map(|worker| async { worker.turn().await.expect("it turns") });
    futures_util::future::join_all(turns).await;
    assert_eq!(asked(&app), before + 4, "each once");
}

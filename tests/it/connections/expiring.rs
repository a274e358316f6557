//! A connection that is about to end says so in time, and once.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault},
};

use super::{alex, count, path, person, start};

const TOLD: &str = "events WHERE name = 'connection.status.changed' AND data LIKE '%EXPIRING%'";
const CHANGES: &str = "events WHERE name = 'connection.status.changed'";

/// In a day, by the worker.
async fn a_day_later(app: &TestApp) {
    app.clock.advance(TimeDelta::hours(25));
    app.app.worker().turn().await.expect("the worker turns");
}

/// The text of JSON, whichever the database keeps it as.
fn told() -> String {
    if tests::is_postgres() { TOLD.replace("data LIKE", "data::text LIKE") } else { TOLD.to_owned() }
}

#[tokio::test]
async fn one_that_was_not_refreshed_for_sixty_days_is_told_of_once_and_so_is_its_recovery() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    app.clock.advance(TimeDelta::days(58));
    a_day_later(&app).await;
    assert_eq!(count(&app, &told()).await, 0, "not yet");
    for _ in 0..3 {
        a_day_later(&app).await;
    }
    assert_eq!(count(&app, &told()).await, 1, "once, however often it is looked at");
    app.emulator.clear_faults();
    a_day_later(&app).await;
    let shown = person(&app, "alex").get(&path(&id)).await.expect(200);
    assert_eq!(shown.at("/data/status"), json!("ACTIVE"));
    assert_eq!(count(&app, CHANGES).await, 2, "that it goes on is told as well");
    a_day_later(&app).await;
    assert_eq!(count(&app, CHANGES).await, 2);
}

#[tokio::test]
async fn a_grant_that_ends_within_a_day_is_told_of_once() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    // As of a page's grant, which lasts a day and no longer.
    let end = (app.clock.peek() + TimeDelta::hours(40)).format("%Y-%m-%d %H:%M:%S+00:00");
    app.database.execute(&format!("UPDATE connections SET grant_expires_at = '{end}'")).await;
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    for _ in 0..2 {
        a_day_later(&app).await;
    }
    assert_eq!(count(&app, &told()).await, 1);
    let shown = person(&app, "alex").get(&path(&id)).await.expect(200);
    assert_eq!(shown.at("/data/status"), json!("EXPIRING"));
    // Connecting it anew begins from the beginning.
    app.emulator.clear_faults();
    let browser = app.signed_in("alex@contoso.com").await;
    assert_eq!(super::connect(&browser, "alex@contoso.com").await, id);
    let shown = person(&app, "alex").get(&path(&id)).await.expect(200);
    assert_eq!(shown.at("/data/status"), json!("ACTIVE"));
}

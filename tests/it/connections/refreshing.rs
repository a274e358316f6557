//! Fresh tokens on demand.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault},
};

use super::{alex, asked, count, key, path, person, start, token_path};

fn expires_at(response: &tests::Response) -> DateTime<Utc> {
    response.text_at("/data/expiresAt").parse().expect("a time")
}

#[tokio::test]
async fn a_token_is_served_until_it_has_only_the_buffer_left_and_then_refreshed() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let first = browser.get(&token_path(&id)).await.expect(200);
    let before = asked(&app);
    assert_eq!(browser.get(&token_path(&id)).await.expect(200).at("/data"), first.at("/data"));
    app.clock.advance(expires_at(&first) - app.clock.peek() - TimeDelta::minutes(6));
    let again = person(&app, "alex").get(&token_path(&id)).await.expect(200);
    assert_eq!(again.at("/data"), first.at("/data"));
    assert_eq!(asked(&app), before);
    app.clock.advance(TimeDelta::minutes(2));
    let fresh = person(&app, "alex").get(&token_path(&id)).await.expect(200);
    assert_ne!(fresh.at("/data/accessToken"), first.at("/data/accessToken"));
    assert!(expires_at(&fresh) - app.clock.peek() > TimeDelta::minutes(55));
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn more_life_and_other_scopes_are_asked_for_and_had() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let alex = person(&app, "alex");
    let first = alex.get(&token_path(&id)).await.expect(200);
    app.clock.advance(TimeDelta::minutes(30));
    let alex = person(&app, "alex");
    let before = asked(&app);
    let longer = alex.get(&format!("{}?minTtl=3300", token_path(&id))).await.expect(200);
    assert!(expires_at(&longer) > expires_at(&first));
    assert_eq!(asked(&app), before + 1);
    // What Microsoft gives does not last a day, however often it is asked.
    let refused = alex.get(&format!("{}?minTtl=86400", token_path(&id))).await.expect(400);
    assert_eq!(refused.code(), "VALIDATION_FAILED");
    assert!(refused.text.contains("minTtl"), "{}", refused.text);
    assert!(asked(&app) <= before + 2, "it is not asked again and again");
    let before = asked(&app);
    let covered = alex.get(&format!("{}?scope=User.Read", token_path(&id))).await.expect(200);
    assert!(covered.text.contains("Files.Read.All"), "the one that is there has it");
    assert_eq!(asked(&app), before);
    let refused = alex.get(&format!("{}?scope=Mail.Read", token_path(&id))).await.expect(409);
    assert_eq!(refused.at("/error/details/reason"), json!("consent_required"));
    assert_eq!(alex.get(&path(&id)).await.at("/data/status"), json!("ACTIVE"), "nothing is wrong with it");
    let before = asked(&app);
    alex.get(&format!("{}?scope=Mail.Read", token_path(&id))).await.expect(409);
    assert_eq!(asked(&app), before, "a refusal is remembered for a while");
    let nothing = alex.get(&format!("{}?resource=api://nowhere", token_path(&id))).await.expect(400);
    assert!(nothing.text.contains("resource"), "{}", nothing.text);
}

#[tokio::test]
async fn a_hundred_who_want_an_expired_token_cause_one_request() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(3));
    let caller = key(&app, json!({})).await;
    caller.get("/api/auth/me").await.expect(200);
    let before = asked(&app);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_millis(200)));
    let path = token_path(&id);
    let answers = join_all((0..100).map(|_| caller.get(&path))).await;
    let tokens: Vec<_> =
        answers.into_iter().map(|answer| answer.expect(200).text_at("/data/accessToken")).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(asked(&app), before + 1);
    assert_eq!(count(&app, "events WHERE name = 'connection.token.handed_out'").await, 1, "and one fact");
}

#[tokio::test]
async fn the_newest_refresh_token_is_kept_and_survives_a_restart() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let stored = "SELECT refresh_token FROM connections";
    let mut seen = vec![app.database.query(stored).await];
    for _ in 0..2 {
        app.clock.advance(TimeDelta::hours(2));
        person(&app, "alex").get(&token_path(&id)).await.expect(200);
        let now = app.database.query(stored).await;
        assert!(!seen.contains(&now), "each refresh gives another one");
        seen.push(now);
    }
    let restarted = app.replica().await;
    // Altogether longer than any but the last one lives.
    for _ in 0..2 {
        app.clock.advance(TimeDelta::days(60));
        person(&restarted, "alex").get(&token_path(&id)).await.expect(200);
    }
}

#[tokio::test]
async fn a_failed_write_loses_nothing() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    fail_writes(&app).await;
    let before = asked(&app);
    person(&app, "alex").get(&token_path(&id)).await.expect(500);
    assert_eq!(asked(&app), before + 1, "Microsoft gave a token that nobody kept");
    mend_writes(&app).await;
    // The lease of the process that failed is over after a minute at the most.
    app.clock.advance(TimeDelta::minutes(2));
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
}

/// Connections cannot be written from now on.
async fn fail_writes(app: &TestApp) {
    let sql: &[&str] = if tests::is_postgres() {
        &[
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
            "CREATE TRIGGER refuse BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
    } else {
        &["CREATE TRIGGER refuse BEFORE UPDATE ON connections BEGIN SELECT RAISE(ABORT, 'refused'); END"]
    };
    for statement in sql {
        app.database.execute(statement).await;
    }
}

async fn mend_writes(app: &TestApp) {
    let on = if tests::is_postgres() { " ON connections" } else { "" };
    app.database.execute(&format!("DROP TRIGGER refuse{on}")).await;
}

#[tokio::test]
async fn a_refresh_that_was_overtaken_by_a_reconnect_changes_nothing() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    app.clock.advance(TimeDelta::minutes(80));
    let slow = Fault::latency(Endpoint::Token, Duration::from_millis(600)).times(1);
    app.emulator.set_fault(slow);
    let (caller, path) = (person(&app, "alex"), token_path(&id));
    let refresh = tokio::spawn(async move { caller.get(&path).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    // Signed in anew, since the clock has moved on.
    browser.sign_in("alex@contoso.com").await.expect(303);
    super::connect(&browser, "alex@contoso.com").await;
    let stored = "SELECT refresh_token, version FROM connections";
    let reconnected = app.database.query(stored).await;
    refresh.await.unwrap().expect(200);
    assert_eq!(app.database.query(stored).await, reconnected, "what is newer stays");
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
}

#[tokio::test]
async fn a_refresh_goes_on_when_whoever_asked_hangs_up() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_millis(300)).times(1));
    let before = asked(&app);
    let (caller, path) = (person(&app, "alex"), token_path(&id));
    let hung_up = tokio::time::timeout(Duration::from_millis(100), caller.get(&path)).await;
    assert!(hung_up.is_err(), "it takes longer");
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
    assert_eq!(asked(&app), before + 1, "the second one has what the first one began");
}

#[tokio::test]
async fn an_explicit_refresh_asks_whatever_is_there() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let alex = person(&app, "alex");
    let before = asked(&app);
    let shown = alex.post(&format!("{}/refresh", path(&id)), json!({})).await;
    assert_eq!(shown.status.as_u16(), 200, "{}", shown.text);
    assert_eq!(asked(&app), before + 1);
    assert_eq!(shown.at("/data/status"), json!("ACTIVE"));
}

#[tokio::test]
async fn tokens_that_live_shorter_than_the_buffer_are_handed_out_for_half_their_life() {
    let app = super::builder().set("TOKEN_REFRESH_BUFFER", "30m").start().await;
    app.emulator.set_token_lifetime(20 * 60);
    let (_, id) = alex(&app).await;
    app.clock.advance(TimeDelta::hours(1));
    let alex = person(&app, "alex");
    let before = asked(&app);
    let first = alex.get(&token_path(&id)).await.expect(200);
    assert_eq!(asked(&app), before + 1, "one round is enough");
    app.clock.advance(TimeDelta::minutes(9));
    assert_eq!(alex.get(&token_path(&id)).await.expect(200).at("/data"), first.at("/data"));
    assert_eq!(asked(&app), before + 1);
    app.clock.advance(TimeDelta::minutes(2));
    let fresh = alex.get(&token_path(&id)).await.expect(200);
    assert!(expires_at(&fresh) > expires_at(&first));
    // What is wanted expressly is not to be had.
    let refused = alex.get(&format!("{}?minTtl=1500", token_path(&id))).await.expect(400);
    assert!(refused.text.contains("minTtl"), "{}", refused.text);
}

//! The record of who had which token.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestApp;

use super::{alex, count, key, person, start, token_path};

const HANDED_OUT: &str = "events WHERE name = 'connection.token.handed_out'";

#[tokio::test]
async fn the_first_hand_out_is_written_before_the_answer_and_repeats_are_counted() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    let token = caller.get(&token_path(&id)).await.expect(200).text_at("/data/accessToken");
    assert_eq!(count(&app, HANDED_OUT).await, 1);
    let row = &app.database.query(&format!("SELECT * FROM {HANDED_OUT}")).await[0];
    assert_eq!(row["actor_kind"], json!("api_key"));
    let text = json!(row).to_string();
    for told in [id.as_str(), "https://graph.microsoft.com", "Files.Read.All", "remainingSeconds"] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert!(!text.contains(&token[..40]), "no token material");
    let statements = app.app.statements();
    for _ in 0..5 {
        caller.get(&token_path(&id)).await.expect(200);
    }
    assert_eq!(count(&app, HANDED_OUT).await, 1, "repeats write nothing");
    assert_eq!(app.app.statements(), statements, "nor do they read");
    app.app.turn_background().await.unwrap();
    assert_eq!(count(&app, HANDED_OUT).await, 2, "and one entry tells of them all");
    let rows = app.database.query(&format!("SELECT * FROM {HANDED_OUT} ORDER BY id DESC")).await;
    let text = json!(rows[0]).to_string().replace("\\\"", "\"");
    assert!(text.contains("\"repeats\":5") || text.contains("\"repeats\": 5"), "{text}");
    app.app.turn_background().await.unwrap();
    assert_eq!(count(&app, HANDED_OUT).await, 2, "nothing is told twice");
}

#[tokio::test]
async fn another_caller_another_token_and_another_resource_are_facts_of_their_own() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let (one, other) = (key(&app, json!({})).await, person(&app, "alex"));
    one.get(&token_path(&id)).await.expect(200);
    other.get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 2);
    one.get(&format!("{}?resource=sharepoint", token_path(&id))).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 3);
    app.clock.advance(TimeDelta::hours(2));
    one.get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 4);
}

#[tokio::test]
async fn a_hand_out_that_cannot_be_written_is_none() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    caller.get("/api/auth/me").await.expect(200);
    fail_writes(&app).await;
    let refused = caller.get(&token_path(&id)).await.expect(500);
    assert!(!refused.text.contains("eyJ"), "{}", refused.text);
    mend_writes(&app).await;
    caller.get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 1);
}

#[tokio::test]
async fn what_was_answered_is_known_after_a_restart() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    caller.get(&token_path(&id)).await.expect(200);
    caller.get(&token_path(&id)).await.expect(200);
    // The process ends as if it were killed: nothing is flushed.
    let restarted = app.replica().await;
    assert_eq!(count(&app, HANDED_OUT).await, 1);
    restarted.token(caller.token.as_deref().unwrap()).get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, HANDED_OUT).await, 2, "another process does not know, and writes it again");
}

/// Events cannot be written from now on.
async fn fail_writes(app: &TestApp) {
    let statements: &[&str] = if tests::is_postgres() {
        &[
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
            "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
    } else {
        &["CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'refused'); END"]
    };
    for statement in statements {
        app.database.execute(statement).await;
    }
}

async fn mend_writes(app: &TestApp) {
    let on = if tests::is_postgres() { " ON events" } else { "" };
    app.database.execute(&format!("DROP TRIGGER refuse{on}")).await;
}

/// How many repeats were written altogether.
async fn repeats(app: &TestApp) -> u64 {
    let rows = app.database.query(&format!("SELECT data FROM {HANDED_OUT}")).await;
    rows.iter()
        .map(|row| {
            let data = &row["data"];
            data.as_str().map_or_else(|| data.clone(), |text| serde_json::from_str(text).expect("JSON"))
        })
        .filter_map(|data| data.get("repeats").and_then(Value::as_u64))
        .sum()
}

#[tokio::test]
async fn counts_that_could_not_be_written_outlive_their_token() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    for _ in 0..6 {
        caller.get(&token_path(&id)).await.expect(200);
    }
    fail_writes(&app).await;
    app.clock.advance(TimeDelta::hours(2));
    assert!(app.app.turn_background().await.is_err());
    mend_writes(&app).await;
    app.app.turn_background().await.unwrap();
    assert_eq!(repeats(&app).await, 5);
}

#[tokio::test]
async fn a_process_that_ends_while_it_writes_counts_loses_none() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let caller = key(&app, json!({})).await;
    caller.get(&token_path(&id)).await.expect(200);
    for number in 0..40 {
        caller.get(&token_path(&id)).await.expect(200);
        // Dropped somewhere on its way, as when the process is asked to end.
        let some_time = Duration::from_micros(number * 100);
        let _ = tokio::time::timeout(some_time, app.app.turn_background()).await;
    }
    app.app.turn_background().await.unwrap();
    let written = repeats(&app).await;
    assert!(written >= 40, "{written}");
}

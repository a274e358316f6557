//! The record of who had which token.

use chrono::TimeDelta;
use serde_json::json;

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
    let (create, drop): (&[&str], &str) = if tests::is_postgres() {
        (
            &[
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
                "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
            ],
            "DROP TRIGGER refuse ON events",
        )
    } else {
        (
            &["CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'refused'); END"],
            "DROP TRIGGER refuse",
        )
    };
    for statement in create {
        app.database.execute(statement).await;
    }
    let refused = caller.get(&token_path(&id)).await.expect(500);
    assert!(!refused.text.contains("eyJ"), "{}", refused.text);
    app.database.execute(drop).await;
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

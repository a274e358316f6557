//! Writes that take so long that a process can be killed in the middle of one.

use std::time::Duration;

use tests::{Process, TestApp, is_postgres};

const SLEEPS: &str = "datname = current_database() AND wait_event = 'PgSleep'";

/// Writing a row of a table that is there takes very long from now on.
pub(super) async fn begin(app: &TestApp, table: &str) {
    let sql = if is_postgres() {
        [
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(90); RETURN NEW; END $$".to_owned(),
            format!("CREATE TRIGGER linger BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION linger()"),
        ]
    } else {
        // There is nothing to sleep with: it counts, for longer than anybody waits.
        [
            "CREATE TABLE numbers AS WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 9000) \
             SELECT x FROM n".to_owned(),
            format!(
                "CREATE TRIGGER linger BEFORE UPDATE ON {table} BEGIN \
                 SELECT count(*) FROM numbers a, numbers b, numbers c WHERE a.x + b.x + c.x = 0; END"
            ),
        ]
    };
    for statement in sql {
        app.database.execute(&statement).await;
    }
}

/// Waits until a process writes such a row, and does nothing else.
pub(super) async fn has_begun(app: &TestApp, process: &Process) {
    if is_postgres() {
        let sleeps = format!("SELECT count(*) FROM pg_stat_activity WHERE {SLEEPS}");
        let begun = async {
            while app.database.count(&sleeps).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), begun).await.expect("the row is being written");
    } else {
        // Whoever waits for this has seen the transaction before it end; of this one there is no end.
        let writes = async {
            while !process.is_writing(&app.database.file()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), writes).await.expect("the row is being written");
    }
}

/// The process is dead, and writes are as fast as before.
pub(super) async fn end(app: &TestApp, table: &str) {
    if is_postgres() {
        // The server notices that a client is gone when it wants to tell it something.
        app.database
            .query(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {SLEEPS}"))
            .await;
        app.database.execute(&format!("DROP TRIGGER linger ON {table}")).await;
    } else {
        app.database.execute("DROP TRIGGER linger").await;
    }
}

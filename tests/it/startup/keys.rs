//! The keys that a process comes with, against those that the database was used with.

use api::app::{App, Parts};
use domain::access::RetireError;
use tests::TestDatabase;

use super::config;

const OLD: &str = "default:an old key for tests that is long enough to be one";
const NEW: &str = "new:a new key for tests that is long enough to be one";

async fn with(database: &TestDatabase, keys: &str) -> Result<App, String> {
    let config = config(&database.url, &[("TOKEN_KEYS", keys)]);
    App::build(&config, Parts::system()).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_ring_is_turned_and_a_retired_key_is_left_out_or_refused() {
    let database = TestDatabase::create().await;
    with(&database, OLD).await.unwrap().close().await.unwrap();
    let both = format!("{NEW},{OLD}");
    let app = with(&database, &both).await.unwrap();
    let status = app.rotation.status().await.unwrap();
    assert_eq!(status.first, "new");
    assert_eq!(status.keys.iter().map(|used| used.key.id.as_str()).collect::<Vec<_>>(), ["default", "new"]);
    assert!(matches!(app.rotation.retire("new", false).await, Err(RetireError::First(_))));
    app.rotation.retire("default", false).await.unwrap();
    app.close().await.unwrap();

    with(&database, &both).await.unwrap().close().await.unwrap();
    let reason = with(&database, OLD).await.err().unwrap();
    assert!(reason.contains("the key \"default\", which would seal, was retired"), "{reason}");
}

#[tokio::test]
async fn another_key_under_a_known_id_is_refused_by_name_and_neither_is_printed() {
    let database = TestDatabase::create().await;
    with(&database, OLD).await.unwrap().close().await.unwrap();
    let reason = with(&database, "default:hunter2hunter2hunter2hunter2hunter2").await.err().unwrap();
    assert!(
        reason.contains("the key \"default\" is not the one that this database was used with"),
        "{reason}"
    );
    assert!(!reason.contains("hunter2") && !reason.contains("an old key"), "{reason}");
}

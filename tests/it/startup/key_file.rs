//! The key that is kept beside a SQLite file when none is configured.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use api::app::{App, Parts};
use infra::{crypto::key_file::read_or_create, entropy::SystemEntropy};
use secrecy::ExposeSecret;
use serde_json::json;
use tests::{TestApp, TestClock, TestDatabase, TestPauses};

use super::{config, start};
use crate::annotations::taxonomy;

#[tokio::test]
async fn the_key_is_its_owners_alone_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenantry.db", folder.path().display());
    let file = folder.path().join("tenantry.db.key");
    start(&url).await.unwrap().close().await.unwrap();
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(key.len() >= 64, "64 random bytes, as text");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    start(&url).await.unwrap().close().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);

    let elsewhere = tempfile::tempdir().unwrap();
    start(&format!("sqlite://{}/tenantry.db", elsewhere.path().display())).await.unwrap();
    assert_ne!(std::fs::read_to_string(elsewhere.path().join("tenantry.db.key")).unwrap(), key);
}

#[tokio::test]
async fn there_is_no_key_file_when_a_key_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenantry.db", folder.path().display());
    let key = [("TOKEN_KEY", "a key for tests, which is long enough to be one")];
    App::build(&config(&url, &key), Parts::system()).await.unwrap();
    assert!(!folder.path().join("tenantry.db.key").exists());
}

#[tokio::test]
async fn a_key_file_that_holds_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenantry.db", folder.path().display());
    std::fs::write(folder.path().join("tenantry.db.key"), "short").unwrap();
    let reason = super::refusal(&url).await;
    assert!(reason.contains("a key of the ring is shorter than 32 bytes"), "{reason}");
}

#[test]
fn all_who_start_at_once_have_the_one_key() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = folder.path().join(format!("folder/{round}.key"));
        let keys: Vec<String> = std::thread::scope(|scope| {
            let start = || read_or_create(&path, &SystemEntropy).unwrap().expose_secret().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 88), "{keys:?}");
    }
}

#[tokio::test]
async fn a_cursor_from_before_a_restart_opens_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenantry.db", folder.path().display());
    let clock = TestClock::new();
    let emulator = TestApp::emulator_on(&clock).await;
    let database = Arc::new(TestDatabase::create().await);
    let config = config(&url, &[("AZURE_AUTHORITY_HOST", emulator.http_url())]);
    let started = async || {
        // The real entropy: a seeded one would make the same key twice.
        let parts = Parts { clock: Arc::new(clock.clone()), ..Parts::system() };
        let app = App::build(&config, parts).await.unwrap();
        app.turn_background().await.unwrap();
        TestApp {
            pauses: TestPauses::new(&clock),
            app,
            emulator: Arc::clone(&emulator),
            clock: clock.clone(),
            database: Arc::clone(&database),
            config: config.clone(),
            settings: std::collections::BTreeMap::new(),
        }
    };
    let before = started().await;
    let admin = before.user("adele");
    for name in ["1", "2"] {
        taxonomy(&admin, name).await;
    }
    let cursor = admin.get("/api/taxonomies?limit=1").await.expect(200).text_at("/nextCursor");
    drop(admin);
    before.app.close().await.unwrap();

    let after = started().await;
    let page = after.user("adele").get(&format!("/api/taxonomies?cursor={cursor}")).await.expect(200);
    assert_eq!(page.at("/data/0/name"), json!("1"));
}

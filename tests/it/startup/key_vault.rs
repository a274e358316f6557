//! Keys that are a secret of an Azure Key Vault.

use std::time::Duration;

use api::app::{App, Parts, Severity, findings};
use chrono::TimeDelta;
use tests::{FakeKeyVault, TestApp, TestClock, TestDatabase, TestPauses, emulator::ids};

use super::config;

const KEY: &str = "a planted key that is long enough to be one 0001";
const RING: &str = "2027:a planted key that is long enough to be one 0002,default:a planted key that is long enough to be one 0001";

/// The settings of an application that reads the vault.
fn settings(vault: &FakeKeyVault) -> Vec<(&'static str, String)> {
    vec![
        ("TOKEN_KEYS_VAULT_SECRET_ID", vault.identifier()),
        ("TOKEN_KEYS_VAULT_CREDENTIAL", "client-secret".to_owned()),
        ("TOKEN_KEYS_VAULT_TENANT_ID", ids::CONTOSO.to_owned()),
        ("AZURE_AUTHORITY_HOST", vault.authority().to_owned()),
        ("AZURE_CLIENT_SECRET", "the secret of the application".to_owned()),
    ]
}

fn configured(database: &TestDatabase, vault: &FakeKeyVault) -> api::config::Config {
    let settings = settings(vault);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    config(&database.url, &settings)
}

/// Starts with the vault; the reason when it does not, and the pauses that were made.
async fn with(database: &TestDatabase, vault: &FakeKeyVault) -> (Result<App, String>, Vec<Duration>) {
    let pauses = TestPauses::new(&TestClock::new());
    let parts = Parts { pauses: std::sync::Arc::new(pauses.clone()), ..Parts::system() };
    let app = App::build(&configured(database, vault), parts).await;
    let app = app.map_err(|error| {
        let text = format!("{error:#} {error:?}");
        assert!(!text.contains("planted"), "{text}");
        text
    });
    (app, pauses.taken())
}

#[tokio::test]
async fn one_key_and_then_a_ring_are_read_at_each_start() {
    let database = TestDatabase::create().await;
    // What was sealed with the key as a setting opens with the same one of a vault, a line feed at its end or not.
    let app = App::build(&config(&database.url, &[("TOKEN_KEY", KEY)]), Parts::system()).await.unwrap();
    app.close().await.unwrap();
    let vault = FakeKeyVault::start(&format!("{KEY}\n")).await;
    let app = with(&database, &vault).await.0.unwrap();
    assert_eq!(app.rotation.status().await.unwrap().first, "default");
    assert_eq!(app.key_file(), None);
    // The vault changes; the process has what it started with, and the next one has the ring.
    vault.set(RING);
    assert_eq!(app.rotation.status().await.unwrap().first, "default");
    app.close().await.unwrap();
    let app = with(&database, &vault).await.0.unwrap();
    let status = app.rotation.status().await.unwrap();
    assert_eq!((status.first.as_str(), status.keys.len()), ("2027", 2));
    app.close().await.unwrap();
    let token = format!("POST /{}/oauth2/v2.0/token", ids::CONTOSO);
    let read = "GET /secrets/tenantry-keys?api-version=7.4".to_owned();
    assert_eq!(vault.asked(), [token.clone(), read.clone(), token, read]);
}

#[tokio::test]
async fn a_vault_that_fails_for_a_moment_is_asked_again() {
    let (database, vault) = (TestDatabase::create().await, FakeKeyVault::start(RING).await);
    vault.refuse(500, "InternalError");
    vault.refuse(429, "Throttled");
    let (app, pauses) = with(&database, &vault).await;
    app.unwrap().close().await.unwrap();
    assert_eq!(pauses.len(), 2);
    assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(10)), "{pauses:?}");
}

#[tokio::test]
async fn nothing_starts_without_the_keys_and_the_reason_is_told() {
    let (database, vault) = (TestDatabase::create().await, FakeKeyVault::start(RING).await);
    vault.refuse(403, "ForbiddenByRbac");
    let (refused, pauses) = with(&database, &vault).await;
    let refused = refused.err().unwrap();
    assert!(refused.contains("give the identity the role \"Key Vault Secrets User\""), "{refused}");
    assert!(pauses.is_empty(), "{pauses:?}");
    for _ in 0..3 {
        vault.refuse(503, "x");
    }
    let (refused, pauses) = with(&database, &vault).await;
    assert!(refused.err().unwrap().contains("answers 503"));
    assert_eq!(pauses.len(), 2);
    for (value, told) in [
        ("planted", "does not hold the keys: the value has 7 bytes"),
        ("a:planted,planted", "entry 2 is not `id:key`"),
    ] {
        vault.set(value);
        let refused = with(&database, &vault).await.0.err().unwrap();
        assert!(refused.contains(told) && refused.contains(&vault.identifier()), "{refused}");
    }
    // A key in a vault is one of this database's, or none.
    vault.set(KEY);
    with(&database, &vault).await.0.unwrap().close().await.unwrap();
    vault.set("default:another planted key that is long enough to be one");
    let refused = with(&database, &vault).await.0.err().unwrap();
    assert!(refused.contains("is not the one that this database was used with"), "{refused}");
}

#[tokio::test]
async fn the_doctor_reads_it() {
    let (database, vault) = (TestDatabase::create().await, FakeKeyVault::start(RING).await);
    let config = configured(&database, &vault);
    let found = async || {
        let found = findings(&config, &Parts::system()).await;
        assert!(!format!("{found:?}").contains("planted"), "{found:?}");
        found.into_iter().find(|finding| finding.subject == "keys").expect("the keys were looked at")
    };
    let good = found().await;
    let expected = format!("one that seals, 1 that still open; of the secret {}", vault.identifier());
    assert_eq!((good.severity, good.text), (Severity::Good, expected));
    vault.refuse(404, "SecretNotFound");
    let wrong = found().await;
    assert_eq!(wrong.severity, Severity::Wrong);
    assert!(wrong.text.contains("has no such secret (404)"), "{wrong:?}");
}

#[tokio::test]
async fn a_process_on_a_machine_with_an_identity_starts_and_tells_nothing_secret() {
    let app = TestApp::start().await;
    app.keep_time(TimeDelta::zero());
    let vault = FakeKeyVault::start(&format!("default:{KEY}")).await;
    let machine = vault.of_machine();
    // It has the database of a service with another key otherwise.
    let database = TestDatabase::create().await;
    let more = [("TOKEN_KEY", ""), ("DATABASE_URL", database.url.as_str()), ("LOG_LEVEL", "trace")];
    let settings: Vec<_> = machine.iter().map(|(name, value)| (*name, value.as_str())).chain(more).collect();
    let served = app.serve(&settings).await;
    served.anonymous().get("/readyz").await.expect(200);
    let told = served.process.said("stderr", "keys read from the vault").await;
    assert!(told.contains(&vault.identifier()), "{told}");
    assert!(vault.asked().iter().any(|asked| asked.contains("resource=https%3A%2F%2Fvault.azure.net")));

    let mut processes = vec![served.process];
    let of_secret = format!("of the secret {}", vault.identifier());
    for (arguments, says) in [
        (&["doctor"][..], of_secret.as_str()),
        (&["check-config"], &vault.identifier()),
        (&["keys", "status"], "keys read from the vault"),
        (&["keys", "rotate"], "keys read from the vault"),
    ] {
        let mut process = app.process(arguments, &settings);
        let status = process.ended().await;
        let said = process.text("stdout") + &process.text("stderr");
        assert!(status.success(), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        processes.push(process);
    }
    vault.refuse(403, "ForbiddenByPolicy");
    let mut refused = app.process(&["serve"], &settings);
    assert!(!refused.ended().await.success());
    assert!(refused.text("stderr").contains("the secret permission Get"), "{}", refused.text("stderr"));
    processes.push(refused);
    for process in &processes {
        let said = process.text("stdout") + &process.text("stderr");
        for secret in vault.secrets().iter().map(String::as_str).chain([KEY]) {
            assert!(!said.contains(secret), "{secret} is in {said}");
        }
    }
}

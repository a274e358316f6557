//! What stands behind keys: data keys, peppers, and what a rotation of the service's own keys does to them.

use api::app::{App, Parts};
use domain::access::RetireError;
use serde_json::json;
use tests::TestApp;
use tokio::task::JoinSet;

use super::{ME, key, made, refused};

#[tokio::test]
async fn of_many_first_secrets_at_once_one_makes_the_data_key_of_the_organization() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get(ME).await.expect(200);
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let adele = adele.clone();
        tasks.spawn(async move { made(&adele, &[], json!({})).await.expect(201) });
    }
    let answers = tasks.join_all().await;
    assert_eq!(app.database.count("SELECT count(*) FROM data_keys").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM api_key_secrets").await, 32);
    for answer in answers {
        app.token(&answer.text_at("/data/rawKey")).get(ME).await.expect(200);
    }
    made(&app.user("megan"), &[], json!({})).await.expect(201);
    assert_eq!(app.database.count("SELECT count(*) FROM data_keys").await, 2);
}

/// The service again, on the same database with other keys.
async fn with_keys(app: &TestApp, keys: &[(&str, &str)]) -> TestApp {
    let token_key = |(id, key): &(&str, &str)| api::config::TokenKey {
        id: (*id).to_owned(),
        key: secrecy::SecretString::from(*key),
    };
    let mut config = app.config.clone();
    let mut keys = keys.iter().map(token_key);
    config.keys.ring = keys.next().map(|sealing| api::config::KeyRing { sealing, opening: keys.collect() });
    let parts = Parts { clock: std::sync::Arc::new(app.clock.clone()), ..Parts::system() };
    let built = App::build(&config, parts).await.expect("it is there");
    built.turn_background().await.expect("it is there");
    TestApp {
        app: built,
        emulator: std::sync::Arc::clone(&app.emulator),
        clock: app.clock.clone(),
        pauses: app.pauses.clone(),
        database: std::sync::Arc::clone(&app.database),
        config,
        settings: app.settings.clone(),
    }
}

const OLD: (&str, &str) = ("default", "a key for tests, which is long enough to be one");
const NEW: (&str, &str) = ("new", "another key for tests, which is long enough as well");

#[tokio::test]
async fn the_rings_key_is_replaced_under_keys_that_are_used_and_one_that_is_not_holds_the_old_one() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (used, _) = key(&app, &adele, &[], json!({})).await;
    let (unused, _) = key(&app, &adele, &[], json!({})).await;

    let app = with_keys(&app, &[NEW, OLD]).await;
    let progress = app.app.rotation.rotate(&mut |_| {}).await.unwrap();
    assert_eq!((progress.rewrapped, progress.made, progress.rows, progress.failed), (1, 1, 2, 0));
    let again = |actor: &tests::Actor| app.token(actor.token.as_deref().unwrap());
    again(&used).get(ME).await.expect(200);
    let refusal = app.app.rotation.retire("default", false).await.unwrap_err();
    assert!(matches!(refusal, RetireError::ApiKeys { api_keys: 1, .. }), "{refusal}");
    // Refused, the old key goes on.
    again(&unused).get(ME).await.expect(200);
    app.app.rotation.retire("default", false).await.unwrap();

    let app = with_keys(&app, &[NEW]).await;
    let again = |actor: &tests::Actor| app.token(actor.token.as_deref().unwrap());
    for actor in [&used, &unused] {
        again(actor).get(ME).await.expect(200);
    }
    assert_eq!(app.database.count("SELECT count(*) FROM data_keys").await, 1);
}

#[tokio::test]
async fn keys_that_nobody_uses_can_be_given_up_with_the_old_pepper() {
    let app = TestApp::start().await;
    let (unused, _) = key(&app, &app.user("adele"), &[], json!({})).await;
    let app = with_keys(&app, &[NEW, OLD]).await;
    app.app.rotation.rotate(&mut |_| {}).await.unwrap();
    app.app.rotation.retire("default", true).await.unwrap();
    let app = with_keys(&app, &[NEW, OLD]).await;
    // It is still configured, and of no use: the ring has left it out.
    refused(&app.token(unused.token.as_deref().unwrap()).get(ME).await, 401, "API_KEY_INVALID");
    assert_eq!(app.database.count("SELECT count(*) FROM api_keys WHERE NOT is_active").await, 1);
}

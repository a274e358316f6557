//! The authority's signing keys: how they change, and what strangers' key ids cost.

use chrono::TimeDelta;
use tests::{
    TestApp, TokenRequest,
    emulator::{Endpoint, Rotation},
};

use super::support::{Logs, ME, all_at_once};

#[tokio::test]
async fn a_new_key_is_known_by_the_first_request_that_needs_it_with_one_fetch() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    let before = app.emulator.requests(Endpoint::Keys);
    app.emulator.rotate_keys(Rotation::default());
    app.user("lee").get(ME).await.expect(200);
    app.user("adele").get(ME).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Keys) - before, 1);
}

#[tokio::test]
async fn requests_that_need_a_new_key_at_once_share_the_fetch() {
    let app = TestApp::start().await;
    let before = app.emulator.requests(Endpoint::Keys);
    app.emulator.rotate_keys(Rotation::default());
    let actors = ["alex", "lee", "adele", "megan", "nestor"].map(|name| app.user(name)).into();
    for response in all_at_once(actors).await {
        response.expect(200);
    }
    assert_eq!(app.emulator.requests(Endpoint::Keys) - before, 1);
}

#[tokio::test]
async fn a_token_of_a_withdrawn_key_is_refused_from_the_refresh_on_though_it_was_remembered() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.emulator.rotate_keys(Rotation::dropping());
    alex.get(ME).await.expect(200);
    app.user("lee").get(ME).await.expect(200);
    let logs = Logs::capture();
    alex.get(ME).await.expect(401);
    assert!(logs.take().contains("reason=unknown_key"));
}

#[tokio::test]
async fn the_regular_refresh_alone_finds_out_that_a_key_was_withdrawn() {
    let app = TestApp::start().await;
    app.emulator.rotate_keys(Rotation::dropping());
    app.advance(TimeDelta::hours(13));
    let alex = app.bearer(&TokenRequest::user("alex").sign_with(tests::emulator::SignWith::Previous));
    alex.get(ME).await.expect(200);
    app.app.turn_background().await.expect("the background turns");
    alex.get(ME).await.expect(401);
}

#[tokio::test]
async fn another_key_under_a_known_id_replaces_the_one_it_was() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    app.emulator.rotate_keys(Rotation::reusing_kid());
    app.user("lee").get(ME).await.expect(200);
}

#[tokio::test]
async fn a_key_that_is_published_late_is_found_after_five_minutes_and_asked_for_once_until_then() {
    let app = TestApp::start().await;
    app.emulator.rotate_keys(Rotation::unannounced());
    let alex = app.user("alex");
    let before = app.emulator.requests(Endpoint::Keys);
    alex.get(ME).await.expect(401);
    app.emulator.announce_keys();
    for _ in 0..3 {
        alex.get(ME).await.expect(401);
    }
    assert_eq!(app.emulator.requests(Endpoint::Keys) - before, 1);
    app.advance(TimeDelta::minutes(5));
    alex.get(ME).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Keys) - before, 2);
}

#[tokio::test]
async fn two_hundred_invented_key_ids_cause_one_fetch_and_shut_nobody_out() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    let before = app.emulator.requests(Endpoint::Keys);
    let wrong = |n| app.bearer(&TokenRequest::user("adele").kid(format!("invented-{n}")));
    wrong(0).get(ME).await.expect(401);
    for response in all_at_once((1..200).map(wrong).collect()).await {
        response.expect(401);
    }
    assert_eq!(app.emulator.requests(Endpoint::Keys) - before, 1);
    app.user("lee").get(ME).await.expect(200);
}

//! An authority that is down, slow, or says what it should not.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::{Rejection, TokenVerifier};
use serde_json::json;

use super::{
    fake_authority::{Answer, Document, FakeAuthority},
    tokens::{Key, OTHER_TENANT, Token},
    world::{IMPATIENT, NOW, PATIENT, World, is_unavailable},
};
use crate::entra::KeysState;

/// Good for longer than the tests last.
fn lasting() -> Token {
    Token::v2().with("exp", NOW + 1_000_000)
}

#[tokio::test]
async fn keys_serve_for_a_day_while_the_authority_is_down_and_no_longer() {
    let world = World::start().await;
    world.verify(&lasting()).await.unwrap();
    let fetched_at = chrono::DateTime::from_timestamp(NOW, 0).unwrap();
    world.fake.answer_all(&Answer::Status(503));
    world.clock.advance(TimeDelta::hours(13));
    world.keys().refresh_if_due().await;
    assert!(world.verify(&lasting()).await.is_ok());
    assert_eq!(world.keys().state(), KeysState::Stale { fetched_at });
    world.clock.advance(TimeDelta::hours(11));
    assert!(world.verify(&lasting()).await.is_ok());
    assert!(world.verifier.trusts(Key::Work.id()));
    world.clock.advance(TimeDelta::seconds(1));
    assert!(is_unavailable(&world.verify(&lasting()).await));
    assert!(!world.verifier.trusts(Key::Work.id()));
    assert_eq!(world.keys().state(), KeysState::Expired { fetched_at });
    world.fake.answer_all(&Answer::Good);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.verify(&lasting()).await.is_ok());
}

#[tokio::test]
async fn a_failed_background_refresh_is_tried_again_with_growing_pauses() {
    let world = World::start().await;
    world.keys().refresh_if_due().await;
    world.fake.answer_all(&Answer::Status(500));
    world.clock.advance(TimeDelta::hours(13));
    let mut attempts = Vec::new();
    for minute in 0..20 {
        let before = world.fake.count(Document::V2);
        world.keys().refresh_if_due().await;
        if world.fake.count(Document::V2) > before {
            attempts.push(minute);
        }
        world.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(attempts, [0, 1, 3, 7, 15]);
}

#[tokio::test]
async fn an_unknown_key_is_rejected_but_not_remembered_when_the_authority_is_down() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    world.fake.answer_all(&Answer::Status(503));
    world.fake.publish(vec![Key::Rotated.jwk()]);
    let token = Token::v2().signed_by(Key::Rotated);
    assert_eq!(world.refusal(&token).await, Rejection::UnknownKey);
    assert_eq!(world.keys().unknown_remembered(), 0);
    assert!(world.verify(&Token::v2()).await.is_ok(), "the keys that are had still serve");
    world.fake.answer_all(&Answer::Good);
    world.clock.advance(TimeDelta::minutes(1));
    world.keys().refresh_if_due().await;
    assert!(world.verify(&token).await.is_ok(), "the background task soon tries again");
}

#[tokio::test]
async fn a_start_while_the_authority_is_down_recovers_by_a_request_or_by_itself() {
    let world = World::start().await;
    world.fake.answer_all(&Answer::Status(503));
    world.keys().refresh_if_due().await;
    assert_eq!(world.keys().state(), KeysState::NotYetFetched);
    assert!(is_unavailable(&world.verify(&Token::v2()).await));
    let tried = world.fake.count(Document::V2);
    for _ in 0..50 {
        assert!(is_unavailable(&world.verify(&Token::v2()).await));
    }
    assert_eq!(world.fake.count(Document::V2), tried, "at most one attempt a second");
    world.clock.advance(TimeDelta::seconds(1));
    assert!(is_unavailable(&world.verify(&Token::v2()).await));
    assert_eq!(world.fake.count(Document::V2), tried + 1);
    world.fake.answer_all(&Answer::Good);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.verify(&Token::v2()).await.is_ok());
}

#[tokio::test]
async fn requests_at_the_start_share_one_fetch() {
    let world = World::start().await;
    let token = Token::v2().sign();
    world.fake.hold();
    let requests: Vec<_> = (0..64)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&world.verifier), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
        })
        .collect();
    while world.fake.count(Document::V2) == 0 {
        tokio::task::yield_now().await;
    }
    world.fake.release();
    for request in requests {
        assert!(request.await.unwrap());
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn the_background_task_fetches_at_once() {
    let world = World::start().await;
    let background = tokio::spawn(Arc::clone(world.keys()).run_background());
    while world.keys().state() == KeysState::NotYetFetched {
        tokio::task::yield_now().await;
    }
    background.abort();
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_the_document_leaves_the_keys_as_they_are() {
    let world = World::start().await;
    world.verify(&lasting()).await.unwrap();
    let elsewhere = format!("{}/elsewhere", world.fake.base());
    let json = "application/json";
    let rotated = json!({ "keys": [Key::Rotated.jwk()] }).to_string();
    let answers = [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Redirect(elsewhere),
        Answer::Body(json, "garbage".to_owned()),
        Answer::Body(json, "{}".to_owned()),
        Answer::Body(json, json!({ "keys": [] }).to_string()),
        Answer::Body(json, json!({ "keys": [{ "kty": "EC" }, 7] }).to_string()),
        Answer::Body("text/html", rotated.clone()),
        Answer::Body(json, format!("{rotated}{}", " ".repeat(100_000))),
    ];
    for answer in answers {
        world.fake.answer(Document::Keys, answer);
        world.clock.advance(TimeDelta::minutes(5));
        let fetches = world.fetches();
        assert_eq!(world.refusal(&lasting().signed_by(Key::Rotated)).await, Rejection::UnknownKey);
        assert_eq!(world.fetches(), fetches + 1);
        assert!(world.verify(&lasting()).await.is_ok());
    }
    assert_eq!(world.fake.count(Document::Other), 0, "a redirect is not followed");
    world.fake.answer(Document::Keys, Answer::Body("application/jwk-set+json", rotated));
    world.clock.advance(TimeDelta::minutes(5));
    assert!(world.verify(&lasting().signed_by(Key::Rotated)).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_never_comes_holds_a_request_for_a_bounded_time() {
    let fake = FakeAuthority::start(vec![Key::Work.jwk()]).await;
    for document in [Document::V2, Document::Keys] {
        fake.answer(document, Answer::Never);
        let world = World::with(fake.clone(), "common", IMPATIENT, &[]);
        assert!(is_unavailable(&world.verify(&Token::v2()).await));
        fake.answer(document, Answer::Good);
    }
}

#[tokio::test]
async fn metadata_cannot_send_us_elsewhere() {
    let other = FakeAuthority::start(vec![Key::Work.jwk()]).await;
    let elsewhere = format!("{}/common/discovery/v2.0/keys", other.base());
    for address in [elsewhere.as_str(), "http://169.254.169.254/keys", "file:///etc/passwd", "nonsense"] {
        let world = World::start().await;
        world.fake.set_jwks_uri(address);
        assert!(is_unavailable(&world.verify(&Token::v2()).await), "{address}");
    }
    assert_eq!(other.count(Document::Keys), 0);
}

#[tokio::test]
async fn metadata_of_another_tenant_is_not_taken() {
    let other = format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0");
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    for (tenant, issuer) in [
        (super::tokens::TENANT, other.as_str()),
        (super::tokens::TENANT, template),
        ("common", other.as_str()),
        ("consumers", template),
        ("common", "https://login.microsoftonline.com/common/v2.0"),
    ] {
        let fake = FakeAuthority::start(vec![Key::Work.jwk()]).await;
        fake.set_issuer(issuer);
        let world = World::with(fake, tenant, PATIENT, &[]);
        assert!(is_unavailable(&world.verify(&Token::v2()).await), "{tenant} {issuer}");
    }
}

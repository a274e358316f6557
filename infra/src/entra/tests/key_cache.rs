//! How the keys are kept: when they are fetched, and by whom.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use domain::access::{Rejection, TokenVerifier};
use serde_json::json;

use super::{
    fake_authority::{Answer, Document, FakeAuthority},
    tokens::{Key, Token},
    world::{NOW, PATIENT, World},
};
use crate::entra::KeysState;

/// A regular refresh with the longest jitter.
const LONGEST_PERIOD: TimeDelta = TimeDelta::seconds(12 * 3600 + 36 * 60);

#[tokio::test]
async fn the_first_request_fetches_and_the_next_ones_read_memory() {
    let world = World::start().await;
    assert_eq!(world.keys().state(), KeysState::NotYetFetched);
    assert!(!world.verifier.trusts(Key::Work.id()));
    for _ in 0..10 {
        assert!(world.verify(&Token::v2()).await.is_ok());
    }
    assert_eq!(world.fetches(), 1);
    assert!(world.verifier.trusts(Key::Work.id()));
    assert!(!world.verifier.trusts(Key::Rotated.id()));
    let fetched_at = DateTime::from_timestamp(NOW, 0).unwrap();
    assert_eq!(world.keys().state(), KeysState::Fresh { fetched_at });
}

#[tokio::test]
async fn a_regular_refresh_is_made_after_twelve_hours_and_the_jitter() {
    let world = World::start().await;
    world.keys().refresh_if_due().await;
    assert_eq!(world.fetches(), 1);
    world.clock.advance(LONGEST_PERIOD - TimeDelta::seconds(1));
    world.keys().refresh_if_due().await;
    assert_eq!(world.fetches(), 1);
    world.clock.advance(TimeDelta::seconds(1));
    world.keys().refresh_if_due().await;
    world.keys().refresh_if_due().await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_token_with_a_new_key_awaits_one_refresh_and_is_accepted() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    world.fake.publish(vec![Key::Work.jwk(), Key::Rotated.jwk()]);
    assert!(world.verify(&Token::v2().signed_by(Key::Rotated)).await.is_ok());
    assert_eq!(world.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_requests_with_a_new_key_share_one_fetch() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    world.fake.publish(vec![Key::Rotated.jwk()]);
    world.fake.hold();
    let token = Token::v2().signed_by(Key::Rotated).sign();
    let requests: Vec<_> = (0..64)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&world.verifier), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
        })
        .collect();
    while world.fake.count(Document::V2) < 2 {
        tokio::task::yield_now().await;
    }
    world.fake.release();
    for request in requests {
        assert!(request.await.unwrap());
    }
    assert_eq!(world.fetches(), 2);
    assert_eq!(world.fake.count(Document::V2), 2);
}

#[tokio::test]
async fn a_fetch_goes_on_when_the_request_that_began_it_leaves() {
    let world = World::start().await;
    world.fake.hold();
    let (verifier, token) = (Arc::clone(&world.verifier), Token::v2().sign());
    let first = tokio::spawn({
        let token = token.clone();
        async move { verifier.verify(&token).await.is_ok() }
    });
    while world.fake.count(Document::V2) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    world.fake.release();
    assert!(world.verifier.verify(&token).await.is_ok());
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn a_flood_of_random_keys_causes_one_refresh_and_no_growth() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    let good = Token::v2().sign();
    let (_, rest) = good.split_once('.').unwrap();
    for n in 0..1_000 {
        let header = Token::v2().with_header("kid", format!("random-{n}")).sign_payload("{}");
        let (header, _) = header.split_once('.').unwrap();
        assert_eq!(world.refusal_of(&format!("{header}.{rest}")).await, Rejection::UnknownKey);
    }
    assert_eq!(world.fetches(), 2);
    assert_eq!(world.keys().unknown_remembered(), 1);
    assert!(world.verify(&Token::v2()).await.is_ok());
}

#[tokio::test]
async fn a_second_requested_refresh_waits_for_five_minutes() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    assert_eq!(world.refusal(&Token::v2().with_header("kid", "a")).await, Rejection::UnknownKey);
    assert_eq!(world.fetches(), 2);
    world.fake.publish(vec![Key::Rotated.jwk()]);
    let token = Token::v2().signed_by(Key::Rotated);
    world.clock.advance(TimeDelta::seconds(299));
    assert_eq!(world.refusal(&token).await, Rejection::UnknownKey);
    assert_eq!(world.fetches(), 2);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.verify(&token).await.is_ok());
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn a_key_that_the_authority_did_not_have_causes_no_traffic_for_five_minutes() {
    let world = World::start().await;
    let unknown = Token::v2().with_header("kid", "a");
    world.refusal(&unknown).await;
    world.clock.advance(TimeDelta::seconds(299));
    world.refusal(&unknown).await;
    assert_eq!(world.fetches(), 2);
    world.clock.advance(TimeDelta::seconds(1));
    world.refusal(&unknown).await;
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn a_key_that_the_authority_did_not_have_waits_for_no_refresh_of_others() {
    let world = World::start().await;
    // So that the background refreshes again soon.
    world.fake.answer(Document::V1, Answer::Status(500));
    let unknown = Token::v2().with_header("kid", "a");
    world.refusal(&unknown).await;
    world.clock.advance(TimeDelta::minutes(2));
    world.fake.hold();
    let asked = world.fake.count(Document::V2);
    let keys = Arc::clone(world.keys());
    let background = tokio::spawn(async move { keys.refresh_if_due().await });
    while world.fake.count(Document::V2) == asked {
        tokio::task::yield_now().await;
    }
    let refusal = tokio::time::timeout(std::time::Duration::from_secs(5), world.refusal(&unknown));
    assert_eq!(refusal.await.unwrap(), Rejection::UnknownKey);
    world.fake.release();
    background.await.unwrap();
}

#[tokio::test]
async fn a_key_that_a_refresh_no_longer_names_is_not_trusted_from_then_on() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    world.fake.publish(vec![Key::Rotated.jwk()]);
    world.clock.advance(LONGEST_PERIOD);
    world.keys().refresh_if_due().await;
    assert!(!world.verifier.trusts(Key::Work.id()));
    let late = |token: Token| token.with("exp", NOW + 100_000);
    assert_eq!(world.refusal(&late(Token::v2())).await, Rejection::UnknownKey);
    assert!(world.verify(&late(Token::v2().signed_by(Key::Rotated))).await.is_ok());
}

#[tokio::test]
async fn a_new_key_under_a_known_id_is_accepted_after_one_refresh() {
    let world = World::start().await;
    world.verify(&Token::v2()).await.unwrap();
    world.fake.publish(vec![Key::Rotated.jwk_with("kid", Key::Work.id())]);
    assert!(world.verify(&Token::v2().forged_by(Key::Rotated)).await.is_ok());
    assert_eq!(world.fetches(), 2);
    assert_eq!(world.refusal(&Token::v2()).await, Rejection::Signature);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_new_issuer_is_accepted_after_one_refresh() {
    let fake = FakeAuthority::start(vec![Key::Work.jwk_with("issuer", json!(null))]).await;
    let world = World::with(fake, "common", PATIENT, &[]);
    world.verify(&Token::v2()).await.unwrap();
    world.fake.set_issuer("https://login.contoso.example/{tenantid}/v2.0");
    let tenant = super::tokens::TENANT;
    let token = Token::v2().with("iss", format!("https://login.contoso.example/{tenant}/v2.0"));
    assert!(world.verify(&token).await.is_ok());
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn neither_times_nor_audience_nor_the_key_issuer_cause_a_refresh() {
    let world = World::start().await;
    for token in [
        Token::v2().with("exp", NOW - 1000),
        Token::v2().with("aud", "x"),
        Token::v2().signed_by(Key::Personal),
        Token::v2().with("ver", "1.0"),
        Token::v2().without("tid"),
    ] {
        world.refusal(&token).await;
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn keys_that_cannot_sign_our_tokens_are_passed_over() {
    // Of 1008 bits.
    let short: String = Key::Work.jwk()["n"].as_str().unwrap().chars().take(168).collect();
    let fake = FakeAuthority::start(vec![
        json!({ "kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!("garbage"),
        json!({ "kty": "RSA", "kid": "incomplete", "n": "AQAB" }),
        Key::Rotated.jwk_with("use", "enc"),
        Key::Personal.jwk_with("n", "not base64!"),
        json!({ "kty": "RSA", "use": "sig", "kid": "short", "n": short, "e": "AQAB" }),
        Key::Work.jwk_with("use", json!(null)),
        Key::Rotated.jwk_with("kid", Key::Work.id()),
    ])
    .await;
    let world = World::with(fake, "common", PATIENT, &[]);
    assert!(world.verify(&Token::v2()).await.is_ok());
    for key in ["ec", "incomplete", Key::Rotated.id(), Key::Personal.id(), "short"] {
        assert!(!world.verifier.trusts(key), "{key}");
    }
}

#[tokio::test]
async fn a_v1_document_that_cannot_be_had_stops_v1_tokens_only_and_is_asked_for_again() {
    let world = World::start().await;
    world.fake.answer(Document::V1, Answer::Status(500));
    assert!(world.verify(&Token::v2()).await.is_ok());
    assert!(super::world::is_unavailable(&world.verify(&Token::v1()).await));
    world.fake.answer(Document::V1, Answer::Good);
    world.clock.advance(TimeDelta::minutes(2));
    world.keys().refresh_if_due().await;
    assert!(world.verify(&Token::v1()).await.is_ok());
    world.fake.answer(Document::V1, Answer::Status(500));
    world.clock.advance(LONGEST_PERIOD);
    world.keys().refresh_if_due().await;
    assert!(world.verify(&Token::v1().with("exp", NOW + 100_000)).await.is_ok(), "the earlier issuer serves");
}

#[tokio::test]
async fn an_authority_without_a_v1_document_has_no_v1_tokens() {
    let world = World::start().await;
    world.fake.answer(Document::V1, Answer::Status(404));
    assert!(world.verify(&Token::v2()).await.is_ok());
    assert_eq!(world.refusal(&Token::v1()).await, Rejection::Issuer);
}

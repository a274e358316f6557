//! Who gets which token, and how often the authority is asked.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tests::{
    Actor, TestApp,
    emulator::{AccessPolicy, Endpoint, Fault, TokenRequest},
};

use super::{DELEGATION, asked, capable};

async fn expires_at(actor: &Actor) -> DateTime<Utc> {
    actor.get(DELEGATION).await.expect(200).text_at("/data/expiresAt").parse().expect("a time")
}

#[tokio::test]
async fn five_hundred_requests_with_one_assertion_cause_one_token_request() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get("/api/auth/me").await.expect(200);
    app.emulator.set_fault(Fault::latency(Endpoint::Token, std::time::Duration::from_millis(300)));
    let answers = join_all((0..500).map(|_| adele.get(DELEGATION))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(asked(&app), 1);
}

#[tokio::test]
async fn a_hot_token_costs_no_request_and_no_query() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get(DELEGATION).await.expect(200);
    let (requests, statements) = (app.emulator.requests(Endpoint::All), app.app.statements());
    for _ in 0..10 {
        adele.get(DELEGATION).await.expect(200);
    }
    assert_eq!((app.emulator.requests(Endpoint::All), app.app.statements()), (requests, statements));
}

#[tokio::test]
async fn a_token_is_never_served_to_another_assertion() {
    let app = TestApp::start().await;
    // The same person with another token, with a client of other capabilities, as a guest elsewhere, and others.
    let callers = [
        app.user("adele"),
        app.user("adele"),
        capable(&app, "adele"),
        app.user_in("adele", "fabrikam"),
        app.user("alex"),
        app.user("megan"),
    ];
    // A better name for the guest's organization is found in Megan's token, which is a change of it.
    app.user("megan").get("/api/auth/me").await.expect(200);
    for (index, caller) in callers.iter().enumerate() {
        caller.get(DELEGATION).await.expect(200);
        assert_eq!(asked(&app), index as u64 + 1);
    }
    // From now on only what is cached can be given: each has their own, nobody else anybody's.
    app.emulator.add_policy(AccessPolicy::block("Microsoft Graph"));
    for caller in &callers {
        caller.get(DELEGATION).await.expect(200);
    }
    for stranger in
        [app.user("adele"), app.user("alex"), app.user_in("adele", "fabrikam"), app.user("nestor")]
    {
        stranger.get(DELEGATION).await.expect(403);
    }
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    app.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph"));
    alex.get(DELEGATION).await.expect(401);
    app.emulator.clear_policies();
    alex.get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn a_token_is_renewed_beside_the_requests_before_it_ends() {
    let app = TestApp::start().await;
    // The assertion outlives the token that was had for it.
    let adele = app.bearer(&TokenRequest::user("adele").expires_in(20_000));
    let first = expires_at(&adele).await;
    let left = first - app.clock.peek();
    app.advance(left - TimeDelta::minutes(4));
    assert_eq!(expires_at(&adele).await, first, "the request did not wait");
    for _ in 0..500 {
        if expires_at(&adele).await > first {
            assert_eq!(asked(&app), 2);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it was not renewed");
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_token_to_its_end_and_no_longer() {
    let app = TestApp::start().await;
    let adele = app.bearer(&TokenRequest::user("adele").expires_in(20_000));
    let first = expires_at(&adele).await;
    app.advance(first - app.clock.peek() - TimeDelta::minutes(4));
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
    for _ in 0..20 {
        assert_eq!(expires_at(&adele).await, first);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let tried = asked(&app) - 1;
    assert!((1..=3).contains(&tried), "one renewal with its repetitions, and then a pause: {tried}");
    app.advance(TimeDelta::minutes(4));
    adele.get(DELEGATION).await.expect(503);
    app.emulator.clear_faults();
    assert!(expires_at(&adele).await > first);
}

#[tokio::test]
async fn a_renewal_that_the_authority_refuses_takes_the_token_away() {
    let app = TestApp::start().await;
    let adele = app.bearer(&TokenRequest::user("adele").expires_in(20_000));
    let first = expires_at(&adele).await;
    app.advance(first - app.clock.peek() - TimeDelta::minutes(4));
    app.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph"));
    for _ in 0..500 {
        let answer = adele.get(DELEGATION).await;
        if answer.status == 401 {
            assert_eq!(answer.code(), "INTERACTION_REQUIRED");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the token was served on");
}

//! An authority that throttles, is down, slow, or is not itself.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault, FaultKind, RetryAfter},
};

use super::{DELEGATION, asked};

#[tokio::test]
async fn a_throttled_tenant_is_left_alone_for_as_long_as_was_asked() {
    let app = TestApp::start().await;
    app.emulator
        .set_fault(Fault::new(Endpoint::Token, FaultKind::Throttle).retry_after(RetryAfter::seconds(30)));
    for _ in 0..5 {
        let refused = app.user("alex").get(DELEGATION).await.expect(503);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("UNAVAILABLE", Some("30")));
    }
    assert_eq!(asked(&app), 1);
    // Another tenant was not throttled.
    app.emulator.clear_faults();
    app.user("megan").get(DELEGATION).await.expect(200);
    app.user("alex").get(DELEGATION).await.expect(503);
    app.advance(TimeDelta::seconds(31));
    app.user("alex").get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn a_wait_of_more_than_minutes_is_kept_to_its_end() {
    let app = TestApp::start().await;
    let throttle = Fault::new(Endpoint::Token, FaultKind::Throttle).retry_after(RetryAfter::seconds(3_600));
    app.emulator.set_fault(throttle.times(1));
    let refused = app.user("alex").get(DELEGATION).await.expect(503);
    assert_eq!(refused.header("retry-after"), Some("3600"));
    app.advance(TimeDelta::minutes(50));
    app.user("alex").get(DELEGATION).await.expect(503);
    assert_eq!(asked(&app), 1);
    app.advance(TimeDelta::minutes(11));
    app.user("alex").get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn a_client_that_asks_in_a_loop_is_left_alone_and_nobody_else() {
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 50_196).times(1));
    for _ in 0..3 {
        let refused = alex.get(DELEGATION).await.expect(503);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("UNAVAILABLE", Some("60")));
    }
    assert_eq!(asked(&app), 1);
    // Neither others of the tenant, nor he himself with another sign-in.
    adele.get(DELEGATION).await.expect(200);
    app.user("alex").get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 3);
    alex.get(DELEGATION).await.expect(503);
    app.advance(TimeDelta::seconds(61));
    alex.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 4);
    // The tenant's own throttling is of the tenant, also by its number alone.
    app.emulator.set_fault(Fault::refuse("invalid_request", 90_055).times(1));
    for actor in [app.user("alex"), app.user("adele")] {
        actor.get(DELEGATION).await.expect(503);
    }
    assert_eq!(asked(&app), 5);
}

#[tokio::test]
async fn an_authority_that_stumbles_is_asked_again_and_one_that_is_down_is_told_of() {
    let app = TestApp::start().await;
    for kind in [FaultKind::Status, FaultKind::Close] {
        app.emulator.set_fault(Fault::new(Endpoint::Token, kind).times(2));
        app.user("alex").get(DELEGATION).await.expect(200);
    }
    for kind in [FaultKind::Status, FaultKind::Garbage, FaultKind::Empty] {
        app.emulator.set_fault(Fault::new(Endpoint::Token, kind));
        let before = asked(&app);
        let refused = app.user("alex").get(DELEGATION).await.expect(503);
        assert_eq!(refused.code(), "UNAVAILABLE", "{kind:?}");
        assert!(asked(&app) - before <= 3, "{kind:?}");
        app.emulator.clear_faults();
        app.user("alex").get(DELEGATION).await.expect(200);
    }
}

#[tokio::test]
async fn a_wait_that_the_authority_asks_for_is_the_callers() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503).retry_after(RetryAfter::seconds(20)));
    let refused = app.user("alex").get(DELEGATION).await.expect(503);
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(asked(&app), 1);
}

#[tokio::test]
async fn a_slow_authority_is_waited_for() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_secs(1)).times(1));
    let began = Instant::now();
    app.user("alex").get(DELEGATION).await.expect(200);
    assert!(began.elapsed() >= Duration::from_secs(1));
}

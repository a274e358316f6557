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

//! Microsoft 365 throttles, is slow, is down, or says nonsense.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tests::{
    TestApp, TokenRequest,
    emulator::{Endpoint, Fault, FaultKind, RetryAfter},
};

use super::{asked, path};

const SITES: &str = "/api/sharepoint/sites?search=marketing";

fn between(pause: Duration, from_ms: u64, to_ms: u64) -> bool {
    (Duration::from_millis(from_ms)..=Duration::from_millis(to_ms)).contains(&pause)
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_microsoft_says_in_each_form() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for status in [429, 503] {
        for (retry_after, from_ms) in [
            (json!(2), 2000),
            (json!("2"), 2000),
            (json!("1.5"), 1500),
            // Dates have whole seconds, and the clock has gone on a little.
            (json!({ "dateIn": 3 }), 1900),
        ] {
            let what = format!("{status} {retry_after}");
            let retry_after: RetryAfter = serde_json::from_value(retry_after).unwrap();
            app.emulator.set_fault(Fault::status(Endpoint::Graph, status).retry_after(retry_after).times(1));
            adele.get(SITES).await.expect(200);
            let pauses = app.pauses.taken();
            assert!(
                matches!(pauses[..], [pause] if between(pause, from_ms, from_ms + 1500)),
                "{what}: {pauses:?}"
            );
        }
    }
    // Without a word of how long, a little, and each time longer.
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 503).times(3));
    adele.get(SITES).await.expect(200);
    let pauses = app.pauses.taken();
    assert_eq!(pauses.len(), 3);
    assert!(between(pauses[0], 150, 300) && between(pauses[2], 600, 1200), "{pauses:?}");
}

#[tokio::test]
async fn throttling_that_lasts_is_passed_on_and_nothing_is_sent_meanwhile() {
    let app = TestApp::start().await;
    let (adele, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    adele.get(SITES).await.expect(200);
    let fault = Fault::status(Endpoint::Graph, 429).retry_after(RetryAfter::seconds(90)).times(1);
    app.emulator.set_fault(fault);
    let refused = adele.get(SITES).await.expect(429);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("RATE_LIMITED", Some("90")));
    assert_eq!(refused.at("/error/details/upstreamStatus"), 429);
    assert!(refused.at("/error/details/upstreamRequestId").is_string(), "{}", refused.text);

    // Everybody of the tenant waits, and nobody else.
    let before = asked(&app, Endpoint::Graph).len();
    for actor in [&adele, &alex] {
        let refused = actor.get(SITES).await.expect(429);
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((80..=90).contains(&wait), "{wait}");
    }
    assert_eq!(asked(&app, Endpoint::Graph).len(), before);
    megan.get(SITES).await.expect(200);
    assert!(app.pauses.taken().is_empty());

    app.advance(TimeDelta::seconds(91));
    app.user("adele").get(SITES).await.expect(200);
}

#[tokio::test]
async fn those_that_wait_for_their_turn_are_not_sent_when_one_before_them_is_throttled() {
    for (status, told) in [(429, 429), (503, 502)] {
        let app = TestApp::start().await;
        let adele = app.user("adele");
        app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_millis(500)));
        let throttled = Fault::status(Endpoint::Graph, status).retry_after(RetryAfter::seconds(90));
        app.emulator.set_fault(throttled);
        let answers = join_all((0..40).map(|_| adele.get(SITES))).await;
        for answer in answers {
            let answer = answer.expect(told);
            assert_eq!(answer.at("/error/details/upstreamStatus"), status);
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((80..=90).contains(&wait), "{wait}");
        }
        assert_eq!(asked(&app, Endpoint::Graph).len(), 16, "as many as may be under way at once");
    }
}

#[tokio::test]
async fn a_download_that_is_throttled_stops_its_tenant_too() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    for (status, told) in [(429, 429), (503, 502)] {
        let fault = Fault::status(Endpoint::Content, status).retry_after(RetryAfter::seconds(90)).times(1);
        app.emulator.set_fault(fault);
        adele.get(&content).await.expect(told);
        let before = asked(&app, Endpoint::Graph).len();
        assert!(adele.get(SITES).await.expect(told).header("retry-after").is_some());
        assert_eq!(asked(&app, Endpoint::Graph).len(), before);
        app.advance(TimeDelta::seconds(91));
        adele.get(SITES).await.expect(200);
    }
}

#[tokio::test]
async fn who_gets_no_place_while_microsoft_is_slow_is_told_that_it_is_slow() {
    let app = TestApp::builder().set("GRAPH_TIMEOUT", "1s").start().await;
    let adele = app.user("adele");
    adele.get(SITES).await.expect(200);
    app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_secs(20)));
    for answer in join_all((0..40).map(|_| adele.get(SITES))).await {
        assert_eq!(answer.expect(504).code(), "UPSTREAM_TIMEOUT");
    }
}

#[tokio::test]
async fn a_request_is_sent_four_times_and_no_more() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 503));
    let refused = adele.get(SITES).await.expect(502);
    assert_eq!(refused.code(), "UPSTREAM_ERROR");
    assert_eq!(refused.at("/error/details/upstreamStatus"), 503);
    assert_eq!(asked(&app, Endpoint::Graph).len(), 4);
    app.emulator.clear_faults();
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 504));
    assert_eq!(adele.get(SITES).await.expect(504).code(), "UPSTREAM_TIMEOUT");
    app.emulator.clear_faults();
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500));
    let before = asked(&app, Endpoint::Graph).len();
    let refused = adele.get(SITES).await.expect(502);
    assert_eq!(
        asked(&app, Endpoint::Graph).len(),
        before + 1,
        "what is no passing failure is not tried again"
    );
    assert!(refused.header("retry-after").is_none());
    app.emulator.clear_faults();
    adele.get(SITES).await.expect(200);
}

#[tokio::test]
async fn nonsense_is_an_upstream_error_in_our_envelope() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for kind in [FaultKind::Garbage, FaultKind::Empty, FaultKind::Html, FaultKind::Close] {
        app.emulator.set_fault(Fault::new(Endpoint::Graph, kind));
        for path in [SITES.to_owned(), path("WELCOME"), format!("{}/content", path("WELCOME"))] {
            let refused = adele.get(&path).await.expect(502);
            assert_eq!(refused.code(), "UPSTREAM_ERROR", "{kind:?} {path}");
            assert!(
                !refused.text.contains("html") && !refused.text.contains("localhost"),
                "{}",
                refused.text
            );
        }
        app.emulator.clear_faults();
    }
    app.emulator.set_fault(Fault { status: Some(200), ..Fault::new(Endpoint::Graph, FaultKind::Html) });
    assert_eq!(adele.get(SITES).await.expect(502).code(), "UPSTREAM_ERROR");
    app.emulator.clear_faults();
    adele.get(SITES).await.expect(200);
}

#[tokio::test]
async fn slowness_is_a_time_out_and_is_over_when_microsoft_is_well_again() {
    let app = TestApp::builder().set("GRAPH_TIMEOUT", "300ms").start().await;
    let adele = app.user("adele");
    adele.get(SITES).await.expect(200);
    app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_secs(5)));
    let refused = adele.get(SITES).await.expect(504);
    assert_eq!(refused.code(), "UPSTREAM_TIMEOUT");
    assert!(app.pauses.taken().is_empty(), "what took as long as it may is not tried again");
    app.emulator.clear_faults();
    adele.get(SITES).await.expect(200);
}

#[tokio::test]
async fn a_graph_that_is_not_there_is_an_upstream_error() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = TestApp::builder().set("GRAPH_URL", &format!("http://{closed}")).start().await;
    let adele = app.user("adele");
    let refused = adele.get(SITES).await.expect(502);
    assert_eq!(refused.code(), "UPSTREAM_ERROR");
    assert!(!refused.text.contains("127.0.0.1"), "{}", refused.text);
    // What needs no Graph is there.
    adele.get("/api/auth/me").await.expect(200);
    adele.get("/api/annotations?expand=item").await.expect(200);
    adele.get("/api/auth/me/photo").await.expect(200);
}

#[tokio::test]
async fn a_token_that_graph_refuses_is_replaced_once() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 401).times(1));
    adele.get(SITES).await.expect(200);
    assert_eq!(asked(&app, Endpoint::Graph).len(), 2);
    let exchanges = app.emulator.requests(Endpoint::Token);
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 401));
    let refused = adele.get(SITES).await.expect(502);
    assert_eq!(refused.at("/error/details/upstreamStatus"), 401);
    assert_eq!(asked(&app, Endpoint::Graph).len(), 3);
    assert_eq!(app.emulator.requests(Endpoint::Token), exchanges, "a moment ago one was replaced");
    app.advance(TimeDelta::minutes(5));
    for _ in 0..3 {
        adele.get(SITES).await.expect(502);
    }
    assert_eq!(asked(&app, Endpoint::Graph).len(), 7);
    assert_eq!(app.emulator.requests(Endpoint::Token), exchanges + 1, "one exchange, as long as it lasts");
}

#[tokio::test]
async fn a_challenge_of_graph_is_passed_on_to_a_client_that_can_act_on_it() {
    let app = TestApp::start().await;
    let adele = app.bearer(&TokenRequest::user("adele").claim("xms_cc", vec!["cp1"]));
    adele.get(SITES).await.expect(200);
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    app.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Challenge).claims(claims).times(1));
    let refused = adele.get(SITES).await.expect(401);
    assert_eq!(refused.code(), "INTERACTION_REQUIRED");
    let header = refused.header("www-authenticate").expect("a challenge");
    assert!(header.contains("error=\"insufficient_claims\""), "{header}");
    assert!(header.contains("claims=\""), "{header}");
    assert_eq!(refused.text_at("/error/details/claims"), claims);
    // A picture on a page is no place for that.
    app.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Challenge).claims(claims).times(1));
    let photo = adele.get("/api/auth/me/photo").await.expect(200);
    assert_eq!(photo.header("content-type"), Some("image/svg+xml"));
}

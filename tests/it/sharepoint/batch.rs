//! `expand=item`: many items in few questions, some of which fail.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    Actor, TestApp,
    emulator::{Endpoint, Fault, FaultKind, RetryAfter},
};

use super::{DRIVE, SITE, asked, item};

/// Annotates so many files.
async fn annotate(actor: &Actor, many: u16) {
    for number in 1..=many {
        let on = json!({ "siteId": SITE, "driveId": DRIVE, "itemId": item(&format!("ARCHIVE{number:04}")) });
        actor.post("/api/annotations", on).await.expect(201);
    }
}

/// How many items were found, and of how many Microsoft did not say.
async fn found_and_unknown(actor: &Actor) -> (usize, usize) {
    let list = actor.get("/api/annotations?expand=item&limit=200").await.expect(200).at("/data");
    let list = list.as_array().expect("a list");
    let states: Vec<&str> =
        list.iter().filter_map(|one| one.pointer("/item/state").and_then(Value::as_str)).collect();
    let count = |state| states.iter().filter(|known| **known == state).count();
    (count("found"), count("unknown"))
}

fn batches(app: &TestApp) -> usize {
    asked(app, Endpoint::Graph).iter().filter(|seen| seen.target == "/v1.0/$batch").count()
}

#[tokio::test]
async fn what_was_found_is_kept_when_another_question_fails() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    annotate(&adele, 40).await;
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500).path("$batch").after(1));
    assert_eq!(found_and_unknown(&adele).await, (20, 20));
}

#[tokio::test]
async fn all_questions_together_take_no_longer_than_one_may() {
    let app = TestApp::builder().set("GRAPH_TIMEOUT", "3s").start().await;
    let adele = app.user("adele");
    annotate(&adele, 100).await;
    app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_secs(2)).path("$batch"));
    let started = Instant::now();
    assert_eq!(
        found_and_unknown(&adele).await,
        (60, 40),
        "three questions at once, and no time for two more"
    );
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test]
async fn parts_that_are_throttled_are_asked_for_again_as_late_as_they_say() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    annotate(&adele, 3).await;
    let throttled = |seconds| {
        let part = Fault::status(Endpoint::Graph, 429).path(item("ARCHIVE0002"));
        part.retry_after(RetryAfter::seconds(seconds)).times(1)
    };
    app.emulator.set_fault(throttled(3));
    assert_eq!(found_and_unknown(&adele).await, (3, 0));
    assert_eq!(batches(&app), 2);
    let pauses = app.pauses.taken();
    assert!(matches!(pauses[..], [pause] if pause >= Duration::from_secs(3)), "{pauses:?}");
    // What lasts longer than a request waits closes the lane, as it does for any other question.
    app.emulator.set_fault(throttled(90));
    assert_eq!(found_and_unknown(&adele).await, (2, 1));
    let before = asked(&app, Endpoint::Graph).len();
    adele.get("/api/sharepoint/sites?search=marketing").await.expect(429);
    assert_eq!(found_and_unknown(&adele).await, (0, 3));
    assert_eq!(asked(&app, Endpoint::Graph).len(), before);
}

#[tokio::test]
async fn a_token_that_a_part_is_refused_for_is_replaced_once() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    annotate(&adele, 2).await;
    assert_eq!(found_and_unknown(&adele).await, (2, 0));
    let exchanges = app.emulator.requests(Endpoint::Token);
    let part = || Fault::new(Endpoint::Graph, FaultKind::Status).path(item("ARCHIVE0001"));
    app.emulator.set_fault(Fault { status: Some(401), times: Some(1), ..part() });
    assert_eq!(found_and_unknown(&adele).await, (2, 0));
    assert_eq!(app.emulator.requests(Endpoint::Token), exchanges + 1);
    app.emulator.set_fault(Fault { status: Some(401), ..part() });
    assert_eq!(found_and_unknown(&adele).await, (1, 1));
    assert_eq!(app.emulator.requests(Endpoint::Token), exchanges + 1, "a moment ago one was replaced");
    app.advance(TimeDelta::minutes(5));
    assert_eq!(found_and_unknown(&adele).await, (1, 1));
    assert_eq!(app.emulator.requests(Endpoint::Token), exchanges + 2);
}

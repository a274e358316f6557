//! `GET /api/auth/me/photo`.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault, ids},
};

use super::asked;

const PHOTO: &str = "/api/auth/me/photo";

#[tokio::test]
async fn the_callers_picture_is_microsofts_and_is_asked_for_once() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    assert_eq!(adele.get("/api/auth/me").await.expect(200).text_at("/data/avatarUrl"), PHOTO);
    let photo = adele.get(PHOTO).await.expect(200);
    assert_eq!(photo.header("content-type"), Some("image/png"));
    assert_eq!(photo.bytes[..4], *b"\x89PNG");
    assert_eq!(photo.header("cache-control"), Some("private, max-age=1800"));
    assert!(photo.header("vary").is_some_and(|vary| vary.contains("Authorization")));
    let tag = photo.header("etag").expect("a tag").to_owned();
    let known = adele.with("If-None-Match", &tag).get(PHOTO).await.expect(304);
    assert!(known.bytes.is_empty());
    assert_eq!(known.header("cache-control"), Some("private, max-age=1800"));
    assert_eq!(asked(&app, Endpoint::Graph).len(), 1);
}

#[tokio::test]
async fn who_has_none_or_cannot_be_asked_for_has_initials() {
    let app = TestApp::start().await;
    let machine = app.application("Tenantry", ids::CONTOSO, &["Other.Role"]);
    assert!(machine.get("/api/auth/me").await.expect(200).at("/data/avatarUrl").is_null());
    let adele = app.user("adele");
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500));
    for actor in [&machine, &adele] {
        let made = actor.get(PHOTO).await.expect(200);
        assert_eq!(made.header("content-type"), Some("image/svg+xml"));
        assert!(made.text.starts_with("<svg "), "{}", made.text);
        assert!(made.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
        assert_eq!(actor.get(PHOTO).await.expect(200).text, made.text);
    }
    let made = adele.get(PHOTO).await.expect(200);
    assert!(made.text.contains(">AV</text>"), "{}", made.text);
    assert_eq!(made.header("cache-control"), Some("private, max-age=60"));
    // It is not remembered that Microsoft failed.
    app.emulator.clear_faults();
    app.advance(TimeDelta::seconds(1));
    assert_eq!(adele.get(PHOTO).await.expect(200).header("content-type"), Some("image/png"));
}

#[tokio::test]
async fn everybody_has_their_own() {
    let app = TestApp::start().await;
    let (adele, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    let hers = adele.get(PHOTO).await.expect(200);
    assert_eq!(hers.header("content-type"), Some("image/png"));
    // Somebody of her organization who has none, and somebody of another one, after hers is remembered.
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 404));
    for (actor, initials) in [(&alex, "AW"), (&megan, "MB")] {
        for _ in 0..2 {
            let made = actor.get(PHOTO).await.expect(200);
            assert_eq!(made.header("content-type"), Some("image/svg+xml"));
            assert!(made.text.contains(&format!(">{initials}</text>")), "{}", made.text);
        }
    }
    assert_eq!(asked(&app, Endpoint::Graph).len(), 3, "that there is none is remembered too");
    app.emulator.clear_faults();
    assert_eq!(adele.get(PHOTO).await.expect(200).bytes, hers.bytes);
    assert_eq!(asked(&app, Endpoint::Graph).len(), 3);
}

#[tokio::test]
async fn those_who_ask_at_once_share_one_question() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get("/api/auth/me").await.expect(200);
    app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_millis(300)));
    let photos = join_all((0..20).map(|_| adele.get(PHOTO))).await;
    assert!(photos.iter().all(|photo| photo.header("content-type") == Some("image/png")));
    assert_eq!(asked(&app, Endpoint::Graph).len(), 1);
}

#[tokio::test]
async fn nobody_waits_long_for_a_picture() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    app.emulator.set_fault(Fault::latency(Endpoint::Graph, Duration::from_secs(8)));
    let began = Instant::now();
    let made = adele.get(PHOTO).await.expect(200);
    assert_eq!(made.header("content-type"), Some("image/svg+xml"));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

//! What a repeat is answered.

use serde_json::json;
use tests::TestApp;

use super::{ANNOTATIONS, TAXONOMIES, events, id, is_replayed, keyed, keys, named, on_item, taxonomies};

#[tokio::test]
async fn a_repeat_gets_the_first_status_and_location_and_makes_nothing() {
    let app = TestApp::start().await;
    let admin = keyed(&app.user("adele"), "k");
    let first = admin.post(TAXONOMIES, named("Topics")).await.expect(201);
    assert!(!is_replayed(&first));
    let again = admin.post(TAXONOMIES, named("Topics")).await.expect(201);
    assert!(is_replayed(&again));
    assert_eq!(again.json(), first.json());
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!((taxonomies(&app).await, keys(&app).await), (1, 1));
    assert_eq!(events(&app, "taxonomy.created").await, 1);
}

#[tokio::test]
async fn every_operation_that_creates_takes_a_key() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let taxonomy = id(&admin.post(TAXONOMIES, named("Topics")).await.expect(201));
    let terms = format!("{TAXONOMIES}/{taxonomy}/terms");
    for (path, body) in
        [(TAXONOMIES, named("Places")), (&terms, json!({ "label": "Law" })), (ANNOTATIONS, on_item("item"))]
    {
        let admin = keyed(&admin, "one-key-for-three-operations");
        let first = admin.post(path, body.clone()).await.expect(201);
        let again = admin.post(path, body).await.expect(201);
        assert!(!is_replayed(&first) && is_replayed(&again), "{path}");
        assert_eq!(id(&again), id(&first), "{path}");
        assert_eq!(again.header("location"), first.header("location"), "{path}");
    }
    for name in ["taxonomy.term.created", "annotation.created"] {
        assert_eq!(events(&app, name).await, 1, "{name}");
    }
}

#[tokio::test]
async fn the_document_says_so_for_every_post_that_answers_201() {
    let paths = tests::document()["paths"].as_object().expect("paths").clone();
    let creating = paths.iter().filter(|(_, item)| !item["post"]["responses"]["201"].is_null());
    let mut seen = 0;
    for (path, item) in creating {
        seen += 1;
        let operation = &item["post"];
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key");
        let key = key.unwrap_or_else(|| panic!("{path} takes no key"));
        assert_eq!((&key["in"], &key["required"]), (&json!("header"), &json!(false)), "{path}");
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" });
        assert_eq!(key["schema"], schema, "{path}");
        assert!(key["description"].as_str().is_some_and(|text| text.contains("24 hours")), "{path}");
        let responses = &operation["responses"];
        assert!(!responses["201"]["headers"]["Idempotency-Replayed"].is_null(), "{path}");
        assert!(!responses["404"]["headers"]["Idempotency-Replayed"].is_null(), "{path}");
        assert!(!responses["409"]["headers"]["Retry-After"].is_null(), "{path}");
        let conflicts = responses["409"]["description"].as_str().expect("a description");
        assert!(conflicts.contains("`IDEMPOTENCY_KEY_REUSED`") && conflicts.contains("`CONFLICT`"), "{path}");
    }
    assert!(seen >= 3);
}

#[tokio::test]
async fn a_repeat_shows_the_thing_as_it_is_now() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let first = keyed(&admin, "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    let path = format!("{TAXONOMIES}/{}", id(&first));
    let changed = admin.patch(&path, named("Subjects")).await.expect(200);
    let again = keyed(&admin, "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    assert!(is_replayed(&again));
    assert_eq!(again.json(), changed.json());
    assert_eq!(again.header("etag"), changed.header("etag"));
    assert_ne!(again.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn what_was_deleted_since_is_not_made_again() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let first = keyed(&admin, "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    admin.delete(&format!("{TAXONOMIES}/{}", id(&first))).await.expect(204);
    let again = keyed(&admin, "k").post(TAXONOMIES, named("Topics")).await.expect(404);
    assert_eq!(again.code(), "NOT_FOUND");
    assert!(is_replayed(&again), "it is told from a 404 of a path that leads nowhere");
    assert_eq!(taxonomies(&app).await, 0);
}

#[tokio::test]
async fn a_term_whose_taxonomy_was_deleted_since_is_gone_too() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let taxonomy = format!("{TAXONOMIES}/{}", id(&admin.post(TAXONOMIES, named("Topics")).await.expect(201)));
    let terms = format!("{taxonomy}/terms");
    keyed(&admin, "k").post(&terms, json!({ "label": "Law" })).await.expect(201);
    admin.delete(&taxonomy).await.expect(204);
    let again = keyed(&admin, "k").post(&terms, json!({ "label": "Law" })).await.expect(404);
    assert!(is_replayed(&again));
    let fresh = keyed(&admin, "l").post(&terms, json!({ "label": "Law" })).await.expect(404);
    assert!(!is_replayed(&fresh));
}

#[tokio::test]
async fn another_body_is_refused_down_to_a_blank() {
    let app = TestApp::start().await;
    let admin = keyed(&app.user("adele"), "k");
    let post = |text: &'static str| {
        let admin = admin.clone();
        async move { admin.send_raw("POST".parse().unwrap(), TAXONOMIES, Some("application/json"), text).await }
    };
    let first = post(r#"{"name":"Topics"}"#).await.expect(201);
    for other in [r#"{"name":"Places"}"#, r#"{"name": "Topics"}"#, r#"{"name":"Topics","description":"x"}"#] {
        let refused = post(other).await.expect(409);
        assert_eq!(refused.code(), "IDEMPOTENCY_KEY_REUSED", "{other}");
        assert!(!is_replayed(&refused) && refused.header("retry-after").is_none(), "{other}");
    }
    assert_eq!(id(&post(r#"{"name":"Topics"}"#).await.expect(201)), id(&first));
    assert_eq!(taxonomies(&app).await, 1);
}

#[tokio::test]
async fn the_same_body_for_another_resource_is_another_request() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let mut paths = Vec::new();
    for name in ["Topics", "Places"] {
        let taxonomy = id(&admin.post(TAXONOMIES, named(name)).await.expect(201));
        paths.push(format!("{TAXONOMIES}/{taxonomy}/terms"));
    }
    let admin = keyed(&admin, "k");
    admin.post(&paths[0], json!({ "label": "Law" })).await.expect(201);
    let other = admin.post(&paths[1], json!({ "label": "Law" })).await.expect(409);
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn a_key_is_one_header_of_1_to_255_visible_characters() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for bad in ["", "a b", "\u{e9}", &"k".repeat(256)] {
        let refused = keyed(&admin, bad).post(TAXONOMIES, named("Topics")).await.expect(400);
        let reasons = json!({ "Idempotency-Key": ["is not 1 to 255 visible ASCII characters"] });
        assert_eq!((refused.code().as_str(), refused.at("/error/details")), ("VALIDATION_FAILED", reasons));
    }
    let twice = keyed(&keyed(&admin, "a"), "a").post(TAXONOMIES, named("Topics")).await.expect(400);
    assert_eq!(twice.at("/error/details"), json!({ "Idempotency-Key": ["is there more than once"] }));
    assert_eq!((taxonomies(&app).await, keys(&app).await), (0, 0));
    for good in ["!", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"k".repeat(255)] {
        let made = keyed(&admin, good).post(TAXONOMIES, named(good.get(..1).unwrap())).await.expect(201);
        assert!(!is_replayed(&made));
    }
}

#[tokio::test]
async fn without_a_key_each_request_makes_one_and_no_row_is_kept() {
    let app = TestApp::start().await;
    let author = app.user("adele");
    let first = author.post(ANNOTATIONS, on_item("item")).await.expect(201);
    let second = author.post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert_ne!(id(&first), id(&second));
    assert!(!is_replayed(&first) && !is_replayed(&second));
    assert_eq!(keys(&app).await, 0);
}

//! Annotations and the items that they mark.

use serde_json::{Value, json};
use tests::{
    Actor, TestApp,
    emulator::{Endpoint, Fault, FileChange, ids},
};

use super::{DRIVE, SITE, asked, item};
use crate::annotations::id;

fn on(key: &str) -> Value {
    json!({ "siteId": SITE, "driveId": DRIVE, "itemId": item(key), "note": key })
}

async fn checked() -> TestApp {
    TestApp::builder().set("ANNOTATIONS_CHECK_ITEMS", "true").start().await
}

async fn states(actor: &Actor) -> Vec<(String, String)> {
    let list = actor.get("/api/annotations?expand=item").await.expect(200);
    let list = list.at("/data");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let read = |one: &Value| {
        let at = |pointer| text(one.pointer(pointer).unwrap_or(&Value::Null));
        (at("/note"), at("/item/state"))
    };
    list.as_array().expect("a list").iter().map(read).collect()
}

#[tokio::test]
async fn only_what_the_caller_may_see_can_be_annotated() {
    let app = checked().await;
    let (adele, megan) = (app.user("adele"), app.user("megan"));
    adele.post("/api/annotations", on("WELCOME")).await.expect(201);
    for (actor, key) in [(&adele, "OBSOLETE"), (&adele, "NOBODYS"), (&megan, "WELCOME")] {
        let refused = actor.post("/api/annotations", on(key)).await.expect(400);
        assert!(refused.at("/error/details/itemId").is_array(), "{key}: {}", refused.text);
    }
    // Of another site, though the item is hers to see; how the id is written is no matter.
    let mut elsewhere = on("WELCOME");
    elsewhere["siteId"] = json!(SITE.replace("1002", "1003"));
    let refused = adele.post("/api/annotations", elsewhere.clone()).await.expect(400);
    assert!(refused.at("/error/details/itemId").is_array(), "{}", refused.text);
    elsewhere["siteId"] = json!(SITE.to_ascii_uppercase());
    adele.post("/api/annotations", elsewhere).await.expect(201);
    let no_ids = json!({ "siteId": SITE, "driveId": "..", "itemId": "a/b" });
    let before = asked(&app, Endpoint::Graph).len();
    adele.post("/api/annotations", no_ids).await.expect(400);
    assert_eq!(asked(&app, Endpoint::Graph).len(), before);
}

#[tokio::test]
async fn nothing_is_made_while_microsoft_cannot_be_asked() {
    let app = checked().await;
    let adele = app.user("adele");
    for (status, told) in [(500, 502), (504, 504)] {
        app.emulator.set_fault(Fault::status(Endpoint::Graph, status));
        adele.post("/api/annotations", on("WELCOME")).await.expect(told);
        app.emulator.clear_faults();
    }
    assert!(states(&adele).await.is_empty());
    // A repeat with the same key is a first one then.
    let keyed = adele.with("Idempotency-Key", "k");
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500).times(1));
    keyed.post("/api/annotations", on("WELCOME")).await.expect(502);
    let made = keyed.post("/api/annotations", on("WELCOME")).await.expect(201);
    assert_eq!(made.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_repeat_is_told_of_the_first_one_whatever_microsoft_says_by_now() {
    let app = checked().await;
    let keyed = app.user("adele").with("Idempotency-Key", "k");
    let made = keyed.post("/api/annotations", on("BROCHURE")).await.expect(201);
    let before = asked(&app, Endpoint::Graph).len();
    let repeat = async || {
        let again = keyed.post("/api/annotations", on("BROCHURE")).await.expect(201);
        assert_eq!((id(&again), again.header("idempotency-replayed")), (id(&made), Some("true")));
        let reused = keyed.post("/api/annotations", on("NOBODYS")).await.expect(409);
        assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED");
    };
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500));
    repeat().await;
    app.emulator.clear_faults();
    let gone = FileChange {
        drive: DRIVE.to_owned(),
        item: Some(item("BROCHURE")),
        deleted: Some(true),
        ..FileChange::default()
    };
    app.emulator.change_file(&gone).unwrap();
    repeat().await;
    assert_eq!(asked(&app, Endpoint::Graph).len(), before, "nobody is asked");
    // Another caller's key is another one; and what was deleted here stays so.
    app.user("alex").with("Idempotency-Key", "k").post("/api/annotations", on("BROCHURE")).await.expect(400);
    keyed.delete(&format!("/api/annotations/{}", id(&made))).await.expect(204);
    let deleted = keyed.post("/api/annotations", on("BROCHURE")).await.expect(404);
    assert_eq!(deleted.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn an_application_is_taken_at_its_word() {
    let app = checked().await;
    let machine = app.application("Tenantry", ids::CONTOSO, &["annotations:read", "annotations:write"]);
    let made = machine.post("/api/annotations", on("NOBODYS")).await.expect(201);
    let shown = machine.get(&format!("/api/annotations/{}?expand=item", id(&made))).await.expect(200);
    assert_eq!(shown.text_at("/data/item/state"), "unknown");
    assert!(asked(&app, Endpoint::Graph).is_empty());
}

#[tokio::test]
async fn an_annotation_is_shown_whatever_became_of_its_item() {
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    for key in ["WELCOME", "BROCHURE", "CONTRACTS"] {
        adele.post("/api/annotations", on(key)).await.expect(201);
    }
    let invented = json!({ "siteId": "s", "driveId": "a/b", "itemId": "i", "note": "INVENTED" });
    adele.post("/api/annotations", invented).await.expect(201);
    let gone = FileChange {
        drive: DRIVE.to_owned(),
        item: Some(item("BROCHURE")),
        deleted: Some(true),
        ..FileChange::default()
    };
    app.emulator.change_file(&gone).unwrap();
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(note, state)| ((*note).to_owned(), (*state).to_owned())).collect()
    };
    let mixed = [("INVENTED", "gone"), ("CONTRACTS", "found"), ("BROCHURE", "gone"), ("WELCOME", "found")];
    assert_eq!(states(&alex).await, pairs(&mixed));
    // Plainly, nobody is asked.
    let before = asked(&app, Endpoint::Graph).len();
    let plain = alex.get("/api/annotations").await.expect(200);
    assert_eq!(plain.at("/data/0/item"), Value::Null);
    assert_eq!(asked(&app, Endpoint::Graph).len(), before);
    // A part of the answer may fail.
    let part = Fault::status(Endpoint::Graph, 429).path(item("WELCOME"));
    app.emulator.set_fault(part);
    assert_eq!(states(&alex).await.last(), Some(&("WELCOME".to_owned(), "unknown".to_owned())));
    app.emulator.clear_faults();
    // And so may all of it.
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 500));
    assert!(states(&alex).await.iter().all(|(_, state)| state == "unknown"));
}

#[tokio::test]
async fn twenty_items_are_one_question_and_the_same_item_is_one_of_them() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for _ in 0..3 {
        adele.post("/api/annotations", on("WELCOME")).await.expect(201);
    }
    for number in 1..=20 {
        adele.post("/api/annotations", on(&format!("ARCHIVE{number:04}"))).await.expect(201);
    }
    let found = states(&adele).await;
    assert_eq!(found.len(), 23);
    assert!(found.iter().all(|(_, state)| state == "found"), "{found:?}");
    let batches: Vec<_> =
        asked(&app, Endpoint::Graph).into_iter().filter(|seen| seen.target == "/v1.0/$batch").collect();
    assert_eq!(batches.len(), 2, "21 distinct items are two batches");
}

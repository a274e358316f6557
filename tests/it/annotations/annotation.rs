//! Annotations: who may do what, and what is kept.

use serde_json::{Value, json};
use tests::TestApp;

use super::{Recorded, annotation, id, on_item, taxonomy, term, user_id};

#[tokio::test]
async fn an_annotation_is_made_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    let law = {
        let admin = app.user("adele");
        term(&admin, &taxonomy(&admin, "Topics").await, "Law").await
    };
    let new = on_item("a", json!({ "note": "Look", "termIds": [law], "place": { "page": 3 } }));
    let made = author.post("/api/annotations", new).await.expect(201);
    let path = format!("/api/annotations/{}", id(&made));
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.at("/data/authorId"), json!(user_id(&author).await));
    assert_eq!(made.at("/data/place"), json!({ "page": 3, "textStart": null, "textEnd": null }));
    assert_eq!(made.at("/data/termIds"), json!([law]));

    assert_eq!(app.user("isaiah").get(&path).await.expect(200).json(), made.json());
    let changed = author.patch(&path, json!({ "note": "Look here" })).await.expect(200);
    assert_eq!(changed.at("/data/note"), json!("Look here"));
    assert_eq!(
        (changed.at("/data/termIds"), changed.at("/data/place")),
        (json!([law]), made.at("/data/place"))
    );
    assert_eq!(author.get(&path).await.expect(200).json(), changed.json());

    author.delete(&path).await.expect(204);
    for gone in [author.get(&path).await, author.patch(&path, json!({})).await, author.delete(&path).await] {
        assert_eq!(gone.expect(404).code(), "NOT_FOUND");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM annotation_terms").await, 0);
}

#[tokio::test]
async fn only_the_author_and_a_moderator_change_an_annotation() {
    let app = TestApp::start().await;
    let (author, other, moderator) = (app.user("alex"), app.user("isaiah"), app.user("adele"));
    let path = format!("/api/annotations/{}", annotation(&author, "a").await);
    other.get(&path).await.expect(200);
    let recorded = Recorded::so_far(&app).await;
    assert_eq!(other.patch(&path, json!({ "note": "x" })).await.expect(403).code(), "FORBIDDEN");
    assert_eq!(other.delete(&path).await.expect(403).code(), "FORBIDDEN");
    recorded.gained_nothing(&app).await;

    let moderated = moderator.patch(&path, json!({ "note": "moderated" })).await.expect(200);
    assert_eq!(moderated.at("/data/note"), json!("moderated"));
    assert_eq!(moderated.at("/data/authorId"), json!(user_id(&author).await), "the author stays");
    moderator.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_patch_leaves_what_is_absent_takes_away_what_is_null_and_sets_what_has_a_value() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let law = term(&admin, &taxonomy(&admin, "Topics").await, "Law").await;
    let new = on_item("a", json!({ "note": "Look", "termIds": [law], "place": { "page": 3 } }));
    let path = format!("/api/annotations/{}", id(&admin.post("/api/annotations", new).await.expect(201)));
    let page = json!({ "page": 3, "textStart": null, "textEnd": null });
    let text = json!({ "page": null, "textStart": 1, "textEnd": 2 });
    for (patch, note, terms, place) in [
        (json!({}), "Look", json!([law]), page.clone()),
        (json!({ "note": "" }), "", json!([law]), page.clone()),
        (json!({ "termIds": [] }), "", json!([]), page),
        (json!({ "place": { "textStart": 1, "textEnd": 2 } }), "", json!([]), text),
        (json!({ "place": null, "termIds": [law] }), "", json!([law]), Value::Null),
    ] {
        let patched = admin.patch(&path, patch).await.expect(200);
        assert_eq!(patched.at("/data/note"), json!(note));
        assert_eq!(patched.at("/data/termIds"), terms);
        assert_eq!(patched.at("/data/place"), place);
        assert_eq!(admin.get(&path).await.json(), patched.json());
    }
    for member in ["note", "termIds"] {
        let refused = admin.patch(&path, json!({ member: null })).await.expect(400);
        assert_eq!(refused.at(&format!("/error/details/{member}")), json!(["has the wrong type"]));
    }
    for member in ["siteId", "driveId", "itemId", "authorId"] {
        admin.patch(&path, json!({ member: "another" })).await.expect(400);
    }
}

#[tokio::test]
async fn terms_are_a_set_of_at_most_fifty_that_exist() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let mut terms = Vec::new();
    for number in 0..51 {
        terms.push(term(&admin, &topics, &format!("Term {number}")).await);
    }
    let mut most: Vec<String> = terms.iter().take(50).rev().cloned().collect();
    let made = admin.post("/api/annotations", on_item("a", json!({ "termIds": most }))).await.expect(201);
    most.sort_unstable();
    assert_eq!(made.at("/data/termIds"), json!(most));
    let path = format!("/api/annotations/{}", id(&made));

    let recorded = Recorded::so_far(&app).await;
    let too_many = json!({ "termIds": terms });
    for refused in [
        admin.patch(&path, too_many.clone()).await,
        admin.post("/api/annotations", on_item("b", too_many)).await,
    ] {
        assert_eq!(refused.expect(400).at("/error/details/termIds"), json!(["has more than 50 items"]));
    }
    let unknown = json!({ "termIds": [terms[0], "01890000-0000-7000-8000-000000000000"] });
    for refused in [
        admin.patch(&path, unknown.clone()).await,
        admin.post("/api/annotations", on_item("b", unknown)).await,
    ] {
        assert_eq!(
            refused.expect(400).at("/error/details/termIds"),
            json!(["has a term that does not exist"])
        );
    }
    recorded.gained_nothing(&app).await;
    assert_eq!(app.database.count("SELECT count(*) FROM annotations").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM annotation_terms").await, 50);

    let twice = json!({ "termIds": [terms[0], terms[0]] });
    assert_eq!(admin.patch(&path, twice).await.expect(200).at("/data/termIds"), json!([terms[0]]));
}

#[tokio::test]
async fn each_write_leaves_one_event_and_a_refused_one_none() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    let actor = user_id(&author).await;

    let recorded = Recorded::so_far(&app).await;
    let made = author.post("/api/annotations", on_item("a", json!({}))).await.expect(201);
    recorded.gained(&app, &made, "annotation.created", &actor).await;
    let path = format!("/api/annotations/{}", id(&made));

    let recorded = Recorded::so_far(&app).await;
    let changed = author.patch(&path, json!({ "note": "x" })).await.expect(200);
    recorded.gained(&app, &changed, "annotation.updated", &actor).await;

    let recorded = Recorded::so_far(&app).await;
    author.with("if-match", "\"1\"").patch(&path, json!({ "note": "y" })).await.expect(412);
    author.with("if-match", "\"1\"").delete(&path).await.expect(412);
    author.post("/api/annotations", on_item("", json!({}))).await.expect(400);
    recorded.gained_nothing(&app).await;

    let recorded = Recorded::so_far(&app).await;
    let deleted = author.delete(&path).await.expect(204);
    recorded.gained(&app, &deleted, "annotation.deleted", &actor).await;
}

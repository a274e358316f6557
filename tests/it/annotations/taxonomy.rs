//! Taxonomies.

use serde_json::{Value, json};
use tests::TestApp;

use super::{Recorded, annotation, id, listed, on_item, taxonomy, term, user_id};

#[tokio::test]
async fn a_taxonomy_is_made_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let made =
        admin.post("/api/taxonomies", json!({ "name": "Topics", "description": "All" })).await.expect(201);
    let path = format!("/api/taxonomies/{}", id(&made));
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));

    let read = app.user("alex").get(&path).await.expect(200);
    assert_eq!(read.json(), made.json());
    assert_eq!(read.at("/data/name"), json!("Topics"));
    assert_eq!(read.at("/data/createdAt"), read.at("/data/updatedAt"));

    let changed = admin.patch(&path, json!({ "name": "Subjects" })).await.expect(200);
    assert_eq!(changed.at("/data/name"), json!("Subjects"));
    assert_eq!(changed.at("/data/createdAt"), read.at("/data/createdAt"));
    assert!(changed.text_at("/data/updatedAt") > read.text_at("/data/updatedAt"));
    assert_eq!(admin.get(&path).await.expect(200).json(), changed.json());

    let deleted = admin.delete(&path).await.expect(204);
    assert_eq!(deleted.text, "");
    for gone in [
        admin.get(&path).await,
        admin.patch(&path, json!({})).await,
        admin.delete(&path).await,
        admin.get(&format!("{path}/terms")).await,
    ] {
        assert_eq!(gone.expect(404).code(), "NOT_FOUND");
    }
}

#[tokio::test]
async fn only_an_administrator_changes_taxonomies() {
    let app = TestApp::start().await;
    let path = format!("/api/taxonomies/{}", taxonomy(&app.user("adele"), "Topics").await);
    let member = app.user("alex");
    let recorded = {
        member.get(&path).await.expect(200);
        Recorded::so_far(&app).await
    };
    for refused in [
        member.post("/api/taxonomies", json!({ "name": "Mine" })).await,
        member.patch(&path, json!({ "name": "Mine" })).await,
        member.delete(&path).await,
        member.post(&format!("{path}/terms"), json!({ "label": "Mine" })).await,
    ] {
        assert_eq!(refused.expect(403).code(), "FORBIDDEN");
    }
    recorded.gained_nothing(&app).await;
}

#[tokio::test]
async fn a_patch_leaves_what_is_absent_takes_away_what_is_null_and_sets_what_has_a_value() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let made =
        admin.post("/api/taxonomies", json!({ "name": "Topics", "description": "All" })).await.expect(201);
    let path = format!("/api/taxonomies/{}", id(&made));
    for (patch, name, description) in [
        (json!({}), "Topics", json!("All")),
        (json!({ "name": "Subjects" }), "Subjects", json!("All")),
        (json!({ "description": "Some" }), "Subjects", json!("Some")),
        (json!({ "description": null }), "Subjects", Value::Null),
        (json!({ "description": "" }), "Subjects", json!("")),
    ] {
        let patched = admin.patch(&path, patch).await.expect(200);
        assert_eq!((patched.at("/data/name"), patched.at("/data/description")), (json!(name), description));
    }
    let refused = admin.patch(&path, json!({ "name": null })).await.expect(400);
    assert_eq!(refused.at("/error/details/name"), json!(["has the wrong type"]));
}

#[tokio::test]
async fn a_name_is_unique_in_the_organization_and_only_there() {
    let app = TestApp::start().await;
    let (adele, megan) = (app.user("adele"), app.user("megan"));
    taxonomy(&adele, "Topics").await;
    let other = taxonomy(&adele, "Subjects").await;
    taxonomy(&megan, "Topics").await;
    let recorded = Recorded::so_far(&app).await;
    let twice = adele.post("/api/taxonomies", json!({ "name": "Topics" })).await.expect(409);
    let renamed =
        adele.patch(&format!("/api/taxonomies/{other}"), json!({ "name": "Topics" })).await.expect(409);
    for refused in [twice, renamed] {
        assert_eq!(refused.code(), "CONFLICT");
        assert_eq!(refused.at("/error/message"), json!("A taxonomy of this name exists"));
    }
    recorded.gained_nothing(&app).await;
    assert_eq!(listed(&adele.get("/api/taxonomies").await, "name"), ["Subjects", "Topics"]);
}

#[tokio::test]
async fn of_two_who_take_a_name_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    admin.get("/api/auth/me").await.expect(200);
    let make = || admin.post("/api/taxonomies", json!({ "name": "Topics" }));
    let (one, other) = tokio::join!(make(), make());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(app.database.count("SELECT count(*) FROM taxonomies").await, 1);
}

#[tokio::test]
async fn a_taxonomy_that_is_the_default_is_not_deleted() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let id = taxonomy(&admin, "Topics").await;
    let default = |id: Value| json!({ "settings": { "defaultTaxonomyId": id } });
    admin.patch("/api/auth/organization", default(json!(id))).await.expect(200);
    let path = format!("/api/taxonomies/{id}");
    let recorded = Recorded::so_far(&app).await;
    assert_eq!(admin.delete(&path).await.expect(409).code(), "CONFLICT");
    recorded.gained_nothing(&app).await;
    admin.patch("/api/auth/organization", default(Value::Null)).await.expect(200);
    admin.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_taxonomy_goes_with_its_terms_unless_an_annotation_uses_one() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let (topics, kept) = (taxonomy(&admin, "Topics").await, taxonomy(&admin, "Kept").await);
    let parent = term(&admin, &topics, "Parent").await;
    let path = format!("/api/taxonomies/{topics}");
    let child = json!({ "label": "Child", "parentId": parent });
    let child = id(&admin.post(&format!("{path}/terms"), child).await.expect(201));
    term(&admin, &kept, "Other").await;
    let used = json!({ "termIds": [child] });
    let annotation_id = id(&admin.post("/api/annotations", on_item("a", used)).await.expect(201));

    assert_eq!(admin.delete(&path).await.expect(409).code(), "CONFLICT");
    assert_eq!(app.database.count("SELECT count(*) FROM terms").await, 3);

    admin.delete(&format!("/api/annotations/{annotation_id}")).await.expect(204);
    admin.delete(&path).await.expect(204);
    assert_eq!(app.database.count("SELECT count(*) FROM terms").await, 1);
}

#[tokio::test]
async fn each_write_leaves_one_event_and_a_refused_one_none() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let actor = user_id(&admin).await;

    let recorded = Recorded::so_far(&app).await;
    let made = admin.post("/api/taxonomies", json!({ "name": "Topics" })).await.expect(201);
    recorded.gained(&app, &made, "taxonomy.created", &actor).await;
    let path = format!("/api/taxonomies/{}", id(&made));

    let recorded = Recorded::so_far(&app).await;
    let changed = admin.patch(&path, json!({ "name": "Subjects" })).await.expect(200);
    recorded.gained(&app, &changed, "taxonomy.updated", &actor).await;

    let recorded = Recorded::so_far(&app).await;
    admin.with("if-match", "\"1\"").patch(&path, json!({ "name": "Themes" })).await.expect(412);
    admin.with("if-match", "\"1\"").delete(&path).await.expect(412);
    admin.post("/api/taxonomies", json!({ "name": "" })).await.expect(400);
    recorded.gained_nothing(&app).await;

    let recorded = Recorded::so_far(&app).await;
    let deleted = admin.delete(&path).await.expect(204);
    recorded.gained(&app, &deleted, "taxonomy.deleted", &actor).await;
}

#[tokio::test]
async fn a_member_may_use_what_an_administrator_made() {
    let app = TestApp::start().await;
    taxonomy(&app.user("adele"), "Topics").await;
    let member = app.user("alex");
    assert_eq!(listed(&member.get("/api/taxonomies").await.expect(200), "name"), ["Topics"]);
    annotation(&member, "a").await;
}

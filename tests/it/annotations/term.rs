//! Terms of a taxonomy.

use serde_json::json;
use tests::TestApp;

use super::{Recorded, id, listed, on_item, taxonomy, term, user_id};

#[tokio::test]
async fn a_term_is_made_read_renamed_and_deleted() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let terms = format!("/api/taxonomies/{topics}/terms");
    let made = admin.post(&terms, json!({ "label": "Law" })).await.expect(201);
    let path = format!("{terms}/{}", id(&made));
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.at("/data/taxonomyId"), json!(topics));
    assert_eq!(made.at("/data/parentId"), json!(null));

    assert_eq!(app.user("alex").get(&path).await.expect(200).json(), made.json());
    let renamed = admin.patch(&path, json!({ "label": "Laws" })).await.expect(200);
    assert_eq!((renamed.at("/data/label"), renamed.header("etag")), (json!("Laws"), Some("\"2\"")));
    assert_eq!(admin.patch(&path, json!({})).await.expect(200).at("/data/label"), json!("Laws"));

    admin.delete(&path).await.expect(204);
    for gone in
        [admin.get(&path).await, admin.patch(&path, json!({ "label": "x" })).await, admin.delete(&path).await]
    {
        assert_eq!(gone.expect(404).code(), "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_term_is_found_in_its_own_taxonomy_only() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let (topics, places) = (taxonomy(&admin, "Topics").await, taxonomy(&admin, "Places").await);
    let law = term(&admin, &topics, "Law").await;
    let elsewhere = format!("/api/taxonomies/{places}/terms/{law}");
    for missed in [
        admin.get(&elsewhere).await,
        admin.patch(&elsewhere, json!({ "label": "x" })).await,
        admin.delete(&elsewhere).await,
    ] {
        assert_eq!(missed.expect(404).code(), "NOT_FOUND");
    }
    assert_eq!(listed(&admin.get(&format!("/api/taxonomies/{places}/terms")).await, "label"), [""; 0]);
    assert_eq!(listed(&admin.get(&format!("/api/taxonomies/{topics}/terms")).await, "label"), ["Law"]);
}

#[tokio::test]
async fn a_parent_is_a_term_of_the_same_taxonomy() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let (topics, places) = (taxonomy(&admin, "Topics").await, taxonomy(&admin, "Places").await);
    let (law, berlin) = (term(&admin, &topics, "Law").await, term(&admin, &places, "Berlin").await);
    let terms = format!("/api/taxonomies/{topics}/terms");
    let child = admin.post(&terms, json!({ "label": "Tax law", "parentId": law })).await.expect(201);
    assert_eq!(child.at("/data/parentId"), json!(law));

    let recorded = Recorded::so_far(&app).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    for parent in [berlin.as_str(), nobody, topics.as_str()] {
        let refused = admin.post(&terms, json!({ "label": "x", "parentId": parent })).await.expect(400);
        assert_eq!(refused.at("/error/details"), json!({ "parentId": ["is not a term of this taxonomy"] }));
    }
    recorded.gained_nothing(&app).await;
}

#[tokio::test]
async fn a_term_with_terms_below_it_or_in_use_is_not_deleted() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let terms = format!("/api/taxonomies/{topics}/terms");
    let law = term(&admin, &topics, "Law").await;
    let child = id(&admin.post(&terms, json!({ "label": "Tax", "parentId": law })).await.expect(201));
    let used = json!({ "termIds": [child] });
    let annotation = id(&admin.post("/api/annotations", on_item("a", used)).await.expect(201));

    let recorded = Recorded::so_far(&app).await;
    for term in [&law, &child] {
        assert_eq!(admin.delete(&format!("{terms}/{term}")).await.expect(409).code(), "CONFLICT");
    }
    recorded.gained_nothing(&app).await;

    let without = json!({ "termIds": [] });
    admin.patch(&format!("/api/annotations/{annotation}"), without).await.expect(200);
    admin.delete(&format!("{terms}/{child}")).await.expect(204);
    admin.delete(&format!("{terms}/{law}")).await.expect(204);
}

#[tokio::test]
async fn a_term_of_a_taxonomy_that_does_not_exist_is_not_made() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let terms = "/api/taxonomies/01890000-0000-7000-8000-000000000000/terms";
    assert_eq!(admin.post(terms, json!({ "label": "x" })).await.expect(404).code(), "NOT_FOUND");
    assert_eq!(admin.get(terms).await.expect(404).code(), "NOT_FOUND");
}

#[tokio::test]
async fn each_write_leaves_one_event_and_a_refused_one_none() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let actor = user_id(&admin).await;
    let terms = format!("/api/taxonomies/{}/terms", taxonomy(&admin, "Topics").await);

    let recorded = Recorded::so_far(&app).await;
    let made = admin.post(&terms, json!({ "label": "Law" })).await.expect(201);
    recorded.gained(&app, &made, "taxonomy.term.created", &actor).await;
    let path = format!("{terms}/{}", id(&made));

    let recorded = Recorded::so_far(&app).await;
    let changed = admin.patch(&path, json!({ "label": "Laws" })).await.expect(200);
    recorded.gained(&app, &changed, "taxonomy.term.updated", &actor).await;

    let recorded = Recorded::so_far(&app).await;
    admin.with("if-match", "\"1\"").patch(&path, json!({ "label": "x" })).await.expect(412);
    admin.with("if-match", "\"1\"").delete(&path).await.expect(412);
    recorded.gained_nothing(&app).await;

    let recorded = Recorded::so_far(&app).await;
    let deleted = admin.with("if-match", "\"2\"").delete(&path).await.expect(204);
    recorded.gained(&app, &deleted, "taxonomy.term.deleted", &actor).await;
}

//! To whom a key belongs.

use serde_json::json;
use tests::TestApp;

use super::{ANNOTATIONS, TAXONOMIES, id, is_replayed, keyed, keys, named, on_item};

#[tokio::test]
async fn another_caller_of_the_organization_with_the_same_key_makes_their_own() {
    let app = TestApp::start().await;
    let adele = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    let alex = keyed(&app.user("alex"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert!(!is_replayed(&alex));
    assert_ne!(id(&adele), id(&alex));
    // Nor is another body of theirs told that the key is known.
    let lee = keyed(&app.user("lee"), "k").post(ANNOTATIONS, on_item("other")).await.expect(201);
    assert!(!is_replayed(&lee));
    assert_eq!(keys(&app).await, 3);
}

#[tokio::test]
async fn another_organization_with_the_same_key_learns_nothing_of_it() {
    let app = TestApp::start().await;
    let contoso = keyed(&app.user("adele"), "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    let fabrikam = keyed(&app.user("megan"), "k");
    let made = fabrikam.post(TAXONOMIES, named("Other")).await.expect(201);
    assert!(!is_replayed(&made), "no 409 for the other body, and no replay");
    assert_ne!(id(&made), id(&contoso));
    let again = fabrikam.post(TAXONOMIES, named("Other")).await.expect(201);
    assert_eq!((id(&again), is_replayed(&again)), (id(&made), true));
}

#[tokio::test]
async fn a_person_who_is_in_two_organizations_has_two_sets_of_keys() {
    let app = TestApp::start().await;
    let home = keyed(&app.user("adele"), "k").post(ANNOTATIONS, on_item("item")).await.expect(201);
    let guest = keyed(&app.user_in("adele", "fabrikam"), "k");
    let away = guest.post(ANNOTATIONS, on_item("item")).await.expect(201);
    assert!(!is_replayed(&away));
    assert_ne!(id(&home), id(&away));
}

#[tokio::test]
async fn another_token_of_the_same_caller_repeats() {
    let app = TestApp::start().await;
    let first = keyed(&app.user("adele"), "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    app.advance(chrono::TimeDelta::minutes(30));
    let again = keyed(&app.user("adele"), "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    assert_eq!((id(&again), is_replayed(&again)), (id(&first), true));
}

#[tokio::test]
async fn other_operations_with_the_same_key_and_body_are_independent() {
    let app = TestApp::start().await;
    let admin = keyed(&app.user("adele"), "k");
    let taxonomy = id(&admin.post(TAXONOMIES, named("Topics")).await.expect(201));
    let terms = format!("{TAXONOMIES}/{taxonomy}/terms");
    assert!(!is_replayed(&admin.post(&terms, json!({ "label": "Law" })).await.expect(201)));
    assert!(!is_replayed(&admin.post(ANNOTATIONS, on_item("item")).await.expect(201)));
}

#[tokio::test]
async fn a_key_does_not_stand_in_for_the_permission() {
    let app = TestApp::start().await;
    keyed(&app.user("adele"), "k").post(TAXONOMIES, named("Topics")).await.expect(201);
    keyed(&app.user("alex"), "k").post(TAXONOMIES, named("Topics")).await.expect(403);
    keyed(&app.anonymous(), "k").post(TAXONOMIES, named("Topics")).await.expect(401);
}

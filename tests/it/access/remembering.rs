//! What a remembered token is good for: itself.

use tests::{TestApp, TokenRequest};

use super::support::{ME, all_at_once};

#[tokio::test]
async fn a_remembered_token_opens_nothing_for_one_that_differs_anywhere() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    let token = alex.token.clone().unwrap();
    alex.get(ME).await.expect(200);
    let with = |token: String| {
        let mut other = alex.clone();
        other.token = Some(token);
        other
    };
    for at in (0..token.len()).step_by(token.len() / 40).chain([token.len() - 1]) {
        let other = if token.get(at..=at) == Some("A") { "B" } else { "A" };
        let mut changed = token.clone();
        changed.replace_range(at..=at, other);
        with(changed).get(ME).await.expect(401);
    }
    let signature = token.rfind('.').unwrap();
    with(token.get(..=signature).unwrap().to_owned()).get(ME).await.expect(401);
    with(token.get(..token.len() - 1).unwrap().to_owned()).get(ME).await.expect(401);
    with(format!("{token}A")).get(ME).await.expect(401);
    alex.get(ME).await.expect(200);
}

#[tokio::test]
async fn sixty_four_requests_at_once_with_a_new_token_cost_the_database_what_one_costs() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    let one = app.replica().await;
    one.user("alex").get(ME).await.expect(200);
    let many = app.replica().await;
    for response in all_at_once(vec![many.user("alex"); 64]).await {
        response.expect(200);
    }
    assert!(one.app.statements() > 0, "who was not seen before is looked up");
    assert_eq!(many.app.statements(), one.app.statements());
}

#[tokio::test]
async fn a_new_token_of_somebody_known_asks_the_database_nothing() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    let before = app.app.statements();
    for seconds in 3_600..3_605 {
        app.bearer(&TokenRequest::user("alex").expires_in(seconds)).get(ME).await.expect(200);
    }
    assert_eq!(app.app.statements(), before);
}

#[tokio::test]
async fn nobody_is_added_to_an_organization_that_was_shut_before_its_memory_was_told() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    // As another replica may have left it a moment ago.
    app.database.execute("UPDATE organizations SET status = 'suspended'").await;
    app.user("lee").get(ME).await.expect(403);
    app.database.execute("UPDATE organizations SET status = 'active'").await;
    app.user("lee").get(ME).await.expect(200);
}

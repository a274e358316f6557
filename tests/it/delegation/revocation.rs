//! What was had before somebody was shut out is not served afterwards.

use chrono::TimeDelta;
use serde_json::json;
use tests::{Actor, TestApp};

use super::{DELEGATION, asked};

async fn id_of(actor: &Actor) -> String {
    actor.get("/api/auth/me").await.expect(200).text_at("/data/id")
}

#[tokio::test]
async fn a_suspension_ends_the_cached_token_here_and_on_other_replicas() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    let alex_there = replica.token(alex.token.as_deref().unwrap());
    let id = id_of(&alex).await;
    alex.get(DELEGATION).await.expect(200);
    alex_there.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2, "replicas without Redis share nothing");

    admin.post(&format!("/api/members/{id}/suspend"), json!(null)).await.expect(200);
    assert_eq!(alex.get(DELEGATION).await.expect(403).code(), "USER_DISABLED");
    app.advance(TimeDelta::milliseconds(1_100));
    assert_eq!(alex_there.get(DELEGATION).await.expect(403).code(), "USER_DISABLED");
    assert_eq!(asked(&app), 2);

    // Let in again, he gets a new one: the old one is gone.
    admin.post(&format!("/api/members/{id}/reactivate"), json!(null)).await.expect(200);
    alex.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 3);
    app.advance(TimeDelta::milliseconds(1_100));
    alex_there.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 4);
}

#[tokio::test]
async fn a_change_of_the_organization_ends_the_tokens_of_all_of_it() {
    let app = TestApp::start().await;
    let (adele, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    for actor in [&adele, &alex, &megan] {
        actor.get(DELEGATION).await.expect(200);
    }
    adele.patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    for actor in [&adele, &alex, &megan] {
        actor.get(DELEGATION).await.expect(200);
    }
    assert_eq!(asked(&app), 5, "Megan's organization has not changed");
}

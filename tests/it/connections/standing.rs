//! Whoever may not use the service any more is served by nothing of theirs, and nobody is served by it.

use chrono::TimeDelta;
use serde_json::json;

use super::{alex, asked, key_of, path, person, start, token_path};

async fn set_member(app: &tests::TestApp, id: &str, action: &str) {
    person(app, "adele").post(&format!("/api/members/{id}/{action}"), json!(null)).await.expect(200);
}

#[tokio::test]
async fn a_suspended_members_tokens_are_handed_to_nobody_and_not_refreshed() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let alex_id = person(&app, "alex").get("/api/auth/me").await.text_at("/data/id");
    let adele = person(&app, "adele");
    let key = key_of(&app, &adele, json!({ "role": "admin" })).await;
    let replica = app.replica().await;
    let there = replica.token(key.token.as_deref().unwrap());
    for caller in [&adele, &key, &there] {
        caller.get(&token_path(&id)).await.expect(200);
    }
    set_member(&app, &alex_id, "suspend").await;
    replica.app.turn_background().await.unwrap();
    for caller in [&adele, &key, &there] {
        let refused = caller.get(&token_path(&id)).await.expect(409);
        assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
        assert_eq!(refused.at("/error/details/reason"), json!("member_disabled"));
    }
    let before = asked(&app);
    adele.post(&format!("{}/refresh", path(&id)), json!({})).await.expect(409);
    for _ in 0..3 {
        app.clock.advance(TimeDelta::hours(25));
        app.app.worker().turn().await.unwrap();
    }
    assert_eq!(asked(&app), before, "nothing is kept fresh for them");
    set_member(&app, &alex_id, "reactivate").await;
    person(&app, "adele").get(&token_path(&id)).await.expect(200);
    app.clock.advance(TimeDelta::hours(25));
    let before = asked(&app);
    app.app.worker().turn().await.unwrap();
    assert!(asked(&app) > before, "it is kept fresh again");
}

#[tokio::test]
async fn nothing_is_refreshed_for_an_organization_that_is_suspended_or_deleted() {
    let app = start().await;
    alex(&app).await;
    for state in ["suspended", "deleted"] {
        let before = asked(&app);
        app.database.execute(&format!("UPDATE organizations SET status = '{state}'")).await;
        for _ in 0..3 {
            app.clock.advance(TimeDelta::hours(25));
            app.app.worker().turn().await.unwrap();
        }
        assert_eq!(asked(&app), before, "{state}");
        app.database.execute("UPDATE organizations SET status = 'active'").await;
        app.clock.advance(TimeDelta::hours(25));
        app.app.worker().turn().await.unwrap();
        assert_eq!(asked(&app), before + 1, "{state}: its grant has lasted");
    }
}

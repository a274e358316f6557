//! Who belongs to the organization.

use serde_json::json;
use tests::{TestApp, emulator::ids};

use crate::annotations::{Recorded, annotation, listed, user_id};

#[tokio::test]
async fn the_list_has_everybody_of_the_organization_newest_first() {
    let app = TestApp::start().await;
    for name in ["adele", "megan", "alex", "isaiah"] {
        app.user(name).get("/api/auth/me").await.expect(200);
    }
    let list = app.user("alex").get("/api/members").await.expect(200);
    let emails = ["isaiah@contoso.com", "alex@contoso.com", "adele@contoso.com"];
    assert_eq!(listed(&list, "email"), emails);
    assert_eq!(list.at("/nextCursor"), json!(null));
}

#[tokio::test]
async fn a_member_is_shown_as_in_the_list() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    let id = user_id(&alex).await;
    let member = app.user("isaiah").get(&format!("/api/members/{id}")).await.expect(200);
    assert_eq!(member.at("/data/id"), json!(id));
    assert_eq!(member.at("/data/kind"), json!("person"));
    assert_eq!(member.at("/data/azureObjectId"), json!(ids::ALEX));
    assert_eq!(member.at("/data/displayName"), json!("Alex Wilber"));
    assert_eq!(member.at("/data/isGuest"), json!(false));
    assert_eq!(member.at("/data/status"), json!("active"));
    assert_eq!(member.header("etag"), Some("\"1\""));
    let list = alex.get("/api/members").await.expect(200);
    assert_eq!(list.at("/data/1"), member.at("/data"));
    let nobody = alex.get("/api/members/01890000-0000-7000-8000-000000000000").await.expect(404);
    assert_eq!(nobody.code(), "NOT_FOUND");
}

#[tokio::test]
async fn an_administrator_suspends_a_member_and_lets_them_in_again() {
    let app = TestApp::start().await;
    let (admin, member) = (app.user("adele"), app.user("alex"));
    let (actor, id) = (user_id(&admin).await, user_id(&member).await);
    let path = format!("/api/members/{id}");
    let note = annotation(&member, "a").await;

    let recorded = Recorded::so_far(&app).await;
    let suspended = admin.post(&format!("{path}/suspend"), json!(null)).await.expect(200);
    assert_eq!(suspended.at("/data/status"), json!("disabled"));
    recorded.gained(&app, &suspended, "identity.user.disabled", &actor).await;

    // A token from before, and one that is quite new.
    app.advance(chrono::TimeDelta::seconds(1));
    for refused in [
        member.get("/api/auth/me").await,
        app.user("alex").get("/api/annotations").await,
        member.delete(&format!("/api/annotations/{note}")).await,
    ] {
        assert_eq!(refused.expect(403).code(), "USER_DISABLED");
    }
    assert_eq!(admin.get(&path).await.expect(200).json(), suspended.json());
    admin.get(&format!("/api/annotations/{note}")).await.expect(200);

    let recorded = Recorded::so_far(&app).await;
    let back = admin.post(&format!("{path}/reactivate"), json!(null)).await.expect(200);
    assert_eq!(back.at("/data/status"), json!("active"));
    recorded.gained(&app, &back, "identity.user.enabled", &actor).await;
    member.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn nobody_suspends_themselves() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let path = format!("/api/members/{}/suspend", user_id(&admin).await);
    let recorded = Recorded::so_far(&app).await;
    let refused = admin.post(&path, json!(null)).await.expect(409);
    assert_eq!(
        (refused.code(), refused.at("/error/message")),
        ("CONFLICT".to_owned(), json!("You cannot suspend yourself"))
    );
    recorded.gained_nothing(&app).await;
    admin.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_member_suspends_nobody() {
    let app = TestApp::start().await;
    let (admin, member) = (app.user("adele"), app.user("alex"));
    let path = format!("/api/members/{}", user_id(&admin).await);
    member.get(&path).await.expect(200);
    let recorded = Recorded::so_far(&app).await;
    for action in ["suspend", "reactivate"] {
        let refused = member.post(&format!("{path}/{action}"), json!(null)).await.expect(403);
        assert_eq!(refused.code(), "FORBIDDEN");
    }
    recorded.gained_nothing(&app).await;
}

#[tokio::test]
async fn who_is_no_member_cannot_be_suspended() {
    let app = TestApp::start().await;
    let (admin, elsewhere) = (app.user("adele"), app.user("megan"));
    admin.get("/api/auth/me").await.expect(200);
    let foreign = user_id(&elsewhere).await;
    let recorded = Recorded::so_far(&app).await;
    for id in [foreign.as_str(), "01890000-0000-7000-8000-000000000000"] {
        for action in ["suspend", "reactivate"] {
            let refused = admin.post(&format!("/api/members/{id}/{action}"), json!(null)).await.expect(404);
            assert_eq!(refused.code(), "NOT_FOUND");
        }
    }
    recorded.gained_nothing(&app).await;
    elsewhere.get("/api/auth/me").await.expect(200);
}

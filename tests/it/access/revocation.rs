//! Who is suspended is refused from then on, whatever is remembered of their tokens.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use domain::id::{OrgId, TypedId};
use serde_json::json;
use tests::{Actor, TestApp, TokenRequest};
use tokio::task::JoinSet;

use super::support::{ME, id_of, recorded};

async fn set_member(by: &Actor, id: &str, action: &str) -> tests::Response {
    by.post(&format!("/api/members/{id}/{action}"), json!(null)).await
}

async fn organization_of(actor: &Actor) -> OrgId {
    let id = actor.get(ME).await.expect(200).text_at("/data/organization/id");
    OrgId::from_uuid(id.parse().expect("a UUID"))
}

#[tokio::test]
async fn a_suspended_member_is_refused_with_the_next_request_and_every_token_until_reactivated() {
    let app = TestApp::start().await;
    let (admin, alex, lee) = (app.user("adele"), app.user("alex"), app.user("lee"));
    let id = id_of(&alex).await;
    lee.get(ME).await.expect(200);
    let suspended = set_member(&admin, &id, "suspend").await.expect(200);
    assert_eq!(suspended.at("/data/status"), json!("disabled"));
    for actor in [&alex, &alex, &app.user("alex")] {
        let refused = actor.get(ME).await.expect(403);
        assert_eq!(refused.code(), "USER_DISABLED");
        assert_eq!(refused.header("www-authenticate"), None);
    }
    lee.get(ME).await.expect(200);
    set_member(&admin, &id, "reactivate").await.expect(200);
    alex.get(ME).await.expect(200);
    assert_eq!(recorded(&app, "identity.user.disabled").await, 1);
    assert_eq!(recorded(&app, "identity.user.enabled").await, 1);
    let actors =
        app.database.query("SELECT actor_kind FROM events WHERE name = 'identity.user.disabled'").await;
    assert_eq!(actors[0]["actor_kind"], json!("user"));
}

#[tokio::test]
async fn a_suspended_application_and_a_suspended_administrator_are_refused_too() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let application = app.application("Stranger", "contoso", &["Tenantry.Admin"]);
    let id = id_of(&application).await;
    set_member(&admin, &id, "suspend").await.expect(200);
    assert_eq!(application.get(ME).await.expect(403).code(), "USER_DISABLED");
    set_member(&admin, &id, "reactivate").await.expect(200);
    set_member(&application, &id_of(&admin).await, "suspend").await.expect(200);
    assert_eq!(admin.get("/api/members").await.expect(403).code(), "USER_DISABLED");
    assert_eq!(set_member(&admin, &id, "suspend").await.expect(403).code(), "USER_DISABLED");
}

#[tokio::test]
async fn nobody_suspends_themselves_a_stranger_or_without_the_permission() {
    let app = TestApp::start().await;
    let (admin, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    let own = id_of(&admin).await;
    assert_eq!(set_member(&admin, &own, "suspend").await.expect(409).code(), "CONFLICT");
    admin.get(ME).await.expect(200);
    set_member(&alex, &own, "suspend").await.expect(403);
    let elsewhere = id_of(&megan).await;
    set_member(&admin, &elsewhere, "suspend").await.expect(404);
    megan.get(ME).await.expect(200);
    admin.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_suspended_organization_is_refused_as_a_whole_at_once_and_let_in_again() {
    let app = TestApp::start().await;
    let (admin, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    let org_id = organization_of(&admin).await;
    for actor in [&alex, &megan] {
        actor.get(ME).await.expect(200);
    }
    app.app
        .operator
        .suspend(org_id, &tests::reason("unpaid"))
        .await
        .expect("the database")
        .expect("it is there");
    for actor in [&admin, &alex, &app.user("lee"), &app.application("Stranger", "contoso", &["members:read"])]
    {
        assert_eq!(actor.get(ME).await.expect(403).code(), "ORGANIZATION_SUSPENDED");
    }
    megan.get(ME).await.expect(200);
    app.app
        .operator
        .reactivate(org_id, &tests::reason("paid"))
        .await
        .expect("the database")
        .expect("it is there");
    for actor in [&admin, &alex] {
        actor.get(ME).await.expect(200);
    }
    let told = "SELECT actor_kind, data FROM events WHERE name = 'organization.suspended'";
    let told = app.database.query(told).await;
    assert_eq!(told[0]["actor_kind"], json!("operator"));
    assert!(told[0]["data"].to_string().contains("unpaid"));
}

#[tokio::test]
async fn a_renamed_organization_shows_in_the_next_request_of_everybody() {
    let app = TestApp::start().await;
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    alex.get(ME).await.expect(200);
    admin.patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    for actor in [&alex, &admin] {
        let me = actor.get(ME).await.expect(200);
        assert_eq!(me.at("/data/organization/name"), json!("Contoso Ltd"));
    }
}

/// Up to five minutes after `exp` the clocks may be what differs: the token is verified anew with each request.
#[tokio::test]
async fn a_remembered_token_is_refused_once_it_has_expired_beyond_the_skew() {
    let app = TestApp::start().await;
    let alex = app.bearer(&TokenRequest::user("alex").expires_in(600));
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(599));
    app.app.turn_background().await.expect("the background turns");
    let statements = app.app.statements();
    alex.get(ME).await.expect(200);
    assert_eq!(app.app.statements(), statements, "it is remembered up to its expiry");
    app.advance(TimeDelta::seconds(2));
    app.app.turn_background().await.expect("the background turns");
    alex.get(ME).await.expect(200);
    app.advance(TimeDelta::seconds(300));
    alex.get(ME).await.expect(401);
}

/// Requests begin all the time, of known and of new tokens, while the member is suspended: those that begin after
/// the answer to the suspension must all be refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_that_begins_after_a_suspension_is_served_however_many_are_under_way() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let id = id_of(&app.user("alex")).await;
    for _ in 0..5 {
        let tokens: Arc<Vec<Actor>> = Arc::new((0..40).map(|_| app.user("alex")).collect());
        let (is_suspended, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let mut requests = JoinSet::new();
        for n in 0..8 {
            let (tokens, is_suspended, stop) =
                (Arc::clone(&tokens), Arc::clone(&is_suspended), Arc::clone(&stop));
            requests.spawn(async move {
                let (mut served, mut refused) = (0, 0);
                for actor in tokens.iter().cycle().skip(n * 5) {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let begun_after = is_suspended.load(Ordering::SeqCst);
                    let response = actor.get(ME).await;
                    assert!(!begun_after || response.status == 403, "served after: {}", response.text);
                    *(if response.status == 200 { &mut served } else { &mut refused }) += 1;
                    tokio::task::yield_now().await;
                }
                (served, refused)
            });
        }
        for _ in 0..20 {
            admin.get(ME).await.expect(200);
            tokio::task::yield_now().await;
        }
        set_member(&admin, &id, "suspend").await.expect(200);
        is_suspended.store(true, Ordering::SeqCst);
        for _ in 0..20 {
            app.user("alex").get(ME).await.expect(403);
        }
        stop.store(true, Ordering::SeqCst);
        let counts = requests.join_all().await;
        println!("served, refused: {counts:?}");
        set_member(&admin, &id, "reactivate").await.expect(200);
    }
}

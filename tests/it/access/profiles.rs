//! What is told of people and organizations follows what tokens say, without a write on every request.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    Rows, TestApp, TokenRequest,
    emulator::{UserPatch, ids},
};

use super::support::{ME, recorded};

fn renamed(name: &str) -> UserPatch {
    UserPatch { display_name: Some(name.to_owned()), ..UserPatch::default() }
}

async fn user_rows(app: &TestApp) -> Rows {
    app.database.query("SELECT id, display_name, email, version, updated_at FROM users ORDER BY id").await
}

#[tokio::test]
async fn a_profile_follows_newer_tokens_and_no_older_one_sets_it_back() {
    let app = TestApp::start().await;
    let older = app.user("alex");
    older.get(ME).await.expect(200);
    app.emulator.update_user("alex", renamed("Alexandra Wilber")).expect("she is there");
    app.advance(TimeDelta::minutes(1));
    let newer = app.user("alex");
    let changed = json!("Alexandra Wilber");
    assert_eq!(newer.get(ME).await.expect(200).at("/data/displayName"), changed);
    assert_eq!(older.get(ME).await.expect(200).at("/data/displayName"), changed);
    assert_eq!(
        app.replica().await.token(&older.token.expect("one")).get(ME).await.at("/data/displayName"),
        changed
    );
    assert_eq!(recorded(&app, "identity.user.updated").await, 1);
    assert_eq!(user_rows(&app).await[0]["version"], json!(2));
}

#[tokio::test]
async fn of_two_tokens_of_one_second_the_first_counts_so_that_they_do_not_take_turns() {
    let app = TestApp::start().await;
    let (plain, other) = (app.user("alex"), app.bearer(&TokenRequest::user("alex").claim("name", "A. W.")));
    for _ in 0..3 {
        assert_eq!(plain.get(ME).await.expect(200).at("/data/displayName"), json!("Alex Wilber"));
        assert_eq!(other.get(ME).await.expect(200).at("/data/displayName"), json!("Alex Wilber"));
    }
    assert_eq!(user_rows(&app).await[0]["version"], json!(1));
}

#[tokio::test]
async fn a_known_profile_is_not_written_and_a_remembered_token_asks_the_database_nothing() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    alex.get(ME).await.expect(200);
    let before = user_rows(&app).await;
    let statements = app.app.statements();
    for _ in 0..20 {
        alex.get(ME).await.expect(200);
    }
    assert_eq!(app.app.statements(), statements);
    for _ in 0..5 {
        app.advance(TimeDelta::minutes(1));
        app.user("alex").get(ME).await.expect(200);
    }
    let replica = app.replica().await;
    replica.user("alex").get(ME).await.expect(200);
    assert_eq!(user_rows(&app).await, before);
    assert_eq!(app.database.count("SELECT count(*) FROM events").await, 2);
}

#[tokio::test]
async fn a_profile_change_is_seen_by_another_replica() {
    let app = TestApp::start().await;
    let older = app.user("alex");
    let replica = app.replica().await;
    let there = replica.token(older.token.as_deref().expect("one"));
    there.get(ME).await.expect(200);
    app.emulator.update_user("alex", renamed("Alexandra Wilber")).expect("she is there");
    app.advance(TimeDelta::minutes(1));
    app.user("alex").get(ME).await.expect(200);
    replica.app.turn_background().await.expect("the background turns");
    assert_eq!(there.get(ME).await.expect(200).at("/data/displayName"), json!("Alexandra Wilber"));
}

async fn name_of(app: &TestApp, tenant: &str) -> serde_json::Value {
    let rows = app.database.query("SELECT azure_tenant_id, name FROM organizations").await;
    let row = rows.iter().find(|row| row["azure_tenant_id"] == json!(tenant)).expect("the organization");
    row["name"].clone()
}

#[tokio::test]
async fn an_organization_that_a_guest_or_an_application_found_is_named_by_the_first_of_its_own_people() {
    for stranger in ["guest", "application"] {
        let app = TestApp::start().await;
        let first = match stranger {
            "guest" => app.user_in("adele", "fabrikam"),
            _ => app.application("Stranger", "fabrikam", &["Tenantry.Admin"]),
        };
        first.get(ME).await.expect(200);
        assert_eq!(name_of(&app, ids::FABRIKAM).await, json!(ids::FABRIKAM), "{stranger}");
        app.user("nestor").get(ME).await.expect(200);
        assert_eq!(name_of(&app, ids::FABRIKAM).await, json!("fabrikam.com"), "{stranger}");
        assert_eq!(recorded(&app, "organization.updated").await, 1);
        let me = first.get(ME).await.expect(200);
        assert_eq!(me.at("/data/organization/name"), json!("fabrikam.com"), "not the remembered one");
    }
}

#[tokio::test]
async fn a_name_from_an_address_is_not_replaced_by_one_of_another_domain() {
    let app = TestApp::start().await;
    app.user("alex").get(ME).await.expect(200);
    app.bearer(&TokenRequest::user("lee").claim("email", "lee@contoso.example")).get(ME).await.expect(200);
    assert_eq!(name_of(&app, ids::CONTOSO).await, json!("contoso.com"));
}

#[tokio::test]
async fn a_name_that_an_administrator_gave_stays() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get(ME).await.expect(200);
    adele.patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    for actor in [app.user("alex"), app.user("lee"), adele] {
        let me = actor.get(ME).await.expect(200);
        assert_eq!(me.at("/data/organization/name"), json!("Contoso Ltd"));
    }
    assert_eq!(recorded(&app, "organization.updated").await, 1);
}

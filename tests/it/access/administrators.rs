//! Who looks after an organization.

use serde_json::{Value, json};
use tests::{TestApp, TokenRequest, emulator::UserPatch, emulator::ids};

use super::support::{ME, all_at_once, roles_of};

fn admin() -> Value {
    json!(["admin"])
}

fn member() -> Value {
    json!(["member"])
}

#[tokio::test]
async fn a_plain_member_is_no_administrator_and_may_not_do_what_one_may() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    let me = alex.get(ME).await.expect(200);
    assert_eq!(me.at("/data/roles"), member());
    assert!(!me.at("/data/permissions").as_array().expect("a list").contains(&json!("organization:manage")));
    let renamed = json!({ "name": "Mine" });
    let refused = alex.patch("/api/auth/organization", renamed.clone()).await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    app.user("adele").patch("/api/auth/organization", renamed).await.expect(200);
}

#[tokio::test]
async fn a_directory_role_of_the_token_makes_an_administrator_for_as_long_as_the_token_has_it() {
    let app = TestApp::start().await;
    assert_eq!(roles_of(&app.user("adele")).await, admin());
    assert_eq!(roles_of(&app.bearer(&TokenRequest::user("adele").without("wids"))).await, member());
    let other_role =
        TokenRequest::user("alex").claim("wids", json!(["b79fbf4d-3ef9-4689-8143-76b194e85509"]));
    assert_eq!(roles_of(&app.bearer(&other_role)).await, member());
}

#[tokio::test]
async fn the_directory_roles_that_count_can_be_chosen() {
    let role = "b79fbf4d-3ef9-4689-8143-76b194e85509";
    let app = TestApp::builder().set("ADMIN_DIRECTORY_ROLES", role).start().await;
    assert_eq!(roles_of(&app.user("adele")).await, member());
    let holder = TokenRequest::user("alex").claim("wids", json!([role]));
    assert_eq!(roles_of(&app.bearer(&holder)).await, admin());
}

#[tokio::test]
async fn the_app_role_makes_administrators_of_people_and_applications() {
    let app = TestApp::start().await;
    let role = [ids::TENANTRY_ADMIN];
    assert_eq!(roles_of(&app.bearer(&TokenRequest::user("alex").roles(role))).await, admin());
    assert_eq!(roles_of(&app.user("alex")).await, member());
    let application = app.application("Stranger", "contoso", &role);
    assert_eq!(roles_of(&application).await, admin());
    application.patch("/api/auth/organization", json!({ "name": "By an app" })).await.expect(200);
}

#[tokio::test]
async fn an_application_may_be_granted_one_permission_by_an_app_role_of_its_name() {
    let app = TestApp::start().await;
    let reader = app.application("Stranger", "contoso", &["members:read", "unheard:of"]);
    let me = reader.get(ME).await.expect(200);
    assert_eq!(me.at("/data/roles"), json!([]));
    assert_eq!(me.at("/data/permissions"), json!(["members:read"]));
    reader.get("/api/members").await.expect(200);
    reader.get("/api/auth/organization").await.expect(403);
    let person = app.bearer(&TokenRequest::user("alex").roles(["members:manage"]));
    let permissions = person.get(ME).await.expect(200).at("/data/permissions");
    assert!(!permissions.as_array().expect("a list").contains(&json!("members:manage")));
}

#[tokio::test]
async fn a_listed_address_counts_only_where_the_owner_of_its_domain_is_known() {
    let app = TestApp::builder().set("ADMIN_EMAILS", "Alex@Contoso.com").start().await;
    assert_eq!(roles_of(&app.user("alex")).await, admin());
    for token in [
        TokenRequest::user("alex").without("xms_edov"),
        TokenRequest::user("alex").claim("xms_edov", false),
        // Without an e-mail claim there is nothing that the other claim could vouch for.
        TokenRequest::user("alex").without("email").claim("xms_edov", true),
    ] {
        assert_eq!(roles_of(&app.bearer(&token)).await, member(), "{token:?}");
    }
    assert_eq!(roles_of(&app.user("lee")).await, member());
    let mail = UserPatch { mail: Some("alex@contoso.com".to_owned()), ..UserPatch::default() };
    app.emulator.update_user("nestor", mail).expect("he is there");
    let nestor = app.user("nestor");
    assert_eq!(nestor.get(ME).await.expect(200).at("/data/email"), json!("alex@contoso.com"));
    assert_eq!(roles_of(&nestor).await, member(), "anybody can write any address into their directory");
}

#[tokio::test]
async fn the_first_person_looks_after_the_organization_also_with_later_tokens() {
    let app = TestApp::builder().set("FIRST_USER_IS_ADMIN", "true").start().await;
    assert_eq!(roles_of(&app.user("alex")).await, admin());
    assert_eq!(roles_of(&app.user("lee")).await, member());
    assert_eq!(roles_of(&app.user("alex")).await, admin());
    assert_eq!(roles_of(&app.replica().await.user("alex")).await, admin());
}

#[tokio::test]
async fn no_guest_and_no_application_is_the_first_person() {
    let app = TestApp::builder().set("FIRST_USER_IS_ADMIN", "true").start().await;
    assert_eq!(roles_of(&app.user_in("adele", "fabrikam")).await, member());
    assert_eq!(roles_of(&app.application("Stranger", "fabrikam", &["members:read"])).await, json!([]));
    assert_eq!(roles_of(&app.user("nestor")).await, admin());
    assert_eq!(roles_of(&app.bearer(&TokenRequest::user("megan").without("wids"))).await, member());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_first_people_at_once_one_becomes_the_administrator() {
    let app = TestApp::builder().set("FIRST_USER_IS_ADMIN", "true").start().await;
    let replica = app.replica().await;
    let mut people = Vec::new();
    for n in 0..16 {
        let oid = format!("c0000000-0000-4000-8000-0000000009{n:02}");
        let token = app.bearer(&TokenRequest::user("alex").claim("oid", oid)).token.expect("a token");
        people.extend([app.token(&token), replica.token(&token)]);
    }
    for answer in all_at_once(people).await {
        answer.expect(200);
    }
    assert_eq!(app.database.count("SELECT count(*) FROM users").await, 16);
    assert_eq!(app.database.count("SELECT count(*) FROM users WHERE role = 'admin'").await, 1);
}

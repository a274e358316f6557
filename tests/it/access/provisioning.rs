//! Organizations and users are found or made on first sight: once, by tenant and object id.

use serde_json::json;
use tests::{Actor, TestApp, TokenRequest, emulator::ids};

use super::support::{ME, all_at_once, recorded, rows};

#[tokio::test]
async fn whoever_comes_first_founds_the_organization_and_it_is_recorded_who_did_what() {
    let app = TestApp::start().await;
    let me = app.user("alex").get(ME).await.expect(200);
    assert_eq!(me.at("/data/organization/name"), json!("contoso.com"));
    assert_eq!(me.at("/data/email"), json!("alex@contoso.com"));
    let events = app.database.query("SELECT name, actor_kind, actor_id FROM events ORDER BY id").await;
    let told: Vec<_> = events.iter().map(|event| (&event["name"], &event["actor_kind"])).collect();
    let system = json!("system");
    assert_eq!(
        told,
        [(&json!("identity.tenant.created"), &system), (&json!("identity.user.created"), &system)]
    );
    assert!(events.iter().all(|event| event["actor_id"].is_null()));
    let told = app.database.query("SELECT id FROM events ORDER BY id").await;
    let pointed = app.database.query("SELECT event_id AS id FROM outbox ORDER BY event_id").await;
    assert_eq!(told, pointed, "the outbox points at each event");
}

#[tokio::test]
async fn an_organization_that_could_not_be_recorded_is_not_made() {
    let app = TestApp::start().await;
    app.database.execute("ALTER TABLE outbox RENAME TO elsewhere").await;
    let response = app.user("alex").get(ME).await.expect(500);
    assert_eq!(response.code(), "INTERNAL");
    assert!(!response.text.contains("outbox"), "{}", response.text);
    for table in ["organizations", "users", "events"] {
        assert_eq!(rows(&app, table).await, 0, "{table}");
    }
    app.database.execute("ALTER TABLE elsewhere RENAME TO outbox").await;
    app.user("alex").get(ME).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_first_calls_of_one_person_at_once_make_one_organization_and_one_user() {
    let app = TestApp::start().await;
    let alex = app.user("alex");
    let answers = all_at_once(vec![alex; 64]).await;
    let first = answers[0].at("/data/id");
    for answer in answers {
        assert_eq!(answer.expect(200).at("/data/id"), first);
    }
    assert_made(&app, 1, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tokens_of_two_people_at_once_make_one_organization_and_two_users() {
    let app = TestApp::start().await;
    let tokens: Vec<Actor> = (0..32).flat_map(|_| [app.user("alex"), app.user("lee")]).collect();
    for answer in all_at_once(tokens).await {
        answer.expect(200);
    }
    assert_made(&app, 1, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_calls_over_two_replicas_make_each_thing_once() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let mut actors = Vec::new();
    for name in ["alex", "lee", "megan", "nestor"] {
        for _ in 0..8 {
            actors.extend([app.user(name), replica.user(name)]);
        }
    }
    for answer in all_at_once(actors).await {
        answer.expect(200);
    }
    assert_made(&app, 2, 4).await;
}

async fn assert_made(app: &TestApp, organizations: i64, users: i64) {
    assert_eq!(rows(app, "organizations").await, organizations);
    assert_eq!(rows(app, "users").await, users);
    assert_eq!(recorded(app, "identity.tenant.created").await, organizations);
    assert_eq!(recorded(app, "identity.user.created").await, users);
    assert_eq!(rows(app, "events").await, organizations + users);
    assert_eq!(rows(app, "outbox").await, organizations + users);
}

#[tokio::test]
async fn an_address_identifies_nobody() {
    let app = TestApp::start().await;
    let alex = app.user("alex").get(ME).await.expect(200);
    let same_address = TokenRequest::user("lee").claim("email", "alex@contoso.com");
    let lee = app.bearer(&same_address).get(ME).await.expect(200);
    assert_eq!(lee.at("/data/email"), alex.at("/data/email"));
    assert_ne!(lee.at("/data/id"), alex.at("/data/id"));
    let elsewhere = TokenRequest::user("nestor")
        .claim("email", "alex@contoso.com")
        .claim("preferred_username", "alex@contoso.com")
        .claim("xms_edov", true);
    let nestor = app.bearer(&elsewhere).get(ME).await.expect(200);
    assert_ne!(nestor.at("/data/organization/id"), alex.at("/data/organization/id"));
    assert_made(&app, 2, 3).await;
}

#[tokio::test]
async fn the_same_object_id_in_another_tenant_is_somebody_else() {
    let app = TestApp::start().await;
    let alex = app.user("alex").get(ME).await.expect(200);
    let same_id = TokenRequest::user("nestor").claim("oid", ids::ALEX);
    let nestor = app.bearer(&same_id).get(ME).await.expect(200);
    assert_ne!(nestor.at("/data/id"), alex.at("/data/id"));
    assert_eq!(nestor.at("/data/organization/azureTenantId"), json!(ids::FABRIKAM));
    assert_made(&app, 2, 2).await;
}

#[tokio::test]
async fn a_person_stays_the_same_whatever_else_the_token_calls_them() {
    let app = TestApp::start().await;
    let alex = app.user("alex").get(ME).await.expect(200);
    let renamed = TokenRequest::user("alex")
        .claim("email", "wilber@contoso.com")
        .claim("preferred_username", "wilber@contoso.com")
        .claim("sub", "another")
        .claim("oid", ids::ALEX.to_uppercase())
        .claim("tid", ids::CONTOSO.to_uppercase())
        .claim("iss", format!("{}/{}/v2.0", app.emulator.issuer_base(), ids::CONTOSO.to_uppercase()));
    let again = app.bearer(&renamed).get(ME).await.expect(200);
    assert_eq!(again.at("/data/id"), alex.at("/data/id"));
    assert_eq!(again.at("/data/organization/id"), alex.at("/data/organization/id"));
}

#[tokio::test]
async fn a_guest_belongs_to_the_organization_of_the_tenant_that_invited_them() {
    let app = TestApp::start().await;
    let at_home = app.user("adele").get(ME).await.expect(200);
    let as_guest = app.user_in("adele", "fabrikam").get(ME).await.expect(200);
    assert_eq!(as_guest.at("/data/organization/azureTenantId"), json!(ids::FABRIKAM));
    assert_ne!(as_guest.at("/data/id"), at_home.at("/data/id"));
    assert_ne!(as_guest.at("/data/organization/id"), at_home.at("/data/organization/id"));
    let members = app.user("megan").get("/api/members").await.expect(200);
    let guests: Vec<_> = members.at("/data").as_array().expect("a list").clone();
    let guest = guests.iter().find(|member| member["id"] == as_guest.at("/data/id")).expect("the guest");
    assert_eq!(guest["isGuest"], json!(true));
}

#[tokio::test]
async fn an_application_becomes_a_service_principal_of_the_tenant() {
    let app = TestApp::start().await;
    let me = app.application("Stranger", "fabrikam", &["annotations:read"]).get(ME).await.expect(200);
    assert_eq!(me.at("/data/kind"), json!("app"));
    assert_eq!(me.at("/data/roles"), json!([]));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!(ids::FABRIKAM));
    let members = app.user("megan").get("/api/members").await.expect(200);
    let list = members.at("/data").as_array().expect("a list").clone();
    let app = list.iter().find(|member| member["id"] == me.at("/data/id")).expect("the application");
    assert_eq!(app["kind"], json!("service_principal"));
    assert_eq!(app["azureObjectId"], json!(ids::STRANGER_IN_FABRIKAM));
}

#[tokio::test]
async fn personal_accounts_are_refused_and_where_allowed_each_is_an_organization() {
    let app = TestApp::start().await;
    app.user("pat").get(ME).await.expect(401);
    assert_made(&app, 0, 0).await;
    let app = TestApp::builder().set("ALLOW_PERSONAL_ACCOUNTS", "true").start().await;
    let pat = app.user("pat").get(ME).await.expect(200);
    let other = TokenRequest::user("pat").claim("oid", "00000000-0000-0000-8ad3-000000000001");
    let other = app.bearer(&other).get(ME).await.expect(200);
    assert_ne!(pat.at("/data/organization/id"), other.at("/data/organization/id"));
    let again = app.user("pat").get(ME).await.expect(200);
    assert_eq!(again.at("/data/organization/id"), pat.at("/data/organization/id"));
    assert_eq!(pat.at("/data/organization/name"), json!("Patti Fernandez"));
    assert_made(&app, 2, 2).await;
}

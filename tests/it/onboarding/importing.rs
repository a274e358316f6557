//! Bringing the people of a tenant in.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    TestApp,
    emulator::{Consent, Endpoint, Fault, RetryAfter, TokenRequest},
};

use super::{STATUS, consented, events, outcome, way::Way, work};

const IMPORT: &str = "/api/organization/import-users";

async fn northwind() -> (TestApp, tests::Actor) {
    let app = consented().await;
    let arrived = Way::new(&app).connect("", "lidia@northwind.com").await;
    assert_eq!(outcome(&arrived), "connected", "{}", arrived.text);
    let admin = app.bearer(&TokenRequest::user("lidia"));
    (app, admin)
}

async fn users(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) AS n FROM users").await
}

#[tokio::test]
async fn five_thousand_people_are_brought_in_page_by_page_once() {
    let (app, admin) = northwind().await;
    admin.get(IMPORT).await.expect(404);
    let begun = admin.post(IMPORT, json!({})).await.expect(200);
    assert_eq!((begun.at("/data/state"), begun.at("/data/seen")), (json!("running"), json!(0)));
    admin.post(IMPORT, json!({})).await.expect(200);
    let before = app.emulator.requests(Endpoint::Graph);
    work(&app).await;
    let done = admin.get(IMPORT).await.expect(200);
    assert_eq!(done.at("/data/state"), json!("done"), "{}", done.text);
    assert_eq!(done.at("/data/seen"), json!(5_002));
    let added = done.at("/data/added").as_i64().unwrap();
    let skipped = done.at("/data/skipped").as_i64().unwrap();
    assert_eq!(skipped, 100, "accounts that are switched off");
    // Lidia was here already.
    assert_eq!(added + skipped, 5_001);
    assert_eq!(users(&app).await, added + 1);
    assert_eq!(app.emulator.requests(Endpoint::Graph) - before, 6, "six pages, each asked for once");
    // Once more: everybody is known.
    admin.post(IMPORT, json!({})).await.expect(200);
    work(&app).await;
    let again = admin.get(IMPORT).await.expect(200);
    assert_eq!((again.at("/data/seen"), again.at("/data/added")), (json!(5_002), json!(0)));
    assert_eq!(users(&app).await, added + 1);
}

#[tokio::test]
async fn throttling_makes_it_wait_as_long_as_it_is_told_and_go_on_where_it_was() {
    let (app, admin) = northwind().await;
    admin.post(IMPORT, json!({})).await.expect(200);
    let throttled = Fault::status(Endpoint::Graph, 429).path("/users").after(2).times(1);
    app.emulator.set_fault(throttled.retry_after(RetryAfter::seconds(120)));
    work(&app).await;
    let waiting = admin.get(IMPORT).await.expect(200);
    assert_eq!((waiting.at("/data/state"), waiting.at("/data/seen")), (json!("running"), json!(1_998)));
    assert!(waiting.text_at("/data/trouble").contains("does not answer"));
    app.advance(TimeDelta::seconds(110));
    work(&app).await;
    assert_eq!(admin.get(IMPORT).await.expect(200).at("/data/seen"), json!(1_998), "not before its time");
    app.advance(TimeDelta::seconds(15));
    work(&app).await;
    let done = admin.get(IMPORT).await.expect(200);
    assert_eq!((done.at("/data/state"), done.at("/data/seen")), (json!("done"), json!(5_002)));
    assert_eq!(done.at("/data/trouble"), json!(null));
}

#[tokio::test]
async fn without_the_permission_it_fails_and_says_so() {
    let (app, admin) = northwind().await;
    let roles = Consent {
        tenant: "northwind".to_owned(),
        app: Some("Microsoft Graph".to_owned()),
        principal: Some("Tenantry".to_owned()),
        roles: vec!["Organization.Read.All".to_owned()],
        ..Default::default()
    };
    app.emulator.consent(&roles).unwrap();
    app.advance(TimeDelta::hours(2));
    let admin_again = app.bearer(&TokenRequest::user("lidia"));
    admin_again.post(IMPORT, json!({})).await.expect(200);
    work(&app).await;
    let failed = admin_again.get(IMPORT).await.expect(200);
    assert_eq!(failed.at("/data/state"), json!("failed"), "{}", failed.text);
    assert_eq!(failed.at("/data/trouble"), json!("a permission is missing"));
    drop(admin);
    // Nobody waits for tomorrow's look at the tenant: the refusal has it looked at now.
    assert_eq!(events(&app, "organization.consent.check_requested").await.len(), 1);
    work(&app).await;
    let status = admin_again.get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("degraded"), "{}", status.text);
}

/// The application was deleted in the tenant and added again: another object, to which nobody has given anything.
#[tokio::test]
async fn an_application_that_was_added_again_without_its_roles_is_noticed_in_use() {
    let (app, _) = northwind().await;
    let northwind = || Consent { tenant: "northwind".to_owned(), ..Default::default() };
    app.emulator.consent(&Consent { remove: true, ..northwind() }).unwrap();
    app.emulator.consent(&northwind()).unwrap();
    let no_roles = Consent {
        app: Some("Microsoft Graph".to_owned()),
        principal: Some("Tenantry".to_owned()),
        ..northwind()
    };
    app.emulator.consent(&no_roles).unwrap();
    app.advance(TimeDelta::hours(2));
    let admin = app.bearer(&TokenRequest::user("lidia"));
    admin.post(IMPORT, json!({})).await.expect(200);
    work(&app).await;
    work(&app).await;
    assert_eq!(admin.get(IMPORT).await.expect(200).at("/data/state"), json!("failed"));
    let status = admin.get(STATUS).await.expect(200);
    assert_eq!(status.at("/data/state"), json!("degraded"), "{}", status.text);
    assert_eq!(status.at("/data/permissions/0/granted"), json!(false));
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_not_followed() {
    let (app, admin) = northwind().await;
    for (name, link) in tests::emulator::ASTRAY {
        let links = tests::emulator::Links { next: Some((*link).to_owned()), ..Default::default() };
        app.emulator.set_links(links);
        admin.post(IMPORT, json!({})).await.expect(200);
        let before = app.emulator.seen(Endpoint::Content).len();
        work(&app).await;
        assert_eq!(app.emulator.seen(Endpoint::Content).len(), before, "{name}: our token went elsewhere");
    }
}

#[tokio::test]
async fn a_process_that_is_killed_in_the_middle_loses_nobody_and_makes_nobody_twice() {
    let (app, admin) = northwind().await;
    admin.post(IMPORT, json!({})).await.expect(200);
    let mut process = app.process(&["worker"], &[]);
    let begun = async {
        while users(&app).await < 500 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), begun).await.expect("it begins");
    process.kill();
    let left = admin.get(IMPORT).await.expect(200);
    assert_eq!(left.at("/data/state"), json!("running"), "it was killed too late to prove anything");
    let seen = left.at("/data/seen").as_i64().unwrap();
    assert!(seen > 0 && seen < 5_002, "{seen}");
    // The lease is of the real clock, of which the test's is behind.
    app.advance(TimeDelta::days(36_500));
    work(&app).await;
    let import = app.database.query("SELECT state, seen FROM user_imports").await;
    assert_eq!((&import[0]["state"], &import[0]["seen"]), (&json!("done"), &json!(5_002)));
    let twice =
        "SELECT count(*) AS n FROM (SELECT object_id FROM users GROUP BY object_id HAVING count(*) > 1) AS t";
    assert_eq!(app.database.count(twice).await, 0);
    assert_eq!(users(&app).await, 4_902);
}

//! Microsoft 365 in a session: by the person's own connection, and by nobody else's.

use chrono::TimeDelta;
use serde_json::json;
use tests::{
    Browser, TestApp,
    emulator::{Consent, Endpoint, Fault, FaultKind},
};

use super::{DRIVE, SITE, asked, ids, item, path, with};
use crate::connections::{builder, connect};

const SITES: &str = "/api/sharepoint/sites?search=marketing";
const ADELE: &str = "adele@contoso.com";
const ALEX: &str = "alex@contoso.com";
const MEGAN: &str = "megan@fabrikam.com";

async fn start() -> TestApp {
    let app = builder().set("ANNOTATIONS_CHECK_ITEMS", "true").start().await;
    app.emulator.set_token_lifetime(75 * 60);
    app
}

/// Everything that asks Microsoft, refused for want of the person's own connection, without a question to Microsoft.
async fn assert_not_connected(app: &TestApp, browser: &Browser, what: &str) {
    let before = asked(app, Endpoint::Graph).len() + asked(app, Endpoint::Content).len();
    let drive = format!("/api/sharepoint/drives/{DRIVE}");
    for path in [
        SITES.to_owned(),
        format!("/api/sharepoint/sites/{SITE}/drives"),
        format!("{drive}/items"),
        path("WELCOME"),
        format!("{}/children", path("ARCHIVE")),
        format!("{}/content", path("WELCOME")),
        format!("{drive}/search?q=txt"),
        format!("{drive}/delta"),
        "/api/sharepoint/lists?resource=sharepoint".to_owned(),
        "/api/auth/me/delegation".to_owned(),
    ] {
        let refused = browser.get(&path).await.expect(409);
        assert_eq!(refused.code(), "CONNECTION_REQUIRED", "{what}: {path}");
        let connect = refused.text_at("/error/details/connectUrl");
        assert_eq!(connect, "/api/oauth/microsoft/start?connect=true", "{what}: {path}");
        assert!(refused.text_at("/error/details/nextStep").ends_with('.'), "{what}: {path}");
    }
    // A picture on a page is no place for that.
    let photo = browser.get("/api/auth/me/photo").await.expect(200);
    assert_eq!(photo.header("content-type"), Some("image/svg+xml"), "{what}");
    let after = asked(app, Endpoint::Graph).len() + asked(app, Endpoint::Content).len();
    assert_eq!(after, before, "{what}: Microsoft was asked");
}

#[tokio::test]
async fn a_person_browses_and_annotates_by_a_session_once_their_account_is_connected() {
    let app = start().await;
    let browser = app.signed_in(ALEX).await;
    assert_not_connected(&app, &browser, "at first").await;
    let on = json!({ "siteId": SITE, "driveId": DRIVE, "itemId": item("WELCOME"), "note": "By a session." });
    let refused = browser.actor().post("/api/annotations", on.clone()).await.expect(409);
    assert_eq!(refused.code(), "CONNECTION_REQUIRED");

    let start = refused.text_at("/error/details/connectUrl");
    browser.sign_in_from(&start, ALEX).await.expect(303);
    let sites = browser.get(SITES).await.expect(200);
    assert_eq!(ids(&sites), [SITE]);
    browser.get("/api/auth/me/delegation").await.expect(200);
    let first = browser.get(&format!("/api/sharepoint/drives/{DRIVE}/items?limit=2")).await.expect(200);
    let cursor = first.text_at("/nextCursor");
    let list = with(&format!("/api/sharepoint/drives/{DRIVE}/items?limit=2"), "cursor", &cursor);
    browser.get(&list).await.expect(200);
    let content = browser.get(&format!("{}/content", path("WELCOME"))).await.expect(200);
    assert_eq!(content.text.len(), 20);
    super::assert_no_token_astray(&app, "by a session");
    // The second audience: SharePoint's own interface, with a token for the tenant's host.
    let lists = browser.get("/api/sharepoint/lists?resource=sharepoint").await.expect(200);
    assert!(!ids(&lists).is_empty());
    let photo = browser.get("/api/auth/me/photo").await.expect(200);
    assert!(photo.header("vary").is_some_and(|vary| vary.contains("Cookie")), "{:?}", photo.headers);

    browser.actor().post("/api/annotations", on).await.expect(201);
    let shown = browser.get("/api/annotations?expand=item").await.expect(200);
    assert_eq!(shown.text_at("/data/0/item/state"), "found");
    let unseen = json!({ "siteId": SITE, "driveId": DRIVE, "itemId": item("NOBODYS"), "note": "?" });
    browser.actor().post("/api/annotations", unseen).await.expect(400);

    // That the connection is used is told, once for each token, with its person and never with the token.
    let events = app.database.query("SELECT * FROM events WHERE name = 'connection.token.used'").await;
    assert_eq!(events.len(), 2, "Graph's and SharePoint's: {events:?}");
    for event in &events {
        assert_eq!(event["actor_kind"], json!("user"));
        assert!(!json!(event).to_string().contains("eyJ"));
    }
    // A cursor is its caller's, also from session to session.
    let adele = app.signed_in(ADELE).await;
    connect(&adele, ADELE).await;
    adele.get(&list).await.expect(400);
}

#[tokio::test]
async fn nobody_elses_connection_is_ever_used() {
    let app = start().await;
    let alex = app.signed_in(ALEX).await;
    let adele = app.signed_in(ADELE).await;
    let megan = app.signed_in(MEGAN).await;
    // Another account of the same person, though of one whose own this person has not connected.
    connect(&alex, MEGAN).await;
    assert_not_connected(&app, &alex, "another account of the same person").await;
    // Another user of the same organization who connected this person's account: it is theirs.
    connect(&adele, ALEX).await;
    assert_not_connected(&app, &alex, "the account, connected by an administrator").await;
    assert_not_connected(&app, &adele, "an administrator, who sees everybody's").await;
    // Another organization that connected this person's account.
    connect(&megan, ALEX).await;
    assert_not_connected(&app, &alex, "the account, connected in another organization").await;
    assert_not_connected(&app, &megan, "another organization's person").await;
    // An address is no identity: all of them call themselves alex.
    app.database.execute("UPDATE connections SET email = 'alex@contoso.com', display_name = 'Alex'").await;
    for (browser, name) in [(&alex, "alex"), (&adele, "adele"), (&megan, "megan")] {
        assert_not_connected(&app, browser, &format!("{name}, by address")).await;
    }
    // Nor is the object id alone, which another tenant may have as well.
    let alexs_object = "(SELECT object_id FROM users WHERE email = 'alex@contoso.com')";
    let contoso = "(SELECT azure_tenant_id FROM organizations WHERE name LIKE 'contoso%')";
    let elsewhere = format!("UPDATE connections SET object_id = {alexs_object} WHERE tenant_id <> {contoso}");
    app.database.execute(&elsewhere).await;
    assert_not_connected(&app, &alex, "the object id in another tenant").await;
    // His own, at last.
    connect(&alex, ALEX).await;
    alex.get(SITES).await.expect(200);
}

#[tokio::test]
async fn a_connection_that_is_removed_serves_no_more() {
    let app = start().await;
    let alex = app.signed_in(ALEX).await;
    let id = connect(&alex, ALEX).await;
    alex.get(SITES).await.expect(200);
    alex.actor().delete(&format!("/api/connections/{id}")).await.expect(204);
    assert_not_connected(&app, &alex, "a connection that was removed").await;
}

#[tokio::test]
async fn a_connection_that_does_not_work_says_what_to_do_and_works_when_that_is_done() {
    let app = start().await;
    let id = connect(&app.signed_in(ALEX).await, ALEX).await;
    app.advance(TimeDelta::hours(2));
    let alex = app.signed_in(ALEX).await;
    let mfa = r#"{"access_token":{"capolids":{"essential":true,"values":["c1"]}}}"#;
    app.emulator.set_fault(Fault::refuse("invalid_grant", 50_076).suberror("basic_action").claims(mfa));
    let refused = alex.get(SITES).await.expect(409);
    app.emulator.clear_faults();
    assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
    let detail = |name: &str| refused.at(&format!("/error/details/{name}"));
    assert_eq!(detail("connectionId"), json!(id));
    assert_eq!(detail("status"), json!("REAUTH_REQUIRED"));
    assert_eq!(detail("reason"), json!("interaction_required"));
    assert_eq!(detail("canReconnect"), json!(true));
    assert_eq!(detail("claims"), json!(mfa));
    let link = alex.post(&format!("/api/connections/{id}/reconnect-link")).await.expect(200);
    let url = url::Url::parse(&link.text_at("/data/url")).unwrap();
    alex.sign_in_from(&format!("{}?{}", url.path(), url.query().unwrap()), ALEX).await.expect(303);
    alex.get(SITES).await.expect(200);
}

#[tokio::test]
async fn a_token_that_graph_refuses_is_replaced_once_and_a_challenge_is_passed_on() {
    let app = start().await;
    let alex = app.signed_in(ALEX).await;
    let id = connect(&alex, ALEX).await;
    alex.get(SITES).await.expect(200);
    let grants = app.emulator.requests(Endpoint::Token);
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 401).times(1));
    alex.get(SITES).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Token), grants + 1);
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 401));
    assert_eq!(alex.get(SITES).await.expect(502).at("/error/details/upstreamStatus"), 401);
    app.emulator.clear_faults();
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    app.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Challenge).claims(claims).times(1));
    let refused = alex.get(SITES).await.expect(409);
    assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
    assert_eq!(refused.text_at("/error/details/claims"), claims);
    assert_eq!(refused.text_at("/error/details/connectionId"), id);
    // The connection itself works, and is not marked for what one resource wants to see.
    assert_eq!(alex.get(&format!("/api/connections/{id}")).await.text_at("/data/status"), "ACTIVE");
    alex.get(SITES).await.expect(200);
}

/// What was not replaced is no reason to leave it as it is.
#[tokio::test]
async fn a_token_that_could_not_be_replaced_is_replaced_with_the_next_request() {
    let app = start().await;
    let browser = app.signed_in(ALEX).await;
    connect(&browser, ALEX).await;
    for alex in [browser.actor(), app.user("alex")] {
        alex.get(SITES).await.expect(200);
        app.emulator.set_fault(Fault::status(Endpoint::Graph, 401).times(1));
        app.emulator.set_fault(Fault::status(Endpoint::Token, 503));
        alex.get(SITES).await.expect(503);
        app.emulator.clear_faults();
        app.advance(TimeDelta::minutes(2));
        app.emulator.set_fault(Fault::status(Endpoint::Graph, 401).times(1));
        alex.get(SITES).await.expect(200);
        app.emulator.clear_faults();
    }
}

/// A resource that refuses every token, as one does that is broken or knows better, causes no flood of them.
#[tokio::test]
async fn a_resource_that_refuses_every_token_has_a_new_one_every_few_minutes_and_no_more() {
    let app = start().await;
    let browser = app.signed_in(ALEX).await;
    connect(&browser, ALEX).await;
    for alex in [browser.actor(), app.user("alex")] {
        alex.get(SITES).await.expect(200);
        let grants = app.emulator.requests(Endpoint::Token);
        let more = |expected: u64| assert_eq!(app.emulator.requests(Endpoint::Token) - grants, expected);
        app.emulator.set_fault(Fault::status(Endpoint::Graph, 401));
        for _ in 0..9 {
            let refused = alex.get(SITES).await.expect(502);
            assert_eq!(refused.at("/error/details/upstreamStatus"), json!(401));
            app.advance(TimeDelta::seconds(30));
        }
        more(1);
        app.advance(TimeDelta::seconds(30));
        for _ in 0..3 {
            alex.get(SITES).await.expect(502);
        }
        more(2);
        app.emulator.clear_faults();
        alex.get(SITES).await.expect(200);
        more(2);
    }
}

/// Microsoft lets this service do less than it offers.
#[tokio::test]
async fn a_permission_that_is_missing_is_named_with_what_to_do() {
    let app = start().await;
    let scopes = ["User.Read"].map(str::to_owned).to_vec();
    for resource in ["Microsoft Graph", "SharePoint"] {
        let resource = Some(resource.to_owned());
        let nothing = Consent { tenant: "contoso".to_owned(), resource, remove: true, ..Consent::default() };
        app.emulator.consent(&nothing).unwrap();
    }
    let resource = Some("Microsoft Graph".to_owned());
    let few = Consent { tenant: "contoso".to_owned(), resource, scopes, ..Consent::default() };
    app.emulator.consent(&few).unwrap();
    let refused = app.user("alex").get(SITES).await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(refused.text_at("/error/details/permission"), "Sites.Read.All");
    assert_eq!(refused.text_at("/error/details/connectUrl"), "/api/oauth/microsoft/start?connect=true");
    assert!(refused.text_at("/error/details/nextStep").ends_with('.'));
    let item = app.user("alex").get(&path("WELCOME")).await.expect(403);
    assert_eq!(item.text_at("/error/details/permission"), "Files.Read.All");
}

#[tokio::test]
async fn a_bearer_is_exchanged_whatever_is_connected() {
    let app = start().await;
    let browser = app.signed_in(ALEX).await;
    connect(&browser, ALEX).await;
    let used = "events WHERE name = 'connection.token.used'";
    app.user("alex").get(SITES).await.expect(200);
    assert_eq!(app.database.count(&format!("SELECT count(*) AS n FROM {used}")).await, 0);
    // And an API key is nobody in whose name it could be done.
    let body = json!({ "name": "workflow", "scopes": ["sharepoint:read"] });
    let made = app.user("alex").post("/api/api-keys", body).await.expect(201);
    let key = app.token(&made.text_at("/data/rawKey"));
    assert_eq!(key.get(SITES).await.expect(403).code(), "FORBIDDEN");
}

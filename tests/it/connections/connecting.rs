//! From a signed-in browser to Microsoft and back with a connection.

use serde_json::json;
use tests::{
    TestApp,
    emulator::{Endpoint, ids},
};

use super::{CONNECT, alex, asked, builder, connect, count, landed, path, person, start, token_path, who_is};
use crate::identity::{START, parameter};

#[tokio::test]
async fn an_account_is_connected_and_gives_tokens_for_graph_and_sharepoint() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let connection = browser.get(&path(&id)).await.expect(200);
    assert_eq!(connection.at("/data/status"), json!("ACTIVE"));
    assert_eq!(connection.at("/data/nextStep"), json!(null));
    assert_eq!(connection.at("/data/email"), json!("alex@contoso.com"));
    assert_eq!(connection.at("/data/tenantId"), json!(ids::CONTOSO));
    assert_eq!(connection.at("/data/objectId"), json!(ids::ALEX));
    assert_eq!(connection.at("/data/sharepointHost"), json!("contoso.sharepoint.com"));
    let graph = browser.get(&token_path(&id)).await.expect(200);
    assert_eq!(graph.at("/data/tokenType"), json!("Bearer"));
    assert_eq!(graph.at("/data/resource"), json!("https://graph.microsoft.com"));
    assert_eq!(who_is(&app, &graph.text_at("/data/accessToken")).await, "alex@contoso.com");
    let before = asked(&app);
    let sharepoint = browser.get(&format!("{}?resource=sharepoint", token_path(&id))).await.expect(200);
    assert_eq!(sharepoint.at("/data/resource"), json!("https://contoso.sharepoint.com"));
    assert_eq!(asked(&app), before, "it was had when the account was connected");
    assert_eq!(count(&app, "events WHERE name = 'connection.created'").await, 1);
}

#[tokio::test]
async fn several_accounts_of_several_tenants_are_connected_and_one_that_is_there_keeps_its_id() {
    let app = start().await;
    let (browser, own) = alex(&app).await;
    let other = connect(&browser, "megan@fabrikam.com").await;
    let personal = connect(&browser, "pat@outlook.com").await;
    assert_eq!(connect(&browser, "alex@contoso.com").await, own, "it keeps its id");
    let listed = browser.get("/api/connections").await.expect(200);
    let listed = listed.at("/data");
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(listed, [json!(personal), json!(other), json!(own)], "newest first");
    let personal = browser.get(&path(&personal)).await.expect(200);
    assert_eq!(personal.at("/data/sharepointHost"), json!(null), "a personal account has none");
    assert_eq!(count(&app, "organizations").await, 1, "an account that is connected is no customer");
    let token = browser.get(&token_path(&other)).await.expect(200).text_at("/data/accessToken");
    assert_eq!(who_is(&app, &token).await, "megan@fabrikam.com");
}

#[tokio::test]
async fn connecting_wants_a_session_and_leads_back_after_a_sign_in() {
    let app = start().await;
    let browser = app.browser();
    let sent = browser.get(CONNECT).await.expect(303);
    let address = sent.header("location").unwrap().to_owned();
    assert!(address.contains("return_to="), "{address}");
    let to = url::Url::parse(&address).unwrap();
    let start = format!("{}?{}", to.path(), to.query().unwrap());
    let back = browser.sign_in_from(&start, "alex@contoso.com").await.expect(303);
    let back = url::Url::parse(back.header("location").unwrap()).unwrap();
    let here = format!("{}?{}", back.path(), back.query().unwrap());
    // With a strict cookie a browser does not show the session on that way: a page says so, with a link.
    let page = app.browser().get(&here).await.expect(200);
    assert!(page.text.contains("Go on to Microsoft") && page.text.contains("connect=true"), "{}", page.text);
    assert!(!page.text.contains("back=true"), "{}", page.text);
    // Where it is shown after all it goes on.
    browser.get(&here).await.expect(303);
}

#[tokio::test]
async fn the_account_is_chosen_at_microsoft_and_all_scopes_are_asked_for() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let departed = browser.get(CONNECT).await.expect(303);
    assert_eq!(parameter(&departed, "prompt").as_deref(), Some("select_account"));
    let scope = parameter(&departed, "scope").unwrap();
    for word in ["offline_access", "Files.Read.All", "openid"] {
        assert!(scope.split(' ').any(|scope| scope == word), "{word} is not in {scope}");
    }
    // Signing in asks for who somebody is, and for nothing that lasts.
    let signing_in = app.browser().get(START).await.expect(303);
    let scope = parameter(&signing_in, "scope").unwrap();
    assert!(!scope.contains("offline_access") && !scope.contains("Files"), "{scope}");
    assert_eq!(count(&app, "connections").await, 0, "a sign-in connects nothing");
}

#[tokio::test]
async fn what_is_asked_for_by_default_is_had() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    // Of what an administrator did not consent to, the person is asked on the way.
    let id = connect(&browser, "alex@contoso.com").await;
    let has = async |path: &str| {
        let token = browser.get(path).await.expect(200);
        move |scope: &str| token.at("/data/scopes").as_array().unwrap().contains(&json!(scope))
    };
    let graph = has(&token_path(&id)).await;
    for scope in [
        "User.Read",
        "Mail.Read",
        "Mail.Send",
        "Calendars.Read",
        "Chat.ReadWrite",
        "ChatMessage.Send",
        "OnlineMeetings.Read",
        "OnlineMeetingTranscript.Read.All",
        "Chat.ReadWrite.All",
        "Files.Read.All",
        "Sites.Read.All",
    ] {
        assert!(graph(scope), "{scope}");
    }
    let share_point = has(&format!("{}?resource=sharepoint", token_path(&id))).await;
    for scope in ["AllSites.Read", "MyFiles.Read", "Sites.Search.All", "Sites.Selected", "User.Read.All"] {
        assert!(share_point(&format!("https://contoso.sharepoint.com/{scope}")), "{scope}");
    }
}

#[tokio::test]
async fn where_sharepoint_wants_a_consent_the_browser_goes_once_more() {
    let app = start().await;
    let remove = r#"{"tenant":"contoso","resource":"SharePoint","remove":true}"#;
    app.emulator.consent(&serde_json::from_str(remove).unwrap()).unwrap();
    let browser = app.signed_in("alex@contoso.com").await;
    let once_more = browser.sign_in_from(CONNECT, "alex@contoso.com").await.expect(303);
    let address = once_more.header("location").unwrap().to_owned();
    assert!(address.starts_with(app.emulator.http_url()), "{address}");
    let scope = parameter(&once_more, "scope").unwrap();
    assert!(scope.contains("https://contoso.sharepoint.com/AllSites.Read"), "{scope}");
    assert_eq!(count(&app, "connections").await, 1, "it works already");
    let callback = browser.at_authority(&address, "alex@contoso.com").await;
    let id = landed(&browser.get(&callback).await.expect(303));
    browser.get(&format!("{}?resource=sharepoint", token_path(&id))).await.expect(200);
    assert_eq!(count(&app, "connections").await, 1);
}

#[tokio::test]
async fn whoever_does_not_agree_to_more_has_a_connection_without_it() {
    let app = start().await;
    let remove = r#"{"tenant":"contoso","resource":"SharePoint","remove":true}"#;
    app.emulator.consent(&serde_json::from_str(remove).unwrap()).unwrap();
    let browser = app.signed_in("alex@contoso.com").await;
    let once_more = browser.sign_in_from(CONNECT, "alex@contoso.com").await.expect(303);
    let state = parameter(&once_more, "state").unwrap();
    let refused = format!("/api/oauth/microsoft/callback?error=access_denied&state={state}");
    let id = landed(&browser.get(&refused).await.expect(303));
    let token = browser.get(&format!("{}?resource=sharepoint", token_path(&id))).await.expect(409);
    assert_eq!(token.at("/error/details/status"), json!("CONSENT_REQUIRED"));
    browser.get(&token_path(&id)).await.expect(200);
    assert_eq!(browser.get(&path(&id)).await.at("/data/status"), json!("ACTIVE"), "Graph works");
}

#[tokio::test]
async fn only_tenants_on_the_list_are_connected() {
    let app = builder().set("TENANT_POLICY", "allow-list").set("ALLOWED_TENANTS", ids::CONTOSO).start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    connect(&browser, "alex@contoso.com").await;
    let refused = browser.sign_in_from(CONNECT, "megan@fabrikam.com").await.expect(403);
    assert!(refused.text.contains("cannot be connected"), "{}", refused.text);
    assert_eq!(count(&app, "connections").await, 1);
}

#[tokio::test]
async fn a_connection_is_deleted_with_its_tokens_and_its_job() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    browser.get(&token_path(&id)).await.expect(200);
    let owner = person(&app, "alex");
    owner.delete(&path(&id)).await.expect(204);
    owner.delete(&path(&id)).await.expect(404);
    owner.get(&token_path(&id)).await.expect(404);
    for table in ["connections", "connection_tokens", "jobs WHERE kind = 'connection.refresh'"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
    assert!(app.emulator.requests(Endpoint::Token) > 0);
}

//! What must not work: somebody else's code, another account, another's connection, a planted row.

use chrono::TimeDelta;
use poem::http::Method;
use serde_json::json;
use tests::{TestApp, emulator::UserPatch};

use super::{CONNECT, alex, connect, count, key, key_of, path, person, start, token_path};
use crate::identity::parameter;

#[tokio::test]
async fn a_code_is_worth_nothing_in_another_browser_or_another_session() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let callback = browser.depart(CONNECT, "alex@contoso.com").await;
    // Somebody is led to it who is signed in as somebody else: the account would become theirs.
    let victim = app.signed_in("adele@contoso.com").await;
    victim.come_back(&callback).await.expect(400);
    // The browser that began, where somebody else signed in meanwhile.
    browser.sign_in("adele@contoso.com").await.expect(303);
    let refused = browser.come_back(&callback).await.expect(400);
    assert!(refused.text.contains("INVALID_STATE"), "{}", refused.text);
    assert_eq!(count(&app, "connections").await, 0);
}

#[tokio::test]
async fn a_departure_that_was_planted_connects_nothing() {
    let app = start().await;
    let attacker = app.signed_in("adele@contoso.com").await;
    let callback = attacker.depart(CONNECT, "alex@contoso.com").await;
    let name = attacker.cookies().into_iter().find(|name| name.starts_with("microsoft-")).unwrap();
    let planted = attacker.cookie(&name).unwrap();
    for (victim, status) in [(app.browser(), 401), (app.signed_in("alex@contoso.com").await, 400)] {
        victim.plant(&name, &planted);
        victim.come_back(&callback).await.expect(status);
    }
    assert_eq!(count(&app, "connections").await, 0);
}

#[tokio::test]
async fn coming_back_alone_connects_nothing_until_the_session_is_shown() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    // The access token ends on the way, and the session does not.
    app.clock.advance(TimeDelta::minutes(14));
    let callback = browser.depart(CONNECT, "alex@contoso.com").await;
    app.clock.advance(TimeDelta::minutes(5));
    let page = browser.arrive(&callback).await.expect(200);
    assert!(page.text.contains("http-equiv=\"refresh\"") && page.text.contains("Go on"), "{}", page.text);
    assert_eq!(count(&app, "connections").await, 0);
    browser.come_back(&callback).await.expect(303);
    assert_eq!(count(&app, "connections").await, 1);
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_connects_nothing() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let callback = browser.depart(CONNECT, "alex@contoso.com").await;
    browser.post("/api/auth/logout").await;
    let refused = browser.come_back(&callback).await.expect(401);
    assert!(refused.text.contains("Your session has ended"), "{}", refused.text);
    // Nor does one that ended elsewhere, whose cookies are still here.
    let browser = app.signed_in("alex@contoso.com").await;
    let callback = browser.depart(CONNECT, "alex@contoso.com").await;
    let kept = ["accessToken", "csrf-token"].map(|name| (name, browser.cookie(name).unwrap()));
    browser.post("/api/auth/logout").await;
    for (name, value) in kept {
        browser.plant(name, &value);
    }
    browser.come_back(&callback).await.expect(401);
    assert_eq!(count(&app, "connections").await, 0);
}

#[tokio::test]
async fn a_callback_is_good_once() {
    let app = start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let callback = browser.depart(CONNECT, "alex@contoso.com").await;
    browser.come_back(&callback).await.expect(303);
    browser.come_back(&callback).await.expect(400);
}

#[tokio::test]
async fn a_reconnect_that_comes_back_as_another_account_changes_nothing() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let link = browser.post(&format!("{}/reconnect-link", path(&id))).await.expect(200);
    let url = url::Url::parse(&link.text_at("/data/url")).unwrap();
    let start = format!("{}?{}", url.path(), url.query().unwrap());
    let departed = browser.get(&start).await.expect(303);
    assert_eq!(parameter(&departed, "login_hint").as_deref(), Some("alex@contoso.com"));
    // The person chooses another account after all.
    let address = departed.header("location").unwrap();
    let address = address.replace("login_hint=", "prompt=select_account&was_hint=");
    let callback = browser.at_authority(&address, "adele@contoso.com").await;
    let before = app.database.query("SELECT * FROM connections").await;
    let refused = browser.get(&callback).await.expect(409);
    assert!(refused.text.contains("another account") && refused.text.contains("alex@contoso.com"));
    assert_eq!(app.database.query("SELECT * FROM connections").await, before);
    let back = browser.sign_in_from(&start, "alex@contoso.com").await.expect(303);
    assert!(back.header("location").unwrap().contains(&id), "it keeps its id");
}

#[tokio::test]
async fn what_is_anothers_is_as_if_it_were_not_there() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let lee = person(&app, "lee");
    let megan = person(&app, "megan");
    for stranger in [&lee, &megan] {
        for (method, path) in [
            (Method::GET, path(&id)),
            (Method::GET, token_path(&id)),
            (Method::DELETE, path(&id)),
            (Method::POST, format!("{}/refresh", path(&id))),
            (Method::POST, format!("{}/reconnect-link", path(&id))),
        ] {
            stranger.send(method, &path, None).await.expect(404);
        }
        assert_eq!(stranger.get("/api/connections").await.at("/data"), json!([]));
    }
    let reconnect = format!("/api/oauth/microsoft/start?connection={id}");
    app.signed_in("megan@fabrikam.com").await.get(&reconnect).await.expect(404);
    // An administrator of the organization sees everybody's.
    let adele = person(&app, "adele");
    adele.get(&token_path(&id)).await.expect(200);
    browser.get(&path(&id)).await.expect(200);
}

#[tokio::test]
async fn an_api_key_gets_what_its_lists_leave() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let admin = app.signed_in("adele@contoso.com").await;
    let of_admin = connect(&admin, "adele@contoso.com").await;
    let own = key(&app, json!({})).await;
    own.get(&token_path(&id)).await.expect(200);
    own.get(&token_path(&of_admin)).await.expect(404);
    let adele = person(&app, "adele");
    let everybodys = key_of(&app, &adele, json!({ "role": "admin" })).await;
    everybodys.get(&token_path(&id)).await.expect(200);
    let alex_id = person(&app, "alex").get("/api/auth/me").await.text_at("/data/id");
    let one = key_of(&app, &adele, json!({ "role": "admin", "allowedUserIds": [alex_id] })).await;
    one.get(&token_path(&id)).await.expect(200);
    one.get(&token_path(&of_admin)).await.expect(404);
    let listed = one.get("/api/connections").await.expect(200);
    assert_eq!(listed.at("/data").as_array().unwrap().len(), 1);
    let graph = key(&app, json!({ "allowedResources": ["graph"] })).await;
    graph.get(&token_path(&id)).await.expect(200);
    for resource in
        ["sharepoint", "sharepoint:contoso.sharepoint.com", "https://contoso.sharepoint.com", "api://other"]
    {
        let refused = graph.get(&format!("{}?resource={resource}", token_path(&id))).await.expect(403);
        assert_eq!(refused.code(), "FORBIDDEN", "{resource}");
    }
    let spelled = format!("{}?resource=https://GRAPH.microsoft.com/", token_path(&id));
    graph.get(&spelled).await.expect(200);
    // Without the scope there is no token, and no key connects.
    let reader = key(&app, json!({ "scopes": ["connections:read"] })).await;
    let refused = reader.get(&token_path(&id)).await.expect(403);
    assert_eq!(refused.code(), "API_KEY_INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn filters_choose_among_what_is_seen() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let other = connect(&browser, "megan@fabrikam.com").await;
    let ids = async |query: &str| {
        let listed = browser.get(&format!("/api/connections?{query}")).await.expect(200);
        let items = listed.at("/data");
        items.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("email=ALEX@contoso.com").await, [id.as_str()]);
    assert_eq!(ids(&format!("connectionId={other}")).await, [other.as_str()]);
    // Letters of any alphabet have two cases, whatever the database makes of them.
    let greek = UserPatch { mail: Some("ΆΛΕΞΗΣ@contoso.com".to_owned()), ..UserPatch::default() };
    app.emulator.update_user("alex", greek).unwrap();
    connect(&browser, "alex@contoso.com").await;
    let shown = browser.get(&path(&id)).await.expect(200);
    assert_eq!(shown.at("/data/email"), json!("ΆΛΕΞΗΣ@contoso.com"));
    assert_eq!(ids("email=%CE%AC%CE%BB%CE%B5%CE%BE%CE%B7%CF%82%40Contoso.com").await, [id.as_str()]);
    assert_eq!(ids("email=alex@contoso.com").await, Vec::<String>::new());
    assert_eq!(ids("email=nobody@contoso.com").await, Vec::<String>::new());
    let adele = person(&app, "adele").get("/api/auth/me").await.text_at("/data/id");
    assert_eq!(ids(&format!("userId={adele}")).await, Vec::<String>::new());
}

/// The first row gets the sealed column of the second one.
async fn plant(app: &TestApp, table: &str, column: &str) {
    let first = format!("(SELECT id FROM {table} ORDER BY id LIMIT 1)");
    let other = format!("(SELECT o.{column} FROM {table} o WHERE o.id <> {first} ORDER BY o.id LIMIT 1)");
    app.database.execute(&format!("UPDATE {table} SET {column} = {other} WHERE id = {first}")).await;
}

#[tokio::test]
async fn a_record_that_stands_in_another_row_does_not_open() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let other = connect(&browser, "megan@fabrikam.com").await;
    app.database
        .execute("DELETE FROM connection_tokens WHERE resource <> 'https://graph.microsoft.com'")
        .await;
    plant(&app, "connection_tokens", "access_token").await;
    let refused = browser.get(&token_path(&id)).await.expect(500);
    assert_eq!(refused.code(), "INTERNAL");
    assert!(!refused.text.contains("eyJ"), "{}", refused.text);
    browser.get(&token_path(&other)).await.expect(200);
    // Nor does a refresh token, and nothing is asked with it.
    app.database.execute("DELETE FROM connection_tokens").await;
    plant(&app, "connections", "refresh_token").await;
    let before = super::asked(&app);
    browser.get(&token_path(&id)).await.expect(500);
    assert_eq!(super::asked(&app), before);
}

#[tokio::test]
async fn no_token_is_stored_or_exported_as_it_is() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    let token = browser.get(&token_path(&id)).await.expect(200).text_at("/data/accessToken");
    let admin = person(&app, "adele");
    let export = admin.get("/api/organization/export").await.expect(200);
    assert!(export.text.contains(&id), "the connection is exported");
    assert!(!export.text.contains(&token) && !export.text.contains("refresh_token"), "{}", export.text);
    for table in ["connections", "connection_tokens", "events"] {
        let rows = app.database.query(&format!("SELECT * FROM {table}")).await;
        let text = json!(rows).to_string();
        let shown = &token[token.len() - 40..];
        assert!(!text.contains(shown) && !text.contains("\"1."), "{table} holds a token");
        // Bytes are shown as hexadecimal.
        assert!(!text.to_lowercase().contains(&hex(shown)), "{table} holds a token");
    }
    let rows = app.database.query("SELECT refresh_token FROM connections").await;
    let stored = rows[0]["refresh_token"].as_str().expect("bytes").to_lowercase();
    assert!(stored.len() > 100 && !stored.starts_with(&hex("1.")), "each refresh token begins so: {stored}");
}

fn hex(text: &str) -> String {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

//! Signing in with Microsoft, when all goes well.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use tests::{Browser, TestApp, emulator::ids};

use super::{ME, START, handle, parameter};

#[tokio::test]
async fn whoever_signs_in_has_a_session_in_the_organization_of_their_tenant() {
    let app = TestApp::start().await;
    let browser = app.browser().sending("user-agent", "Firefox");
    let landed = browser.sign_in("alex@contoso.com").await.expect(303);
    assert_eq!(landed.header("location"), Some("http://localhost:4000/signed-in"));
    browser.get("/signed-in").await.expect(200);
    let me = browser.get(ME).await.expect(200);
    assert_eq!(me.at("/data/email"), json!("alex@contoso.com"));
    assert_eq!(me.at("/data/firstName"), json!("Alex"));
    assert_eq!(me.at("/data/lastName"), json!("Wilber"));
    assert_eq!(me.at("/data/organization/azureTenantId"), json!(ids::CONTOSO));
    assert_eq!((me.at("/data/role"), me.at("/data/kind")), (json!("member"), json!("user")));
    assert_eq!(me.at("/data/loginProvider"), json!("microsoft"));
    // The same person as by a token of Entra's, who now has an account.
    assert_eq!(app.user("alex").get(ME).await.expect(200).at("/data/id"), me.at("/data/id"));
    let names = app.database.query("SELECT name FROM events ORDER BY id").await;
    let names: Vec<_> = names.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "identity.tenant.created",
            "identity.user.created",
            "identity.user.linked",
            "identity.tenant.user.added",
            "identity.auth.login.success",
            "identity.auth.oauth.success",
            "identity.session.created",
        ]
    );
}

#[tokio::test]
async fn the_second_sign_in_finds_the_account_of_the_first_and_makes_another_session() {
    let app = TestApp::start().await;
    let first = app.signed_in("alex@contoso.com").await;
    let second = app.signed_in("alex@contoso.com").await;
    assert_ne!(handle(&first).await, handle(&second).await, "a session is never taken over");
    for (table, expected) in
        [("accounts", 1), ("identities", 1), ("memberships", 1), ("users", 1), ("sessions", 2)]
    {
        assert_eq!(
            app.database.count(&format!("SELECT count(*) AS n FROM {table}")).await,
            expected,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_guest_has_an_account_of_their_own_in_each_tenant() {
    let app = TestApp::start().await;
    app.signed_in("adele@contoso.com").await;
    let there = app.browser();
    let started = there.get(START).await.expect(303);
    let address = started.header("location").unwrap().replace("/common/", &format!("/{}/", ids::FABRIKAM));
    let callback = there.at_authority(&address, "adele@contoso.com").await;
    // Redeemed at `common`, it is another authority's code; what counts is that no account is shared by e-mail.
    there.get(&callback).await;
    assert_eq!(
        app.database.count("SELECT count(DISTINCT account_id) AS n FROM identities").await,
        app.database.count("SELECT count(*) AS n FROM identities").await
    );
}

#[tokio::test]
async fn many_first_sign_ins_at_once_make_one_account() {
    let app = TestApp::start().await;
    let mut browsers = Vec::new();
    for _ in 0..8 {
        let browser = app.browser();
        let callback = browser.depart(START, "alex@contoso.com").await;
        browsers.push((browser, callback));
    }
    let landing = browsers.iter().map(|(browser, callback)| browser.get(callback));
    for landed in futures_util::future::join_all(landing).await {
        landed.expect(303);
    }
    for (table, expected) in [("accounts", 1), ("identities", 1), ("users", 1), ("sessions", 8)] {
        assert_eq!(
            app.database.count(&format!("SELECT count(*) AS n FROM {table}")).await,
            expected,
            "{table}"
        );
    }
    for (browser, _) in &browsers {
        browser.get(ME).await.expect(200);
    }
}

#[tokio::test]
async fn what_is_asked_of_microsoft_is_a_code_for_this_browser_alone() {
    let app = TestApp::start().await;
    let started = app.browser().get(START).await.expect(303);
    let of = |name: &str| parameter(&started, name);
    assert_eq!(of("response_type").as_deref(), Some("code"));
    assert_eq!(of("response_mode").as_deref(), Some("query"));
    assert_eq!(of("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(of("redirect_uri").as_deref(), Some("http://localhost:4000/api/oauth/microsoft/callback"));
    let scopes: BTreeSet<String> = of("scope").unwrap().split(' ').map(str::to_owned).collect();
    assert_eq!(scopes, BTreeSet::from(["openid", "profile", "email"].map(str::to_owned)));
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(of(secret).unwrap().len(), 43, "{secret}");
    }
    let again = app.browser().get(START).await.expect(303);
    for secret in ["state", "nonce", "code_challenge"] {
        assert_ne!(parameter(&again, secret), of(secret), "{secret}");
    }
}

#[tokio::test]
async fn hints_are_passed_on_and_a_hint_makes_way_for_the_picker() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let hinted = browser
        .get(&format!("{START}?login_hint=alex%40contoso.com&prompt=login&domain_hint=contoso.com"))
        .await;
    assert_eq!(parameter(&hinted, "login_hint").as_deref(), Some("alex@contoso.com"));
    assert_eq!(parameter(&hinted, "prompt").as_deref(), Some("login"));
    assert_eq!(parameter(&hinted, "domain_hint").as_deref(), Some("contoso.com"));
    let picked = browser.get(&format!("{START}?login_hint=alex%40contoso.com&prompt=select_account")).await;
    assert_eq!(parameter(&picked, "prompt").as_deref(), Some("select_account"));
    assert_eq!(parameter(&picked, "login_hint"), None);
    let odd = browser
        .get(&format!("{START}?prompt=none&client_id=evil&redirect_uri=https%3A%2F%2Fevil.example"))
        .await;
    assert_eq!(parameter(&odd, "prompt"), None);
    assert_eq!(parameter(&odd, "client_id").as_deref(), Some(ids::TENANTRY_APP));
}

#[tokio::test]
async fn parallel_tabs_do_not_disturb_each_other() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let first = browser.depart(&format!("{START}?return_to=%2Ffirst"), "alex@contoso.com").await;
    let second = browser.depart(&format!("{START}?return_to=%2Fsecond"), "alex@contoso.com").await;
    let landed = browser.get(&second).await.expect(303);
    assert_eq!(landed.header("location"), Some("http://localhost:4000/second"));
    let landed = browser.get(&first).await.expect(303);
    assert_eq!(landed.header("location"), Some("http://localhost:4000/first"));
    browser.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_web_app_is_where_people_land_if_there_is_one() {
    let app = TestApp::builder().set("WEB_APP_URL", "https://app.example.com/console").start().await;
    let landed = app.browser().sign_in("alex@contoso.com").await.expect(303);
    assert_eq!(landed.header("location"), Some("https://app.example.com/console"));
    let deep = format!("{START}?return_to=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3Dc");
    let landed = app.browser().sign_in_from(&deep, "alex@contoso.com").await.expect(303);
    assert_eq!(landed.header("location"), Some("https://app.example.com/a?b=c"));
}

#[tokio::test]
async fn a_role_of_microsofts_is_taken_for_granted_for_a_day_and_one_of_the_organization_for_ever() {
    let app = TestApp::start().await;
    let admin = app.signed_in("adele@contoso.com").await;
    let role = async |browser: &Browser| browser.get(ME).await.expect(200).at("/data/role");
    let at_first = role(&admin).await;
    for _ in 0..5 {
        app.advance(TimeDelta::hours(6));
        admin.post(super::REFRESH).await.expect(200);
    }
    assert_eq!(role(&admin).await, json!("member"), "it was {at_first} at first");
    app.database.execute("UPDATE users SET role = 'admin'").await;
    admin.post(super::REFRESH).await.expect(200);
    assert_eq!(role(&admin).await, json!("admin"));
}

#[tokio::test]
async fn a_session_may_do_what_its_person_may_do() {
    let app = TestApp::start().await;
    let member = app.signed_in("alex@contoso.com").await.actor();
    let note = json!({ "siteId": "s", "driveId": "d", "itemId": "i", "note": "mine" });
    member.post("/api/annotations", note).await.expect(201);
    member.post("/api/taxonomies", json!({ "name": "T" })).await.expect(403);
    // Nothing can be asked of Microsoft in their name: a session has no token of theirs.
    let key = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert!(key.at("/keys").as_array().is_some_and(|keys| keys.len() >= 3));
    assert_eq!(key.header("cache-control"), Some("public, max-age=3600"));
}

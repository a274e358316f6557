//! What somebody else could bring: a code, a state, a token, a cookie that is not theirs.

use chrono::TimeDelta;
use tests::{TestApp, emulator::ids};

use super::{ME, REFRESH, START, parameter};

/// Nobody is signed in, and the page says so with a next step.
#[track_caller]
fn is_refused(answer: &tests::Response, code: &str) {
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", answer.status);
    assert!(answer.text.contains(code), "{}", answer.text);
    assert!(answer.text.contains("<a href=\"/api/oauth/microsoft/start"), "{}", answer.text);
    let cookies = answer.headers.get_all("set-cookie").iter().any(|line| {
        let line = line.to_str().expect("it is there");
        line.starts_with("accessToken=") || line.starts_with("refreshToken=")
    });
    assert!(!cookies, "a refused sign-in gives a session");
}

#[tokio::test]
async fn a_code_works_only_in_the_browser_that_asked_for_it() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    let callback = attacker.depart(START, "alex@contoso.com").await;
    // Sent to a victim, it would sign them in as somebody else: nothing of theirs belongs to it.
    is_refused(&victim.get(&callback).await.expect(400), "INVALID_STATE");
    // Not even in a browser that is on its way itself.
    victim.get(START).await.expect(303);
    is_refused(&victim.get(&callback).await.expect(400), "INVALID_STATE");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM sessions").await, 0);
    attacker.get(&callback).await.expect(303);
}

#[tokio::test]
async fn a_return_counts_once() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.depart(START, "alex@contoso.com").await;
    let kept: Vec<(String, String)> =
        browser.cookies().into_iter().map(|name| (name.clone(), browser.cookie(&name).unwrap())).collect();
    browser.get(&callback).await.expect(303);
    is_refused(&browser.get(&callback).await.expect(400), "INVALID_STATE");
    // With the cookie put back, as whoever copied it would: on this replica and on another.
    for (name, value) in &kept {
        browser.plant(name, value);
    }
    is_refused(&browser.get(&callback).await.expect(400), "INVALID_STATE");
    let replica = app.replica().await;
    let there = replica.browser();
    for (name, value) in &kept {
        there.plant(name, value);
    }
    is_refused(&there.get(&callback).await.expect(400), "INVALID_STATE");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM sessions").await, 1);
}

#[tokio::test]
async fn a_departure_ends_after_ten_minutes() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.depart(START, "alex@contoso.com").await;
    app.advance(TimeDelta::minutes(10));
    is_refused(&browser.get(&callback).await.expect(400), "INVALID_STATE");
}

#[tokio::test]
async fn what_was_spent_is_forgotten_when_it_could_not_come_back_anyway() {
    let app = TestApp::start().await;
    app.signed_in("alex@contoso.com").await;
    app.advance(TimeDelta::hours(1));
    app.signed_in("alex@contoso.com").await;
    assert_eq!(app.database.count("SELECT count(*) AS n FROM spent_secrets").await, 1);
}

#[tokio::test]
async fn a_cookie_of_a_departure_is_nothing_that_one_can_make() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.depart(START, "alex@contoso.com").await;
    let name = browser.cookies().into_iter().find(|name| name.starts_with("microsoft-")).unwrap();
    let good = browser.cookie(&name).unwrap();
    for bad in ["", "AAAA", &good[1..], &good[..good.len() - 4]] {
        browser.plant(&name, bad);
        is_refused(&browser.get(&callback).await.expect(400), "INVALID_STATE");
        browser.plant(&name, &good);
    }
}

#[tokio::test]
async fn a_code_of_another_departure_is_refused_by_its_challenge_and_its_nonce() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    let stolen = attacker.depart(START, "alex@contoso.com").await;
    let own = victim.get(START).await.expect(303);
    let state = parameter(&own, "state").unwrap();
    let code = stolen.split("code=").nth(1).unwrap().split('&').next().unwrap();
    // The victim's own state with the attacker's code: the verifier does not fit.
    let injected = victim.get(&format!("/api/oauth/microsoft/callback?code={code}&state={state}")).await;
    is_refused(&injected.expect(502), "OAUTH_TOKEN_EXCHANGE_FAILED");
}

#[tokio::test]
async fn parameters_that_are_there_twice_are_none() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.depart(START, "alex@contoso.com").await;
    for twice in ["&code=other", "&state=other"] {
        is_refused(&browser.get(&format!("{callback}{twice}")).await.expect(400), "INVALID_STATE");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_a_place_that_is_not_on_the_list() {
    let app = TestApp::builder().set("WEB_APP_URL", "https://app.example.com").start().await;
    for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let query: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let answer = app.browser().get(&format!("{START}?return_to={query}")).await.expect(400);
        is_refused(&answer, "VALIDATION_FAILED");
        assert!(!answer.text.contains("evil"), "{}", answer.text);
        assert_eq!(answer.header("location"), None);
    }
}

#[tokio::test]
async fn a_session_that_was_there_before_is_not_the_one_after() {
    let app = TestApp::start().await;
    let planted = app.signed_in("nestor@fabrikam.com").await;
    let victim = app.browser();
    for name in ["accessToken", "refreshToken", "csrf-token"] {
        victim.plant(name, &planted.cookie(name).unwrap());
    }
    victim.sign_in("alex@contoso.com").await.expect(303);
    for name in ["accessToken", "refreshToken", "csrf-token"] {
        assert_ne!(victim.cookie(name), planted.cookie(name), "{name}");
    }
    assert_eq!(planted.get(ME).await.expect(200).text_at("/data/email"), "nestor@fabrikam.com");
}

#[tokio::test]
async fn an_id_token_is_no_access_token_and_neither_is_a_refresh_token() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let (access, refresh) = (browser.cookie("accessToken").unwrap(), browser.cookie("refreshToken").unwrap());
    app.token(&access).get(ME).await.expect(200);
    app.token(&refresh).get(ME).await.expect(401);
    let swapped = app.browser();
    swapped.plant("accessToken", &refresh);
    assert_eq!(swapped.get(ME).await.expect(401).code(), "UNAUTHORIZED");
    let body = serde_json::json!({ "refreshToken": access });
    assert_eq!(app.anonymous().post(REFRESH, body).await.expect(401).code(), "INVALID_REFRESH_TOKEN");
    let foreign = app.emulator.mint(&tests::TokenRequest::user("alex")).unwrap();
    let body = serde_json::json!({ "refreshToken": foreign });
    assert_eq!(app.anonymous().post(REFRESH, body).await.expect(401).code(), "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn an_address_that_somebody_else_has_opens_nothing_of_theirs() {
    // nOAuth: the attribute can be set to any text by whoever administers a tenant of their own.
    let app = TestApp::start().await;
    let victim = app.signed_in("alex@contoso.com").await;
    let patch =
        tests::emulator::UserPatch { mail: Some("alex@contoso.com".to_owned()), ..Default::default() };
    app.emulator.update_user("nestor", patch).expect("the emulator changes a user");
    let attacker = app.signed_in("nestor@fabrikam.com").await;
    let (his, hers) = (attacker.get(ME).await.expect(200), victim.get(ME).await.expect(200));
    assert_ne!(his.at("/data/id"), hers.at("/data/id"));
    assert_eq!(his.text_at("/data/organization/azureTenantId"), ids::FABRIKAM);
    assert_eq!(app.database.count("SELECT count(*) AS n FROM accounts").await, 2);
}

#[tokio::test]
async fn two_cookies_of_one_name_are_none() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let token = browser.cookie("accessToken").unwrap();
    let twice = app.anonymous().with("cookie", &format!("accessToken={token}; accessToken=planted"));
    twice.get(ME).await.expect(401);
}

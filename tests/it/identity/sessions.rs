//! Looking at one's sessions and ending them, here and on other replicas.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use tests::{Browser, TestApp};

use super::{ME, REFRESH, SESSIONS, handle};

const LOGOUT: &str = "/api/auth/logout";

async fn end(browser: &Browser, handle: &str) -> tests::Response {
    browser.send(Method::DELETE, &format!("{SESSIONS}/{handle}"), None).await
}

#[tokio::test]
async fn a_person_sees_where_they_are_signed_in_and_nobody_elses() {
    let app = TestApp::start().await;
    let phone = app.browser().sending("user-agent", "A phone");
    phone.sign_in("alex@contoso.com").await.expect(303);
    let desk = app.signed_in("alex@contoso.com").await;
    app.signed_in("adele@contoso.com").await;
    let listed = desk.get(SESSIONS).await.expect(200);
    let sessions = listed.at("/data").as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2, "{}", listed.text);
    assert_eq!(sessions[0]["sessionHandle"], json!(handle(&desk).await));
    assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(sessions[1]["userAgent"], json!("A phone"));
    assert_eq!(sessions[1]["loginProvider"], json!("microsoft"));
    assert!(!listed.text.contains(&desk.cookie("refreshToken").unwrap()));
    let page = desk.get(&format!("{SESSIONS}?limit=1")).await.expect(200);
    let next = page.text_at("/nextCursor");
    let last = desk.get(&format!("{SESSIONS}?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((last.at("/data/0/userAgent"), last.at("/nextCursor")), (json!("A phone"), Value::Null));
    // By a token of Entra's: the same person.
    assert_eq!(app.user("alex").get(SESSIONS).await.expect(200).at("/data").as_array().unwrap().len(), 2);
    assert_eq!(app.user("lee").get(SESSIONS).await.expect(200).at("/data"), json!([]));
    app.application("Stranger", "contoso", &["X"]).get(SESSIONS).await.expect(200);
}

#[tokio::test]
async fn a_session_that_is_ended_is_refused_with_the_next_request() {
    let app = TestApp::start().await;
    let (lost, desk) = (app.signed_in("alex@contoso.com").await, app.signed_in("alex@contoso.com").await);
    let of_lost = handle(&lost).await;
    end(&desk, &of_lost).await.expect(204);
    assert_eq!(lost.get(ME).await.expect(401).code(), "SESSION_REVOKED");
    assert_eq!(lost.post(REFRESH).await.expect(401).code(), "SESSION_REVOKED");
    desk.get(ME).await.expect(200);
    end(&desk, &of_lost).await.expect(404);
    let of_adele = handle(&app.signed_in("adele@contoso.com").await).await;
    end(&desk, &of_adele).await.expect(404);
    let own = handle(&desk).await;
    end(&desk, &own).await.expect(204);
    assert_eq!(desk.get(ME).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test]
async fn all_others_can_be_ended_at_once_and_all() {
    let app = TestApp::start().await;
    let others = [app.signed_in("alex@contoso.com").await, app.signed_in("alex@contoso.com").await];
    let adele = app.signed_in("adele@contoso.com").await;
    let desk = app.signed_in("alex@contoso.com").await;
    let ended = desk.send(Method::DELETE, SESSIONS, None).await.expect(200);
    assert_eq!(ended.at("/data/ended"), json!(2));
    for other in &others {
        assert_eq!(other.get(ME).await.expect(401).code(), "SESSION_REVOKED");
    }
    desk.get(ME).await.expect(200);
    let ended = desk.send(Method::DELETE, &format!("{SESSIONS}?includeCurrent=true"), None).await.expect(200);
    assert_eq!(ended.at("/data/ended"), json!(1));
    desk.get(ME).await.expect(401);
    adele.get(ME).await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookies_back() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let (access, refresh) = (browser.cookie("accessToken").unwrap(), browser.cookie("refreshToken").unwrap());
    browser.post(LOGOUT).await.expect(204);
    assert!(browser.cookies().is_empty(), "{:?}", browser.cookies());
    assert_eq!(app.token(&access).get(ME).await.expect(401).code(), "SESSION_REVOKED");
    let body = json!({ "refreshToken": refresh });
    assert_eq!(app.anonymous().post(REFRESH, body).await.expect(401).code(), "SESSION_REVOKED");
    browser.post(LOGOUT).await.expect(204);
    for name in ["identity.session.revoked", "identity.auth.logout"] {
        let events = format!("SELECT count(*) AS n FROM events WHERE name = '{name}'");
        assert_eq!(app.database.count(&events).await, 1, "{name}");
    }
}

#[tokio::test]
async fn signing_out_works_when_the_access_token_has_expired_and_for_bearers() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let refresh = browser.cookie("refreshToken").unwrap();
    app.advance(TimeDelta::hours(1));
    browser.post(LOGOUT).await.expect(204);
    let body = json!({ "refreshToken": refresh });
    assert_eq!(app.anonymous().post(REFRESH, body).await.expect(401).code(), "SESSION_REVOKED");
    let other = app.signed_in("alex@contoso.com").await;
    let bearer = app.token(&other.cookie("accessToken").unwrap());
    bearer.post(LOGOUT, json!({ "refreshToken": other.cookie("refreshToken").unwrap() })).await.expect(204);
    bearer.get(ME).await.expect(401);
    let third = app.signed_in("alex@contoso.com").await;
    let bearer = app.token(&third.cookie("accessToken").unwrap());
    bearer.send(Method::POST, LOGOUT, None).await.expect(204);
    bearer.get(ME).await.expect(401);
    // Who has no session signs out of none.
    app.user("alex").send(Method::POST, LOGOUT, None).await.expect(204);
    app.user("alex").get(ME).await.expect(200);
}

#[tokio::test]
async fn a_session_costs_no_query_once_it_is_known() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    browser.get(ME).await.expect(200);
    let before = app.app.statements();
    browser.get(ME).await.expect(200);
    assert_eq!(app.app.statements(), before);
}

#[tokio::test]
async fn where_sessions_are_checked_on_refresh_an_access_token_is_good_until_it_expires() {
    let app = TestApp::builder().set("SESSION_CHECK", "on-refresh").start().await;
    let (lost, desk) = (app.signed_in("alex@contoso.com").await, app.signed_in("alex@contoso.com").await);
    let of_lost = handle(&lost).await;
    end(&desk, &of_lost).await.expect(204);
    lost.get(ME).await.expect(200);
    assert_eq!(lost.post(REFRESH).await.expect(401).code(), "SESSION_REVOKED");
    app.advance(TimeDelta::minutes(15));
    lost.get(ME).await.expect(401);
}

#[tokio::test]
async fn where_sessions_are_never_checked_only_a_copied_token_ends_one() {
    let app = TestApp::builder().set("SESSION_CHECK", "none").start().await;
    let (lost, desk) = (app.signed_in("alex@contoso.com").await, app.signed_in("alex@contoso.com").await);
    let of_lost = handle(&lost).await;
    end(&desk, &of_lost).await.expect(204);
    let old = lost.cookie("refreshToken").unwrap();
    lost.post(REFRESH).await.expect(200);
    app.advance(TimeDelta::minutes(1));
    let body = json!({ "refreshToken": old });
    app.anonymous().post(REFRESH, body.clone()).await.expect(401);
    let (client, copied) = (app.anonymous(), desk.cookie("refreshToken").unwrap());
    desk.post(REFRESH).await.expect(200);
    app.advance(TimeDelta::minutes(1));
    client.post(REFRESH, json!({ "refreshToken": copied })).await.expect(401);
    assert_eq!(desk.post(REFRESH).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test]
async fn a_session_that_is_ended_here_is_refused_there() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let browser = app.signed_in("alex@contoso.com").await;
    let there = replica.token(&browser.cookie("accessToken").unwrap());
    there.get(ME).await.expect(200);
    browser.post(LOGOUT).await.expect(204);
    app.advance(TimeDelta::milliseconds(1_100));
    assert_eq!(there.get(ME).await.expect(401).code(), "SESSION_REVOKED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_ended_reaches_the_other_replica_within_a_second() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let _tasks = (app.app.start_background(), replica.app.start_background());
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let browser = app.signed_in("alex@contoso.com").await;
        let there = replica.token(&browser.cookie("accessToken").unwrap());
        there.get(ME).await.expect(200);
        let begun = Instant::now();
        browser.post(LOGOUT).await.expect(204);
        while there.get(ME).await.status == 200 {
            assert!(begun.elapsed() < Duration::from_secs(5), "it is never refused");
            let asked = Instant::now();
            tokio::time::sleep(Duration::from_millis(5)).await;
            app.advance(TimeDelta::from_std(asked.elapsed()).expect("a short time"));
        }
        slowest = slowest.max(begun.elapsed());
    }
    println!("the end of a session reached the other replica after {slowest:?} at most");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[tokio::test]
async fn sessions_that_are_long_over_are_forgotten() {
    let app = TestApp::start().await;
    let sessions = "SELECT count(*) AS n FROM sessions";
    let ended = app.signed_in("alex@contoso.com").await;
    app.signed_in("alex@contoso.com").await;
    ended.post("/api/auth/logout").await.expect(204);
    app.advance(TimeDelta::days(29));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(sessions).await, 2, "a token of theirs is told from a forged one");
    app.advance(TimeDelta::days(2));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(sessions).await, 1, "the other one ran out a week later");
    app.signed_in("alex@contoso.com").await;
    app.advance(TimeDelta::days(7));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(sessions).await, 1, "and the newest one is not over for long");
}

use emulator::{Endpoint, Rotation, TokenRequest, ids};
use serde_json::json;

use crate::support::{Answer, Entra, NOW, claims, now, problem};

const CLOCK: &str = "/emulator/control/clock";

#[tokio::test]
async fn the_clock_is_moved_and_reset() {
    let entra = Entra::start().await;
    assert_eq!(entra.get(CLOCK).await.json()["now"], "2026-03-01T12:00:00.000000Z");
    let moved = entra.post(CLOCK, json!({ "advance": 3600 })).await.json();
    assert_eq!(moved["now"], "2026-03-01T13:00:00.000000Z");
    let token = entra.emulator.mint(&TokenRequest::user("adele")).unwrap();
    assert_eq!(claims(&token)["iat"], now().timestamp() + 3600);
    let set = entra.post(CLOCK, json!({ "now": "2030-01-01T00:00:00Z", "advance": -1 })).await.json();
    assert_eq!(set["now"], "2029-12-31T23:59:59.000000Z");
    assert_eq!(entra.delete(CLOCK).await.json()["now"], "2026-03-01T12:00:00.000000Z");
    let too_far = entra.post(CLOCK, json!({ "advance": i64::MAX / 1000 })).await;
    assert_eq!(too_far.status, 400);
    assert_eq!(entra.post(CLOCK, json!({ "now": "noon" })).await.status, 400);
}

#[tokio::test]
async fn foreign_pages_and_rebound_names_are_refused() {
    let entra = Entra::start().await;
    for (name, value, expected) in [
        ("host", "evil.example", 403),
        ("host", "localhost.evil.example:4100", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "http://localhost.evil.example", 403),
        ("origin", "null", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("host", "127.0.0.1:4100", 200),
        ("host", "[::1]:4100", 200),
        ("host", "LOCALHOST", 200),
        ("origin", "http://localhost:5173", 200),
        ("sec-fetch-site", "same-origin", 200),
    ] {
        let request = entra.request("GET", CLOCK).header(name, value);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, expected, "{name}: {value}");
        if expected == 403 {
            assert!(problem(&answer).contains("control API"));
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn unknown_paths_are_explained() {
    let entra = Entra::start().await;
    let answer = entra.get("/emulator/control/nothing").await;
    assert_eq!(answer.status, 404);
    assert!(problem(&answer).contains("README"));
}

#[tokio::test]
async fn consent_is_checked_against_the_directory() {
    let entra = Entra::start().await;
    let consent = "/emulator/control/consent";
    for (body, word) in [
        (json!({ "tenant": "nowhere" }), "nowhere"),
        (json!({ "tenant": "contoso", "app": "Nothing" }), "Nothing"),
        (json!({ "tenant": "contoso", "principal": "megan", "roles": [] }), "neither a member"),
        (json!({ "tenant": "contoso", "principal": "alex", "roles": ["Emperor"] }), "Emperor"),
    ] {
        let answer = entra.post(consent, body).await;
        assert_eq!(answer.status, 400);
        assert!(problem(&answer).contains(word), "{}", answer.text);
    }
    let body = json!({ "tenant": "contoso.com", "principal": "alex", "roles": ["Tenantry.Admin"] });
    assert_eq!(entra.post(consent, body).await.status, 200);
    let claims = claims(&entra.mint(json!({ "user": "alex" })).await);
    assert_eq!(claims["roles"], json!(["Tenantry.Admin"]));
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let entra = Entra::start().await;
    let keys = entra.keys().await;
    entra.emulator.rotate_keys(Rotation::dropping());
    entra.post("/emulator/control/users/alex", json!({ "displayName": "X", "enabled": false })).await;
    entra.post("/emulator/control/faults", json!({ "endpoint": "all", "kind": "status" })).await;
    entra.post(CLOCK, json!({ "advance": 60 })).await;
    entra.post("/emulator/control/consent", json!({ "tenant": "contoso", "remove": true })).await;

    assert_eq!(entra.post("/emulator/control/reset", json!({})).await.status, 200);
    assert_eq!(entra.emulator.requests(Endpoint::All), 0);
    assert_eq!(entra.keys().await, keys);
    let token = claims(&entra.mint(json!({ "user": "alex" })).await);
    assert_eq!(token["name"], "Alex Wilber");
    assert_eq!(token["iat"], now().timestamp(), "{NOW}");
    assert!(entra.emulator.mint(&TokenRequest::app(ids::TENANTRY_APP)).is_ok());
}

#[tokio::test]
async fn the_start_page_tells_what_there_is() {
    let entra = Entra::start().await;
    entra.post("/emulator/control/users/alex", json!({ "displayName": "<script>" })).await;
    let page = entra.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("strict-transport-security"), None);
    for word in [
        "emulator",
        "Contoso",
        "Fabrikam",
        "adele@contoso.com",
        "pat@outlook.com",
        ids::TENANTRY_APP,
        "&lt;script&gt;",
    ] {
        assert!(page.text.contains(word), "{word}");
    }
    assert!(page.text.contains(&format!("curl -s {}/emulator/control/tokens", entra.emulator.http_url())));
    assert!(!page.text.contains("<script>"));
}

#[tokio::test]
async fn an_emulator_that_is_shut_down_answers_no_more() {
    let entra = Entra::start().await;
    let url = entra.url(CLOCK);
    entra.emulator.shutdown().await;
    assert!(crate::support::client().get(url).send().await.is_err());
}

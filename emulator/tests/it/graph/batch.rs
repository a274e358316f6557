//! Many requests in one.

use emulator::{Endpoint, Fault, FaultKind};
use serde_json::{Value, json};

use super::{for_graph, refused};
use crate::support::{Answer, Entra};

async fn post(entra: &Entra, token: &str, body: &Value) -> Answer {
    let request = entra.request("POST", "/v1.0/$batch").bearer_auth(token).json(body);
    Answer::of(request.send().await.unwrap()).await
}

fn part(answer: &Value, id: &str) -> Value {
    answer["responses"].as_array().unwrap().iter().find(|part| part["id"] == id).unwrap().clone()
}

fn get(id: &str, url: &str) -> Value {
    json!({ "id": id, "method": "GET", "url": url })
}

#[tokio::test]
async fn parts_have_a_status_of_their_own() {
    let entra = Entra::start().await;
    let token = for_graph(&entra, json!({ "user": "adele" })).await;
    let dependent = json!({ "id": "4", "method": "GET", "url": "/me", "dependsOn": ["3"] });
    let chained = json!({ "id": "5", "method": "GET", "url": "/me", "dependsOn": ["4"] });
    let body = json!({ "requests": [
        get("1", "/me?$select=displayName"), get("2", "/me/photo/$value"), get("3", "/sites/none"),
        dependent, chained, get("6", "me/drive"),
    ] });
    let answer = post(&entra, &token, &body).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let status = |id| part(&answer, id)["status"].as_u64().unwrap();
    assert_eq!(["1", "2", "3", "4", "5", "6"].map(status), [200, 200, 400, 424, 424, 200]);
    assert_eq!(part(&answer, "1")["body"]["displayName"], "Adele Vance");
    assert!(part(&answer, "2")["body"].as_str().unwrap().starts_with("iVBOR"));
    assert_eq!(part(&answer, "3")["body"]["error"]["code"], "invalidRequest");
    assert_eq!(answer["responses"][0]["id"], "6", "in any order");
}

#[tokio::test]
async fn a_part_can_be_throttled_alone() {
    let entra = Entra::start().await;
    let token = for_graph(&entra, json!({ "user": "adele" })).await;
    let fault = Fault::new(Endpoint::Graph, FaultKind::Throttle).path("/sites").times(1);
    entra.emulator.set_fault(fault);
    let body = json!({ "requests": [get("a", "/me"), get("b", "/sites/root")] });
    let answer = post(&entra, &token, &body).await.json();
    assert_eq!(part(&answer, "a")["status"], 200);
    let throttled = part(&answer, "b");
    assert_eq!((&throttled["status"], &throttled["headers"]["Retry-After"]), (&json!(429), &json!("60")));
    assert_eq!(throttled["body"]["error"]["code"], "activityLimitReached");
    assert_eq!(part(&post(&entra, &token, &body).await.json(), "b")["status"], 200);
    // Without a path it is about the batch itself.
    entra.emulator.set_fault(Fault::status(Endpoint::Graph, 503).times(1));
    assert_eq!(post(&entra, &token, &body).await.status, 503);
}

#[tokio::test]
async fn batches_have_rules() {
    let entra = Entra::start().await;
    let token = for_graph(&entra, json!({ "user": "adele" })).await;
    let many: Vec<Value> = (0..21).map(|id| get(&id.to_string(), "/me")).collect();
    for bad in [
        json!({ "requests": many }),
        json!({ "requests": [] }),
        json!({ "requests": [get("1", "/me"), get("1", "/me")] }),
        json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"] }] }),
        json!({ "request": [] }),
    ] {
        refused(&post(&entra, &token, &bad).await, 400, "invalidRequest");
    }
    let inner = json!({ "requests": [
        get("1", "https://evil.example/v1.0/me"), get("2", "/$batch"),
        { "id": "3", "method": "DELETE", "url": "/me" },
    ] });
    let answer = post(&entra, &token, &inner).await.json();
    assert_eq!(["1", "2", "3"].map(|id| part(&answer, id)["status"].as_u64().unwrap()), [400, 400, 405]);
    let other = for_graph(&entra, json!({ "user": "alex" })).await;
    let as_other = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/me", "headers": { "Authorization": format!("Bearer {other}") } },
    ] });
    let answer = post(&entra, &token, &as_other).await.json();
    assert_eq!(part(&answer, "1")["body"]["displayName"], "Alex Wilber");
    refused(&post(&entra, "none", &inner).await, 401, "InvalidAuthenticationToken");
}

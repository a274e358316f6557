use std::time::{Duration, Instant};

use emulator::{Endpoint, Fault, FaultKind};
use serde_json::json;

use crate::support::{Entra, credentials, problem};

const FAULTS: &str = "/emulator/control/faults";
const KEYS: &str = "/common/discovery/v2.0/keys";
const METADATA: &str = "/common/v2.0/.well-known/openid-configuration";

#[tokio::test]
async fn a_fault_hits_its_endpoint_so_many_times() {
    let entra = Entra::start().await;
    let fault = json!({ "endpoint": "keys", "kind": "status", "status": 500, "times": 2 });
    assert_eq!(entra.post(FAULTS, fault.clone()).await.json(), json!([fault]));
    assert_eq!(entra.get(METADATA).await.status, 200);
    for expected in [500, 500, 200] {
        assert_eq!(entra.get(KEYS).await.status, expected);
    }
    assert_eq!(entra.get(FAULTS).await.json(), json!([]));
}

#[tokio::test]
async fn faults_are_cleared_in_several_ways() {
    let entra = Entra::start().await;
    let fault = json!({ "endpoint": "all", "kind": "status" });
    for _ in 0..3 {
        entra.post(FAULTS, fault.clone()).await;
    }
    assert_eq!(entra.get(KEYS).await.status, 503);
    assert_eq!(entra.post(FAULTS, json!([fault])).await.json().as_array().unwrap().len(), 1);
    assert_eq!(entra.post(FAULTS, json!([])).await.json(), json!([]));
    assert_eq!(entra.get(KEYS).await.status, 200);
    entra.emulator.set_fault(Fault::status(Endpoint::All, 502));
    assert_eq!(entra.get(METADATA).await.status, 502);
    entra.delete(FAULTS).await;
    assert_eq!(entra.get(METADATA).await.status, 200);
}

#[tokio::test]
async fn throttling_speaks_plain_text() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::new(Endpoint::Token, FaultKind::Throttle));
    let answer = entra.form("/contoso.com/oauth2/v2.0/token", &credentials()).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.text, "Too Many Requests");
}

#[tokio::test]
async fn answers_can_be_garbage_or_empty() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::new(Endpoint::Keys, FaultKind::Garbage).times(1));
    entra.emulator.set_fault(Fault::new(Endpoint::Keys, FaultKind::Empty).times(1));
    let garbage = entra.get(KEYS).await;
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&garbage.text).is_err());
    assert_eq!(entra.get(KEYS).await.text, "");
    assert_eq!(entra.get(KEYS).await.json()["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn connections_can_be_closed() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::new(Endpoint::Metadata, FaultKind::Close));
    let ended = match entra.request("GET", METADATA).send().await {
        Ok(response) => response.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(ended.is_err());
}

#[tokio::test]
async fn answers_can_be_late_and_still_right() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::latency(Endpoint::Keys, Duration::from_millis(150)).times(1));
    let started = Instant::now();
    assert_eq!(entra.get(KEYS).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn impossible_faults_are_explained() {
    let entra = Entra::start().await;
    for (fault, word) in [
        (json!({ "endpoint": "keys", "kind": "explode" }), "explode"),
        (json!({ "endpoint": "keys", "kind": "status", "status": 42 }), "status"),
        (json!({ "endpoint": "keys", "kind": "status", "times": 0 }), "times"),
        (json!({ "kind": "status" }), "endpoint"),
    ] {
        let answer = entra.post(FAULTS, fault).await;
        assert_eq!(answer.status, 400);
        assert!(problem(&answer).contains(word), "{}", answer.text);
    }
}

#[tokio::test]
async fn requests_are_counted_with_and_without_faults() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::status(Endpoint::Keys, 503).times(1));
    for path in [KEYS, KEYS, "/common/discovery/keys", METADATA] {
        entra.get(path).await;
    }
    assert_eq!(entra.emulator.requests(Endpoint::Keys), 3);
    assert_eq!(
        entra.get("/emulator/control/requests").await.json(),
        json!({ "metadata": 1, "keys": 3, "token": 0, "authorize": 0, "graph": 0, "sharepoint": 0, "content": 0, "all": 4 })
    );
}

//! What has changed in a drive.

use serde_json::{Value, json};

use super::{MARKETING, all, follow, get, item, refused};
use crate::support::Entra;

const FILES: &str = "/emulator/control/files";

/// All pages from an address on, and the link to what comes later.
async fn round(entra: &Entra, first: Value) -> (Vec<Value>, Value) {
    let (mut items, mut page) = (Vec::new(), first);
    loop {
        items.extend(page["value"].as_array().unwrap().iter().cloned());
        if let Some(link) = page.get("@odata.deltaLink") {
            return (items, link.clone());
        }
        page = follow(entra, "alex", &page["@odata.nextLink"]).await.json();
    }
}

fn delta(query: &str) -> String {
    format!("/drives/{MARKETING}/root/delta{query}")
}

#[tokio::test]
async fn a_first_round_has_all_and_the_next_what_changed() {
    let entra = Entra::start().await;
    let (items, link) = round(&entra, get(&entra, "alex", &delta("")).await.json()).await;
    assert_eq!(items.len(), 466);
    assert!(items[0]["root"].is_object());
    let (none, link) = round(&entra, follow(&entra, "alex", &link).await.json()).await;
    assert_eq!(none, [Value::Null; 0]);

    for change in [
        json!({ "drive": MARKETING, "item": item("CONTRACTS2026"), "deleted": true }),
        json!({ "drive": MARKETING, "item": item("WELCOME"), "name": "Hello.txt" }),
        json!({ "drive": MARKETING, "name": "New.txt", "text": "new", "parent": item("EMPTYFOLDER") }),
    ] {
        assert_eq!(entra.post(FILES, change).await.status, 200);
    }
    let (changed, link) = round(&entra, follow(&entra, "alex", &link).await.json()).await;
    let deleted: Vec<&str> = changed
        .iter()
        .filter(|item| item["deleted"]["state"] == "deleted")
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(deleted, [item("CONTRACTS2026"), item("CONTRACTSQ1"), item("DEEP")]);
    let present: Vec<&str> = changed.iter().filter_map(|item| item["name"].as_str()).collect();
    assert_eq!(present, ["Hello.txt", "New.txt"]);
    let restored = json!({ "drive": MARKETING, "item": item("DEEP"), "deleted": false });
    assert_eq!(entra.post(FILES, restored).await.status, 200);
    let (changed, _) = round(&entra, follow(&entra, "alex", &link).await.json()).await;
    assert_eq!(changed[0]["name"], "Deep.txt");
}

#[tokio::test]
async fn a_client_may_begin_now_or_at_a_moment() {
    let entra = Entra::start().await;
    let (none, link) = round(&entra, get(&entra, "alex", &delta("?token=latest")).await.json()).await;
    assert_eq!(none, [Value::Null; 0]);
    entra.post("/emulator/control/clock", json!({ "now": "2026-06-01T00:00:00Z" })).await;
    let change = json!({ "drive": MARKETING, "item": item("DEEP"), "text": "deeper" });
    entra.post(FILES, change).await;
    let (changed, _) = round(&entra, follow(&entra, "alex", &link).await.json()).await;
    assert_eq!(changed.len(), 1);
    let since = get(&entra, "alex", &delta("?token=2026-05-31T00:00:00Z")).await.json();
    assert_eq!(all(&since, "name"), ["Deep.txt"]);
    let small = get(&entra, "alex", &delta("(token='latest')?$select=id")).await.json();
    assert!(small["@odata.deltaLink"].as_str().unwrap().contains("/root/delta?"));
    refused(&get(&entra, "alex", &delta("?token=nonsense")).await, 400, "invalidRequest");
}

#[tokio::test]
async fn an_old_token_means_all_over_again() {
    let entra = Entra::start().await;
    let first = get(&entra, "alex", &delta("?$top=100")).await.json();
    let (_, link) = round(&entra, first.clone()).await;
    entra.post(FILES, json!({ "drive": MARKETING, "resync": true })).await;
    for old in [&link, &first["@odata.nextLink"]] {
        let answer = follow(&entra, "alex", old).await;
        refused(&answer, 410, "resyncChangesApplyDifferences");
        assert_eq!(answer.header("location"), Some(entra.url(&format!("/v1.0{}", delta(""))).as_str()));
    }
    let (items, link) = round(&entra, get(&entra, "alex", &delta("")).await.json()).await;
    assert_eq!(items.len(), 466);
    assert_eq!(follow(&entra, "alex", &link).await.status, 200);
}

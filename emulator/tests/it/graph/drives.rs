//! Drives and items: children in pages, paths with all kinds of names, search.

use emulator::ids;
use serde_json::{Value, json};

use super::{MARKETING, all, ask, follow, for_graph, get, item, refused};
use crate::support::{Answer, Entra};

#[tokio::test]
async fn children_come_in_pages() {
    let entra = Entra::start().await;
    for (query, sizes) in [("", [200, 200, 50].as_slice()), ("?$top=449&$select=name", &[449, 1])] {
        let path = format!("/drives/{MARKETING}/items/{}/children{query}", item("ARCHIVE"));
        let mut page = get(&entra, "alex", &path).await.json();
        let mut names: Vec<String> = Vec::new();
        for (at, size) in sizes.iter().enumerate() {
            let on_page = all(&page, "name");
            assert_eq!(on_page.len(), *size);
            names.extend(on_page.iter().map(|name| (*name).to_owned()));
            let is_last = at + 1 == sizes.len();
            assert_eq!(page.get("@odata.nextLink").is_none(), is_last);
            if !is_last {
                page = follow(&entra, "alex", &page["@odata.nextLink"]).await.json();
            }
        }
        names.dedup();
        assert_eq!(names.len(), 450);
    }
    // A token is good for its own list.
    let page = get(&entra, "alex", &format!("/drives/{MARKETING}/root/children?$top=1")).await.json();
    let token = page["@odata.nextLink"].as_str().unwrap().split_once("$skiptoken=").unwrap().1.to_owned();
    let other = format!("/drives/{MARKETING}/items/{}/children?$skiptoken={token}", item("ARCHIVE"));
    refused(&get(&entra, "alex", &other).await, 400, "invalidRequest");
    for bad in ["$top=0", "$top=x", "$filter=name eq 'x'", "$orderby=color"] {
        let answer = get(&entra, "alex", &format!("/drives/{MARKETING}/root/children?{bad}")).await;
        refused(&answer, 400, "invalidRequest");
    }
    let largest = format!("/drives/{MARKETING}/root/children?$orderby=size desc&$top=1");
    assert_eq!(all(&get(&entra, "alex", &largest).await.json(), "name"), ["Brochure.pdf"]);
}

#[tokio::test]
async fn items_are_found_by_id_and_by_path() {
    let entra = Entra::start().await;
    let root = get(&entra, "alex", &format!("/drives/{MARKETING}/root")).await.json();
    assert!(root["root"].is_object() && root["folder"]["childCount"].as_u64().unwrap() > 5);
    for (path, key) in [
        ("Welcome.txt", "WELCOME"),
        ("welcome.TXT", "WELCOME"),
        ("Gr%C3%B6%C3%9Fe%20%26%20Ma%C3%9Fe.txt", "UMLAUT"),
        ("100%25%20done.txt", "PERCENT"),
        ("Plan%20%237%20+%20notes.txt", "HASH"),
        ("Adele's%20list%3B%20final,%20v2.txt", "QUOTE"),
        ("Contracts/2026/Q1%20%E2%80%93%20first%20quarter/Deep.txt", "DEEP"),
    ] {
        let by_path = get(&entra, "alex", &format!("/drives/{MARKETING}/root:/{path}")).await.json();
        assert_eq!(by_path["id"], item(key), "{path}");
        let by_id = get(&entra, "alex", &format!("/drives/{MARKETING}/items/{}", item(key))).await.json();
        assert_eq!(by_id["name"], by_path["name"]);
        assert_eq!(by_id["eTag"], by_id["@odata.etag"]);
        assert!(by_id["file"]["hashes"]["quickXorHash"].is_string() && by_id.get("folder").is_none());
    }
    let deep = get(&entra, "alex", &format!("/drives/{MARKETING}/items/{}", item("DEEP"))).await.json();
    let path = format!("/drives/{MARKETING}/root:/Contracts/2026/Q1%20%E2%80%93%20first%20quarter");
    assert_eq!(deep["parentReference"]["path"], path);
    assert!(
        deep["webUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://contoso.sharepoint.com/sites/marketing/Shared%20Documents/")
    );
    let below = format!("/drives/{MARKETING}/items/{}:/2026:/children", item("CONTRACTS"));
    assert_eq!(all(&get(&entra, "alex", &below).await.json(), "name"), ["Q1 – first quarter"]);
    let notebook = get(&entra, "alex", &format!("/drives/{MARKETING}/root:/Notebook")).await.json();
    assert_eq!(notebook["package"]["type"], "oneNote");
    let with =
        get(&entra, "alex", &format!("/drives/{MARKETING}/root:/Contracts?$expand=children")).await.json();
    assert_eq!(with["children"].as_array().unwrap().len(), 2);
    for gone in ["OBSOLETE", "NEVER"] {
        let answer = get(&entra, "alex", &format!("/drives/{MARKETING}/items/{}", item(gone))).await;
        refused(&answer, 404, "itemNotFound");
    }
}

#[tokio::test]
async fn ids_are_unique_in_their_drive_alone() {
    let entra = Entra::start().await;
    let site = "/sites/fabrikam.sharepoint.com:/sites/marketing:/drive";
    let drive = get(&entra, "megan", site).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(drive, ids::FABRIKAM_MARKETING_DRIVE);
    let by_id = format!("/sites/{}", ids::FABRIKAM_MARKETING);
    assert_eq!(get(&entra, "megan", &by_id).await.json()["name"], "marketing");
    let item = item("WELCOME");
    let here = get(&entra, "megan", &format!("/drives/{drive}/items/{item}")).await.json();
    let there = get(&entra, "adele", &format!("/drives/{MARKETING}/items/{item}")).await.json();
    assert_eq!(here["id"], there["id"]);
    assert_ne!(here["eTag"], there["eTag"]);
}

#[tokio::test]
async fn an_etag_saves_the_way() {
    let entra = Entra::start().await;
    let path = format!("/v1.0/drives/{MARKETING}/items/{}", item("WELCOME"));
    let token = for_graph(&entra, json!({ "user": "alex" })).await;
    let etag = ask(&entra, &path, &token).await.json()["eTag"].as_str().unwrap().to_owned();
    let again = async || {
        let request = entra.request("GET", &path).bearer_auth(&token).header("if-none-match", &etag);
        Answer::of(request.send().await.unwrap()).await
    };
    assert_eq!(again().await.status, 304);
    let change = json!({ "drive": MARKETING, "item": item("WELCOME"), "text": "Changed" });
    assert_eq!(entra.post("/emulator/control/files", change).await.status, 200);
    assert_eq!(again().await.status, 200);
}

#[tokio::test]
async fn a_search_looks_into_names_and_texts() {
    let entra = Entra::start().await;
    let found = async |path: &str| {
        let page = get(&entra, "alex", &format!("/drives/{MARKETING}/{path}")).await.json();
        all(&page, "name").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("root/search(q='three%20folders')").await, ["Deep.txt"]);
    assert_eq!(found("root/search(q='BROCHURE')").await, ["Brochure.pdf"]);
    assert_eq!(found("root/search(q='adele''s')").await, ["Adele's list; final, v2.txt"]);
    assert_eq!(found("root/search(q='record')").await.len(), 200);
    let below = format!("items/{}/search(q='.txt')", item("CONTRACTS"));
    assert_eq!(found(&below).await, ["Master agreement.txt", "Deep.txt"]);
    assert_eq!(found("root/search(q='obsolete')").await, [""; 0]);
    let missing = get(&entra, "alex", &format!("/drives/{MARKETING}/root/search(x='y')")).await;
    refused(&missing, 400, "invalidRequest");
}

#[tokio::test]
async fn a_onedrive_is_its_owners() {
    let entra = Entra::start().await;
    let own = get(&entra, "alex", "/me/drive").await.json();
    assert_eq!((&own["driveType"], &own["name"]), (&json!("business"), &json!("OneDrive")));
    let notes = get(&entra, "alex", "/me/drive/root:/Private:/children").await.json();
    assert_eq!(all(&notes, "name"), ["Notes.txt"]);
    let by_id = format!("/drives/{}/root", own["id"].as_str().unwrap());
    assert_eq!(get(&entra, "alex", &by_id).await.status, 200);
    refused(&get(&entra, "adele", &by_id).await, 403, "accessDenied");
    let small = for_graph(&entra, json!({ "user": "alex", "scopes": ["Files.Read"] })).await;
    assert_eq!(ask(&entra, &format!("/v1.0{by_id}"), &small).await.status, 200);
    let shared = format!("/v1.0/drives/{MARKETING}/root");
    refused(&ask(&entra, &shared, &small).await, 403, "accessDenied");
    let app = for_graph(&entra, json!({ "app": "Tenantry", "roles": ["Files.Read.All"] })).await;
    assert_eq!(ask(&entra, &format!("/v1.0{by_id}"), &app).await.status, 200);
    refused(&ask(&entra, "/v1.0/me/drive", &app).await, 400, "BadRequest");
    assert_eq!(get(&entra, "isaiah", "/me/drive").await.json()["error"]["code"], Value::from("itemNotFound"));
}

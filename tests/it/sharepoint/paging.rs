//! Cursors of lists that Microsoft keeps.

use serde_json::Value;
use tests::{TestApp, emulator::Endpoint};

use super::{DRIVE, SITE, asked, ids, item, pages, path, with};

#[tokio::test]
async fn every_list_goes_on_where_it_stopped_and_ends() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for list in [
        "/api/sharepoint/sites?search=project&limit=13".to_owned(),
        format!("/api/sharepoint/sites/{SITE}/drives?limit=1"),
        format!("/api/sharepoint/drives/{DRIVE}/items?limit=5"),
        format!("{}/children?limit=200", path("ARCHIVE")),
        format!("/api/sharepoint/drives/{DRIVE}/search?q=txt&limit=190"),
    ] {
        let all = pages(&adele, &list).await;
        assert!(all.len() > 1, "{list} has one page");
        let mut found: Vec<String> = all.iter().flat_map(ids).collect();
        let count = found.len();
        found.sort();
        found.dedup();
        assert_eq!(found.len(), count, "{list} shows something twice");
        for page in &all {
            assert!(!page.text.contains("skiptoken"), "{list} shows a link of Microsoft's");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_of_its_caller_its_list_and_its_filters() {
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    let list = format!("/api/sharepoint/drives/{DRIVE}/items?limit=2");
    let Value::String(cursor) = adele.get(&list).await.expect(200).at("/nextCursor") else {
        panic!("there is a next page")
    };
    let requests = asked(&app, Endpoint::Graph).len();
    let drive = "b!AAAAwAAAAECAAAAAAAAQAgAAAMAAAABAgAAAAAAAIAIAAADAAAAAQIAAAAAAADIC";
    for (who, other) in [
        (&alex, list.clone()),
        (&adele, format!("/api/sharepoint/drives/{drive}/items?limit=2")),
        (&adele, format!("/api/sharepoint/drives/{DRIVE}/items/root/children?limit=2")),
        (&adele, format!("/api/sharepoint/drives/{DRIVE}/delta")),
        (&adele, "/api/annotations".to_owned()),
    ] {
        let refused = who.get(&with(&other, "cursor", &cursor)).await.expect(400);
        assert!(refused.at("/error/details/cursor").is_array(), "{other}: {}", refused.text);
    }
    assert_eq!(asked(&app, Endpoint::Graph).len(), requests, "a wrong cursor asks nobody");
    // The same words with another end, and a cursor of our own lists.
    let mut forged = cursor.clone();
    forged.replace_range(20..21, if forged.get(20..21) == Some("A") { "B" } else { "A" });
    adele.get(&with(&list, "cursor", &forged)).await.expect(400);
    adele.get(&with(&list, "cursor", &cursor)).await.expect(200);
}

#[tokio::test]
async fn a_limit_is_kept_and_bounded() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let children = format!("/api/sharepoint/drives/{DRIVE}/items/{}/children", item("ARCHIVE"));
    assert_eq!(ids(&adele.get(&children).await.expect(200)).len(), 50);
    assert_eq!(ids(&adele.get(&format!("{children}?limit=7")).await.expect(200)).len(), 7);
    for wrong in ["0", "201", "x"] {
        adele.get(&format!("{children}?limit={wrong}")).await.expect(400);
    }
}

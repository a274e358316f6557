//! From a search for a site to a part of one of its files, with nothing but one bearer.

use serde_json::json;
use tests::{TestApp, emulator::Endpoint};

use super::{SITE, asked, assert_no_token_astray, ids, item, pages, with};
use crate::annotations::{id, listed};

#[tokio::test]
async fn a_member_finds_annotates_and_downloads_a_file_with_nothing_but_a_token() {
    let app = TestApp::builder().set("ANNOTATIONS_CHECK_ITEMS", "true").start().await;
    let adele = app.user("adele");
    let sites = adele.get("/api/sharepoint/sites?search=marketing").await.expect(200);
    assert_eq!(ids(&sites), [SITE]);
    assert_eq!(sites.text_at("/data/0/displayName"), "Marketing");
    assert_eq!(sites.text_at("/data/0/webUrl"), "https://contoso.sharepoint.com/sites/marketing");

    let drives = adele.get(&format!("/api/sharepoint/sites/{SITE}/drives")).await.expect(200);
    assert_eq!(listed(&drives, "name"), ["Documents", "Campaigns"]);
    let drive = drives.text_at("/data/0/id");

    let root = adele.get(&format!("/api/sharepoint/drives/{drive}/items?limit=200")).await.expect(200);
    assert!(ids(&root).contains(&item("WELCOME")), "{}", root.text);

    let archive = format!("/api/sharepoint/drives/{drive}/items/{}/children?limit=200", item("ARCHIVE"));
    let archive = pages(&adele, &archive).await;
    let counts: Vec<usize> = archive.iter().map(|page| ids(page).len()).collect();
    assert_eq!(counts, [200, 200, 50]);

    let body =
        json!({ "siteId": SITE, "driveId": drive, "itemId": item("WELCOME"), "note": "Read this first." });
    let made = id(&adele.post("/api/annotations", body).await.expect(201));
    let on_item = format!("/api/annotations?driveId={drive}&itemId={}&expand=item", item("WELCOME"));
    let found = adele.get(&on_item).await.expect(200);
    assert_eq!(ids(&found), [made]);
    assert_eq!(
        found.at("/data/0/item"),
        json!({
            "state": "found", "type": "file", "name": "Welcome.txt", "path": "/Welcome.txt",
            "webUrl": "https://contoso.sharepoint.com/sites/marketing/Shared%20Documents/Welcome.txt",
        })
    );

    let content = format!("/api/sharepoint/drives/{drive}/items/{}/content", item("WELCOME"));
    let part = adele.with("Range", "bytes=0-6").get(&content).await.expect(206);
    assert_eq!(part.text, "Welcome");
    assert_eq!(part.header("content-range"), Some("bytes 0-6/20"));
    assert_no_token_astray(&app, "the journey");

    // Who asks is said, each time, and by whom it is known to Microsoft.
    let graph = asked(&app, Endpoint::Graph);
    assert!(graph.len() > 5);
    for seen in graph {
        assert_eq!(seen.header("user-agent"), Some("ISV|Tenantry|Tenantry/0.1"), "{}", seen.target);
        assert!(seen.header("client-request-id").is_some_and(|id| id.len() == 36), "{}", seen.target);
        assert!(seen.header("authorization").is_some(), "{}", seen.target);
    }
}

#[tokio::test]
async fn a_drive_is_searched_by_words_whatever_they_hold() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let search = |q: &str| with(&format!("/api/sharepoint/drives/{}/search", super::DRIVE), "q", q);
    for (q, found) in [
        ("welcome", "WELCOME"),
        ("Größe", "UMLAUT"),
        ("100%", "PERCENT"),
        ("#7 +", "HASH"),
        ("Adele's list; final,", "QUOTE"),
    ] {
        let answer = adele.get(&search(q)).await.expect(200);
        assert!(ids(&answer).contains(&item(found)), "{q}: {}", answer.text);
    }
    for q in ["') or 1 eq 1 or ('", "../..", "/root/children?$top=1", "a\\b", "%2e%2e%2f", "#", "&$select=id"]
    {
        let answer = adele.get(&search(q)).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{q}: {}", answer.text);
    }
    for seen in asked(&app, Endpoint::Graph) {
        let path = seen.target.split('?').next().unwrap_or_default();
        assert!(
            path.starts_with(&format!("/v1.0/drives/{}/root/search(q=", super::DRIVE)),
            "{}",
            seen.target
        );
        assert_eq!(path.matches('/').count(), 5, "{}", seen.target);
    }
}

#[tokio::test]
async fn each_member_sees_what_microsoft_shows_them() {
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    let found = adele.get("/api/sharepoint/sites?search=hr").await.expect(200);
    let hr = ids(&found).into_iter().find(|id| id.contains("001004")).expect("the site of HR");
    let seen = alex.get("/api/sharepoint/sites?search=hr").await.expect(200);
    assert!(!ids(&seen).contains(&hr));
    let drives = format!("/api/sharepoint/sites/{hr}/drives");
    adele.get(&drives).await.expect(200);
    assert_eq!(alex.get(&drives).await.expect(403).code(), "FORBIDDEN");
}

#[tokio::test]
async fn an_item_is_shown_as_microsoft_has_it() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let file = adele.get(&super::path("DEEP")).await.expect(200);
    assert_eq!(file.text_at("/data/type"), "file");
    assert_eq!(file.text_at("/data/driveId"), super::DRIVE);
    assert!(file.text_at("/data/path").ends_with("/Deep.txt"), "{}", file.text);
    assert!(file.text_at("/data/path").matches('/').count() > 2, "{}", file.text);
    assert!(!file.text.contains("tempauth"), "{}", file.text);
    let folder = adele.get(&super::path("ARCHIVE")).await.expect(200);
    assert_eq!(
        (folder.text_at("/data/type"), folder.at("/data/childCount")),
        ("folder".to_owned(), json!(450))
    );
    let package = adele.get(&super::path("NOTEBOOK")).await.expect(200);
    assert_eq!(package.text_at("/data/type"), "package");
    let root = adele.get(&format!("/api/sharepoint/drives/{}/items/root", super::DRIVE)).await.expect(200);
    assert_eq!(root.text_at("/data/path"), "/");
    assert_eq!(adele.get(&super::path("OBSOLETE")).await.expect(404).code(), "NOT_FOUND");
}

#[tokio::test]
async fn nobody_but_a_person_asks_and_nobody_of_another_tenant_learns_anything() {
    let app = TestApp::start().await;
    let machine = app.application("Tenantry", tests::emulator::ids::CONTOSO, &["sharepoint:read"]);
    let refused = machine.get("/api/sharepoint/sites?search=marketing").await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    let megan = app.user("megan");
    let refused = megan.get(&super::path("WELCOME")).await.expect(404);
    assert_eq!(refused.code(), "NOT_FOUND");
    assert_eq!(asked(&app, Endpoint::Graph).len(), 1, "the machine's request went no further");
}

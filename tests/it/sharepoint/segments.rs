//! Ids and paths that try to leave their place.

use tests::{TestApp, emulator::Endpoint};

use super::{DRIVE, SITE, asked, item};

/// As they stand in a request's path: encoded once.
const HOSTILE: &[&str] = &[
    "%2E%2E",
    "..%2F..%2Fme",
    "%2e%2e%2f%2e%2e%2fme",
    "%252e%252e%252f",
    "%2F%2Fevil.example",
    "root%3A%2Fsecret%3A",
    "x%3A%2Fy%3A",
    "a%3F%24select%3Did",
    "a%23b",
    "a%5C..%5Cb",
    "a%00b",
    "a%0D%0Ax-evil%3A%201",
    "%40evil.example",
    "a%20b",
    "a%25b",
    "a%27b",
    "a%28b%29",
    "%E2%80%AEb",
    "%C3%A4",
    "%FF",
];

#[tokio::test]
async fn what_is_no_id_asks_nobody() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let welcome = item("WELCOME");
    for hostile in HOSTILE {
        for path in [
            format!("/api/sharepoint/sites/{hostile}/drives"),
            format!("/api/sharepoint/drives/{hostile}/items"),
            format!("/api/sharepoint/drives/{hostile}/items/{welcome}"),
            format!("/api/sharepoint/drives/{DRIVE}/items/{hostile}"),
            format!("/api/sharepoint/drives/{DRIVE}/items/{hostile}/children"),
            format!("/api/sharepoint/drives/{DRIVE}/items/{hostile}/content"),
            format!("/api/sharepoint/drives/{hostile}/search?q=x"),
            format!("/api/sharepoint/drives/{hostile}/delta"),
            format!("/api/sharepoint/lists?resource=sharepoint&siteId={hostile}"),
        ] {
            let refused = adele.get(&path).await;
            assert!([400, 404].contains(&refused.status.as_u16()), "{path}: {}", refused.text);
        }
    }
    assert!(asked(&app, Endpoint::Graph).is_empty());
    assert!(asked(&app, Endpoint::SharePoint).is_empty());
}

#[tokio::test]
async fn what_is_not_an_id_is_refused_by_name() {
    let app = TestApp::start().await;
    let refused = app.user("adele").get("/api/sharepoint/drives/a%20b/items").await.expect(400);
    assert!(refused.at("/error/details/driveId").is_array(), "{}", refused.text);
}

#[tokio::test]
async fn ids_arrive_as_they_are() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    adele.get(&format!("/api/sharepoint/sites/{SITE}/drives")).await.expect(200);
    adele.get(&format!("/api/sharepoint/drives/{DRIVE}/items/{}", item("WELCOME"))).await.expect(200);
    let targets: Vec<String> = asked(&app, Endpoint::Graph)
        .into_iter()
        .map(|seen| seen.target.split('?').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        targets,
        [format!("/v1.0/sites/{SITE}/drives"), format!("/v1.0/drives/{DRIVE}/items/{}", item("WELCOME"))]
    );
}

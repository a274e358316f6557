//! Links that lead elsewhere: no token follows them.

use serde_json::Value;
use tests::{
    TestApp,
    emulator::{ASTRAY, Endpoint, Fault, FaultKind, Links},
};

use super::{DRIVE, asked, assert_no_token_astray, path, with};

/// How often the control API was asked, or anything else beside Graph's own version.
fn strayed(app: &TestApp) -> Vec<String> {
    let graph = asked(app, Endpoint::Graph).into_iter();
    graph.map(|seen| seen.target).filter(|target| !target.starts_with("/v1.0/")).collect()
}

#[tokio::test]
async fn no_next_link_takes_a_token_to_another_place() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for (name, text) in ASTRAY {
        app.emulator.set_links(Links { next: Some((*text).to_owned()), download: None });
        for list in [
            format!("/api/sharepoint/drives/{DRIVE}/items?limit=1"),
            format!("/api/sharepoint/drives/{DRIVE}/delta?limit=1"),
        ] {
            let first = adele.get(&list).await;
            if first.status == 200 {
                // It reads as an address of ours after all; then the next page is asked for there.
                if let Value::String(cursor) = first.at("/nextCursor") {
                    adele.get(&with(&list, "cursor", &cursor)).await;
                }
            } else {
                assert_eq!((first.status.as_u16(), first.code().as_str()), (502, "UPSTREAM_ERROR"), "{name}");
            }
        }
        assert!(asked(&app, Endpoint::Content).is_empty(), "{name} was followed");
        assert!(strayed(&app).is_empty(), "{name}: {:?}", strayed(&app));
    }
}

#[tokio::test]
async fn no_link_of_sharepoint_takes_a_token_to_another_place() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let lists = "/api/sharepoint/lists?resource=sharepoint";
    app.emulator.set_links(Links { next: Some("{link}".to_owned()), download: None });
    adele.get(lists).await.expect(200);
    assert_eq!(asked(&app, Endpoint::SharePoint).len(), 2, "a link that leads on is followed");
    for (name, text) in ASTRAY {
        app.emulator.set_links(Links { next: Some((*text).to_owned()), download: None });
        let answer = adele.get(lists).await;
        assert!([200, 502].contains(&answer.status.as_u16()), "{name}: {}", answer.text);
        assert!(asked(&app, Endpoint::Content).is_empty(), "{name} was followed");
        assert!(strayed(&app).is_empty(), "{name}: {:?}", strayed(&app));
        for seen in asked(&app, Endpoint::SharePoint) {
            let is_there = seen.target.starts_with("/sharepoint/contoso.sharepoint.com/_api/web/lists?");
            assert!(is_there, "{name}: {}", seen.target);
        }
    }
    app.emulator.set_links(Links { next: Some("http://{elsewhere}{path}".to_owned()), download: None });
    assert_eq!(adele.get(lists).await.expect(502).code(), "UPSTREAM_ERROR");
}

#[tokio::test]
async fn no_download_takes_a_token_anywhere_and_none_is_redirected_twice() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    let more = [
        ("for ever", "http://{elsewhere}/loop"),
        ("to anywhere", "http://{elsewhere}/to?url=http://169.254.169.254/"),
        ("inside", "http://169.254.169.254/latest/meta-data"),
        ("a file", "file:///etc/passwd"),
        ("with a name", "http://user:password@{elsewhere}{path}"),
        ("plain, outside", "http://contoso.sharepoint.com/x"),
    ];
    for (name, text) in ASTRAY.iter().chain(&more) {
        app.emulator.set_links(Links { next: None, download: Some((*text).to_owned()) });
        let answer = adele.get(&content).await;
        assert!([200, 502, 504].contains(&answer.status.as_u16()), "{name}: {}", answer.text);
        assert_no_token_astray(&app, name);
    }
    for name in ["for ever", "to anywhere", "with a name"] {
        let text = more.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        app.emulator.set_links(Links { next: None, download: text });
        let requests = asked(&app, Endpoint::Content).len();
        assert_eq!(adele.get(&content).await.expect(502).code(), "UPSTREAM_ERROR", "{name}");
        assert!(asked(&app, Endpoint::Content).len() <= requests + 1, "{name} was followed on");
    }
}

#[tokio::test]
async fn a_redirect_where_none_belongs_is_not_followed() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let elsewhere = format!("{}/v1.0/sites", app.emulator.content_url());
    app.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Redirect).location(elsewhere));
    for list in ["/api/sharepoint/sites?search=x".to_owned(), path("WELCOME")] {
        assert_eq!(adele.get(&list).await.expect(502).code(), "UPSTREAM_ERROR", "{list}");
    }
    assert!(asked(&app, Endpoint::Content).is_empty());
}

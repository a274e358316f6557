//! SharePoint's own interface, at the tenant's own host.

use serde_json::json;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault},
};

use super::{SITE, asked, ids, pages};
use crate::annotations::listed;

const LISTS: &str = "/api/sharepoint/lists?resource=sharepoint";

#[tokio::test]
async fn lists_are_asked_for_at_the_tenants_host_with_a_token_for_it() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let lists = adele.get(&format!("{LISTS}&siteId={SITE}")).await.expect(200);
    let titles = listed(&lists, "title");
    for title in ["Documents", "Campaigns", "Tasks"] {
        assert!(titles.iter().any(|known| known == title), "{titles:?}");
    }
    let tasks = lists.at("/data").as_array().unwrap().iter().find(|one| one["title"] == "Tasks").cloned();
    assert_eq!(tasks.unwrap()["itemCount"], json!(120));
    let seen = asked(&app, Endpoint::SharePoint);
    assert_eq!(seen.len(), 1);
    let target = &seen[0].target;
    assert!(
        target.starts_with("/sharepoint/contoso.sharepoint.com/sites/marketing/_api/web/lists?"),
        "{target}"
    );
    let to_graph = asked(&app, Endpoint::Graph);
    let bearer = |seen: &tests::emulator::Seen| seen.header("authorization").map(str::to_owned);
    assert!(to_graph.iter().all(|graph| bearer(graph) != bearer(&seen[0])), "two audiences are two tokens");
}

#[tokio::test]
async fn the_host_is_found_once_for_each_tenant() {
    let app = TestApp::start().await;
    let (adele, megan) = (app.user("adele"), app.user("megan"));
    for _ in 0..3 {
        adele.get(LISTS).await.expect(200);
    }
    assert_eq!(asked(&app, Endpoint::Graph).len(), 1);
    megan.get(LISTS).await.expect(200);
    let hosts: Vec<String> = asked(&app, Endpoint::SharePoint)
        .into_iter()
        .filter_map(|seen| seen.target.split('/').nth(2).map(str::to_owned))
        .collect();
    let contoso = "contoso.sharepoint.com".to_owned();
    assert_eq!(hosts, [contoso.clone(), contoso.clone(), contoso, "fabrikam.sharepoint.com".to_owned()]);
}

#[tokio::test]
async fn a_host_that_is_not_sharepoints_gets_no_token() {
    let app = TestApp::builder().set("SHAREPOINT_DOMAINS", "sharepoint.us").start().await;
    let refused = app.user("adele").get(LISTS).await.expect(502);
    assert_eq!(refused.code(), "UPSTREAM_ERROR");
    assert!(asked(&app, Endpoint::SharePoint).is_empty());
}

#[tokio::test]
async fn lists_have_pages_and_end() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let all = pages(&adele, &format!("{LISTS}&siteId={SITE}&limit=1")).await;
    let found: Vec<String> = all.iter().flat_map(ids).collect();
    assert_eq!(all.len(), found.len());
    assert!(found.len() > 2 && found.is_sorted(), "{found:?}");
}

#[tokio::test]
async fn sharepoint_fails_as_graph_does() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    app.emulator.set_fault(Fault::status(Endpoint::SharePoint, 503).times(1));
    adele.get(LISTS).await.expect(200);
    assert_eq!(app.pauses.taken().len(), 1);
    app.emulator.set_fault(Fault::status(Endpoint::SharePoint, 500));
    assert_eq!(adele.get(LISTS).await.expect(502).code(), "UPSTREAM_ERROR");
}

#[tokio::test]
async fn only_the_interface_that_there_is_may_be_named() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for path in ["/api/sharepoint/lists", "/api/sharepoint/lists?resource=graph"] {
        let refused = adele.get(path).await.expect(400);
        assert!(refused.at("/error/details/resource").is_array(), "{}", refused.text);
    }
}

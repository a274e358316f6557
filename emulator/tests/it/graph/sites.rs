//! Sites: found, addressed in all ways, bounded by tenant, permission and person.

use serde_json::json;

use super::{MARKETING, all, ask, follow, for_graph, get, refused};
use crate::support::Entra;

#[tokio::test]
async fn a_search_finds_sites_page_by_page() {
    let entra = Entra::start().await;
    let mut page = get(&entra, "alex", "/sites?search=project&$top=20&$select=id,name").await.json();
    assert_eq!(all(&page, "name").len(), 20);
    assert_eq!(page["value"][0].as_object().unwrap().len(), 2);
    page = follow(&entra, "alex", &page["@odata.nextLink"]).await.json();
    assert_eq!(all(&page, "name").len(), 10);
    assert_eq!(page.get("@odata.nextLink"), None);
    assert_eq!(
        all(&get(&entra, "alex", "/sites?search=gr%C3%B6%C3%9Fe").await.json(), "name"),
        ["marketing"]
    );
    let unknown = get(&entra, "alex", "/sites?search=project&$skiptoken=x").await;
    refused(&unknown, 400, "invalidRequest");
}

#[tokio::test]
async fn a_site_has_many_addresses() {
    let entra = Entra::start().await;
    let root = get(&entra, "alex", "/sites/root").await.json();
    assert_eq!(root["webUrl"], "https://contoso.sharepoint.com");
    assert_eq!(root["siteCollection"]["hostname"], "contoso.sharepoint.com");
    let by_path = get(&entra, "alex", "/sites/contoso.sharepoint.com:/sites/marketing").await.json();
    let id = by_path["id"].as_str().unwrap();
    assert_eq!(id, emulator::ids::CONTOSO_MARKETING);
    let drives = [
        format!("/sites/{id}/drives"),
        "/sites/contoso.sharepoint.com:/sites/marketing:/drives".to_owned(),
        format!("/sites/{}/drives", id.split_once(',').unwrap().1),
    ];
    for address in drives {
        let drives = get(&entra, "alex", &address).await.json();
        assert_eq!(all(&drives, "name"), ["Documents", "Campaigns"]);
        assert_eq!(drives["value"][0]["id"], MARKETING);
        assert_eq!(drives["value"][0]["driveType"], "documentLibrary");
    }
    assert_eq!(get(&entra, "alex", &format!("/sites/{id}/drive")).await.json()["id"], MARKETING);
    let lists = get(&entra, "alex", &format!("/sites/{id}/lists")).await.json();
    assert_eq!(all(&lists, "displayName"), ["Documents", "Tasks", "Campaigns"]);
    let rows = get(&entra, "alex", &format!("/sites/{id}/lists/Tasks/items?$top=2")).await.json();
    assert_eq!(rows["value"][1]["fields"]["Title"], "Marketing: task 2");
    let nowhere = get(&entra, "alex", "/sites/contoso.sharepoint.com:/sites/nowhere").await;
    refused(&nowhere, 404, "itemNotFound");
}

#[tokio::test]
async fn sites_are_for_those_who_may() {
    let entra = Entra::start().await;
    let hr = "/sites/contoso.sharepoint.com:/sites/hr";
    assert_eq!(get(&entra, "adele", hr).await.json()["name"], "hr");
    refused(&get(&entra, "alex", hr).await, 403, "accessDenied");
    assert_eq!(all(&get(&entra, "alex", "/sites?search=human").await.json(), "name"), [""; 0]);
    // The other tenant's, by address and by drive.
    refused(&get(&entra, "megan", hr).await, 400, "invalidRequest");
    refused(&get(&entra, "megan", &format!("/drives/{MARKETING}/root")).await, 404, "itemNotFound");
    // A guest sees what he was let in to.
    let guest = for_graph(&entra, json!({ "user": "adele", "tenant": "fabrikam" })).await;
    let found = ask(&entra, "/v1.0/sites?search=", &guest).await.json();
    assert_eq!(all(&found, "name"), ["partners"]);

    let weak = for_graph(&entra, json!({ "user": "alex", "scopes": ["User.Read"] })).await;
    refused(&ask(&entra, "/v1.0/sites/root", &weak).await, 403, "accessDenied");
    let selected = for_graph(&entra, json!({ "app": "Tenantry", "roles": ["Sites.Selected"] })).await;
    refused(&ask(&entra, "/v1.0/sites?search=", &selected).await, 403, "accessDenied");
    let app = for_graph(&entra, json!({ "app": "Tenantry", "roles": ["Sites.Read.All"] })).await;
    assert_eq!(ask(&entra, &format!("/v1.0{hr}"), &app).await.status, 200);
    entra.emulator.consent(&emulator::Consent { tenant: "northwind".into(), ..Default::default() }).unwrap();
    let elsewhere = for_graph(&entra, json!({ "app": "Tenantry", "tenant": "northwind" })).await;
    let none = ask(&entra, "/v1.0/sites/root", &elsewhere).await;
    refused(&none, 400, "BadRequest");
    assert!(none.text.contains("SPO license"));
}

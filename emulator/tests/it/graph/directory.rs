//! Users by the thousand, and what an administrator granted.

use emulator::{Consent, ids};
use serde_json::{Value, json};

use super::{all, ask, for_graph, get, refused};
use crate::support::{Answer, Entra};

/// An app-only token in Northwind, after its administrator has consented.
async fn northwind(entra: &Entra) -> String {
    entra.emulator.consent(&Consent { tenant: "northwind".into(), ..Consent::default() }).unwrap();
    for_graph(entra, json!({ "app": "Tenantry", "tenant": "northwind" })).await
}

#[tokio::test]
async fn five_thousand_users_come_in_pages() {
    let entra = Entra::start().await;
    let token = northwind(&entra).await;
    let mut link = entra.url("/v1.0/users?$top=999&$select=id,userPrincipalName,mail,accountEnabled");
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let path = link.strip_prefix(entra.emulator.http_url()).unwrap();
        let page = ask(&entra, path, &token).await.json();
        let on_page = all(&page, "id");
        sizes.push(on_page.len());
        ids.extend(on_page.into_iter().map(str::to_owned));
        match page.get("@odata.nextLink").and_then(Value::as_str) {
            Some(next) => link = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(sizes, [999, 999, 999, 999, 999, 7]);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5002);
    assert_eq!(all(&ask(&entra, "/v1.0/users", &token).await.json(), "id").len(), 100);
    refused(&ask(&entra, "/v1.0/users?$top=1000", &token).await, 400, "Request_BadRequest");

    let counted = async |path: &str| {
        let request = entra.request("GET", path).bearer_auth(&token).header("consistencylevel", "eventual");
        Answer::of(request.send().await.unwrap()).await
    };
    assert_eq!(counted("/v1.0/users/$count").await.text, "5002");
    assert_eq!(counted("/v1.0/users?$count=true&$top=1").await.json()["@odata.count"], 5002);
    assert_eq!(
        ask(&entra, "/v1.0/users?$count=true&$top=1", &token).await.json()["@odata.count"],
        Value::Null
    );
    let disabled = ask(&entra, "/v1.0/users?$filter=accountEnabled eq false&$top=999", &token).await.json();
    assert_eq!(disabled["value"].as_array().unwrap().len(), 100);
    let one = ask(&entra, "/v1.0/users/user04711@northwind.com", &token).await.json();
    let by_id = ask(&entra, &format!("/v1.0/users/{}", one["id"].as_str().unwrap()), &token).await.json();
    assert_eq!(one, by_id);
    assert!(one.get("accountEnabled").is_none());
    refused(
        &ask(&entra, "/v1.0/users/user05001@northwind.com", &token).await,
        404,
        "Request_ResourceNotFound",
    );
}

#[tokio::test]
async fn users_are_for_those_who_may() {
    let entra = Entra::start().await;
    let app = for_graph(&entra, json!({ "app": "Tenantry" })).await;
    assert_eq!(ask(&entra, "/v1.0/users", &app).await.json()["value"].as_array().unwrap().len(), 5);
    let none = for_graph(&entra, json!({ "app": "Tenantry", "roles": ["Sites.Read.All"] })).await;
    refused(&ask(&entra, "/v1.0/users", &none).await, 403, "Authorization_RequestDenied");
    let plain = for_graph(&entra, json!({ "user": "alex", "scopes": ["User.Read"] })).await;
    assert_eq!(ask(&entra, "/v1.0/users/alex@contoso.com", &plain).await.json()["id"], ids::ALEX);
    refused(&ask(&entra, "/v1.0/users/adele@contoso.com", &plain).await, 403, "Authorization_RequestDenied");
    let photo = ask(&entra, &format!("/v1.0/users/{}/photo/$value", ids::ADELE), &app).await;
    assert_eq!(photo.header("content-type"), Some("image/png"));
    let without = ask(&entra, &format!("/v1.0/users/{}/photo/$value", ids::ALEX), &app).await;
    refused(&without, 404, "ImageNotFound");
    let foreign = ask(&entra, &format!("/v1.0/users/{}", ids::MEGAN), &app).await;
    refused(&foreign, 404, "Request_ResourceNotFound");
    refused(&get(&entra, "alex", "/users?$filter=x eq 1").await, 400, "Request_BadRequest");
}

#[tokio::test]
async fn an_administrators_grants_are_shown() {
    let entra = Entra::start().await;
    let plain = for_graph(&entra, json!({ "app": "Tenantry" })).await;
    refused(&ask(&entra, "/v1.0/servicePrincipals", &plain).await, 403, "Authorization_RequestDenied");
    let all_roles = json!({ "app": "Tenantry", "roles": ["Directory.Read.All"] });
    let token = for_graph(&entra, all_roles).await;
    let find = async || {
        let filter = format!("/v1.0/servicePrincipals?$filter=appId eq '{}'", ids::TENANTRY_APP);
        ask(&entra, &filter, &token).await.json()["value"].clone()
    };
    let found = find().await;
    assert_eq!(
        (&found[0]["id"], &found[0]["accountEnabled"]),
        (&json!(ids::TENANTRY_IN_CONTOSO), &json!(true))
    );
    let by_app = format!("/v1.0/servicePrincipals(appId='{}')", ids::TENANTRY_APP);
    assert_eq!(ask(&entra, &by_app, &token).await.json()["id"], found[0]["id"]);
    let at = format!("/v1.0/servicePrincipals/{}", ids::TENANTRY_IN_CONTOSO);
    let graph =
        ask(&entra, &format!("/v1.0/servicePrincipals(appId='{}')", ids::GRAPH_APP), &token).await.json();
    let assigned = ask(&entra, &format!("{at}/appRoleAssignments"), &token).await.json();
    let roles: Vec<&str> = all(&assigned, "appRoleId")
        .into_iter()
        .map(|id| {
            let known = graph["appRoles"].as_array().unwrap().iter().find(|role| role["id"] == id);
            known.unwrap()["value"].as_str().unwrap()
        })
        .collect();
    assert_eq!(roles, ["Organization.Read.All", "User.Read.All", "Sites.Read.All"]);
    assert_eq!(assigned["value"][0]["resourceId"], graph["id"]);
    let grants = ask(&entra, &format!("{at}/oauth2PermissionGrants"), &token).await.json();
    let of_graph =
        grants["value"].as_array().unwrap().iter().find(|grant| grant["resourceId"] == graph["id"]);
    assert!(of_graph.unwrap()["scope"].as_str().unwrap().contains("Sites.Read.All"));
    assert_eq!(of_graph.unwrap()["consentType"], "AllPrincipals");
    let filter = format!("/v1.0/oauth2PermissionGrants?$filter=clientId eq '{}'", ids::TENANTRY_IN_CONTOSO);
    assert_eq!(ask(&entra, &filter, &token).await.json()["value"], grants["value"]);

    // Deleted and added again it is another object.
    let consent = Consent { tenant: "contoso".into(), ..Consent::default() };
    entra.emulator.consent(&Consent { remove: true, ..consent.clone() }).unwrap();
    assert_eq!(find().await, json!([]));
    entra.emulator.consent(&consent).unwrap();
    let again = find().await[0]["id"].clone();
    assert!(again.is_string() && again != json!(ids::TENANTRY_IN_CONTOSO));
}

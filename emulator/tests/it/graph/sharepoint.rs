//! `SharePoint` REST, whose audience is the tenant's own host.

use emulator::ids;
use serde_json::{Value, json};

use crate::{
    support::{Answer, Entra, claims},
    user_grants::{TOKEN, refused, text, web},
};

const HOST: &str = "https://contoso.sharepoint.com";

async fn ask(entra: &Entra, path: &str, accept: &str, token: &str) -> Answer {
    let path = format!("/sharepoint/contoso.sharepoint.com{path}");
    let request = entra.request("GET", &path).header("accept", accept).bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

async fn json_of(entra: &Entra, path: &str, token: &str) -> Value {
    ask(entra, path, "application/json;odata=nometadata", token).await.json()
}

async fn for_sharepoint(entra: &Entra, mut wish: Value) -> String {
    wish["audience"] = json!(HOST);
    entra.mint(wish).await
}

#[tokio::test]
async fn lists_and_rows_are_read() {
    let entra = Entra::start().await;
    let token = for_sharepoint(&entra, json!({ "user": "alex" })).await;
    assert_eq!(json_of(&entra, "/_api/web", &token).await["Url"], HOST);
    let lists = json_of(&entra, "/sites/marketing/_api/web/lists?$select=Id,Title", &token).await;
    let titles: Vec<&Value> = lists["value"].as_array().unwrap().iter().map(|list| &list["Title"]).collect();
    assert_eq!(titles, ["Documents", "Tasks", "Campaigns"]);
    let id = text(&lists["value"][1], "Id");
    let first = json_of(&entra, &format!("/sites/marketing/_api/web/lists(guid'{id}')/items"), &token).await;
    assert_eq!(first["value"].as_array().unwrap().len(), 100);
    let next = text(&first, "odata.nextLink");
    let next = next.strip_prefix(&entra.url("/sharepoint/contoso.sharepoint.com")).unwrap();
    let second = json_of(&entra, next, &token).await;
    assert_eq!((second["value"].as_array().unwrap().len(), &second["value"][0]["Id"]), (20, &json!(101)));
    assert_eq!(second.get("odata.nextLink"), None);
    let by_title = "/sites/marketing/_api/web/lists/getbytitle('Tasks')?$select=ItemCount";
    assert_eq!(json_of(&entra, by_title, &token).await, json!({ "ItemCount": 120 }));
    let names = json_of(&entra, "/_api/web/lists/getbytitle('Documents')/items", &token).await;
    assert_eq!(names["value"][0]["FileLeafRef"], "Read me.txt");
    assert_eq!(json_of(&entra, "/_api/web/currentuser", &token).await["Email"], "alex@contoso.com");
}

#[tokio::test]
async fn the_form_is_what_is_accepted() {
    let entra = Entra::start().await;
    let token = for_sharepoint(&entra, json!({ "user": "alex" })).await;
    let verbose = ask(&entra, "/_api/web/lists", "application/json;odata=verbose", &token).await.json();
    assert_eq!(verbose["d"]["results"][0]["Title"], "Documents");
    let atom = ask(&entra, "/_api/web", "*/*", &token).await;
    assert!(atom.text.contains("<d:Title>Contoso</d:Title>"), "{}", atom.text);
    let missing = ask(&entra, "/_api/web/lists/getbytitle('None')", "application/json", &token).await;
    assert_eq!(missing.status, 404);
    assert!(missing.json()["odata.error"]["code"].as_str().unwrap().contains("SPException"));
}

#[tokio::test]
async fn tokens_are_for_one_host() {
    let entra = Entra::start().await;
    let web = "/_api/web";
    let refused = async |path: &str, token: &str, status: u16, word: &str| {
        let answer = ask(&entra, path, "application/json", token).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(word), "{}", answer.text);
        answer
    };
    let graph = entra.mint(json!({ "user": "alex", "audience": "https://graph.microsoft.com" })).await;
    let answer = refused(web, &graph, 401, "Invalid audience").await;
    assert!(answer.header("x-ms-diagnostics").unwrap().starts_with("3000003"));
    let wish = json!({ "user": "megan", "audience": "https://fabrikam.sharepoint.com" });
    refused(web, &entra.mint(wish).await, 401, "Invalid audience").await;
    let stolen = for_sharepoint(&entra, json!({ "user": "megan" })).await;
    refused(web, &stolen, 401, "another tenant").await;
    let weak = for_sharepoint(&entra, json!({ "user": "alex", "scopes": ["MyFiles.Read"] })).await;
    refused(web, &weak, 403, "Access denied").await;
    let alex = for_sharepoint(&entra, json!({ "user": "alex" })).await;
    refused("/sites/hr/_api/web", &alex, 403, "Access denied").await;
    let secret = for_sharepoint(&entra, json!({ "app": "Tenantry", "roles": ["Sites.Read.All"] })).await;
    refused(web, &secret, 401, "Unsupported app only token").await;
    let signed = json!({ "app": "Tenantry", "roles": ["Sites.Read.All"], "claims": { "appidacr": "2" } });
    let signed = for_sharepoint(&entra, signed).await;
    assert_eq!(ask(&entra, web, "application/json", &signed).await.status, 200);
    assert_eq!(entra.emulator.requests(emulator::Endpoint::SharePoint), 7);
}

#[tokio::test]
async fn a_user_gets_there_on_behalf_of() {
    let entra = Entra::start().await;
    let obo = async |who: &str, scope: &str| {
        let assertion = entra.mint(json!({ "user": who })).await;
        let form =
            [("assertion", assertion.as_str()), ("requested_token_use", "on_behalf_of"), ("scope", scope)];
        entra.form(TOKEN, &web("urn:ietf:params:oauth:grant-type:jwt-bearer", &form)).await
    };
    for scope in ["https://contoso.sharepoint.com/AllSites.Read", "https://contoso.sharepoint.com/.default"] {
        let body = obo("alex", scope).await.json();
        let token = text(&body, "access_token");
        assert_eq!(claims(token)["aud"], HOST);
        assert_eq!(json_of(&entra, "/_api/web", token).await["Title"], "Contoso");
    }
    // The other tenant's host is nobody here.
    let foreign = obo("alex", "https://fabrikam.sharepoint.com/.default").await;
    refused(&foreign, "invalid_resource", 500_011);
    // lee has to show more, for this resource.
    let lee = refused(&obo("lee", "https://contoso.sharepoint.com/.default").await, "invalid_grant", 50076);
    assert_eq!(lee["suberror"], "basic_action");
    assert!(text(&lee, "claims").contains("capolids"));
    let form = [("scope", "https://contoso.sharepoint.com/.default")];
    let app = entra.form(TOKEN, &web("client_credentials", &form)).await.json();
    assert_eq!(claims(text(&app, "access_token"))["oid"], ids::TENANTRY_IN_CONTOSO);
}

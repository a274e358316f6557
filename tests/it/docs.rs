//! The document as a running service publishes it, and the pages that show it.

use serde_json::{Value, json};
use tests::{Response, TestApp};

const SPA: &str = "a0000000-0000-4000-8000-00000000000b";

fn policy(response: &Response) -> String {
    response.header("content-security-policy").unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_document_names_this_service_and_its_authority() {
    let app = TestApp::builder().set("PUBLIC_URL", "https://tenantry.example.com").start().await;
    let document = app.anonymous().get("/openapi.json").await.expect(200).json();
    assert_eq!(document["servers"], json!([{ "url": "https://tenantry.example.com" }]));
    let flow = &document["components"]["securitySchemes"]["entra"]["flows"]["authorizationCode"];
    let authority = app.emulator.http_url();
    assert_eq!(flow["authorizationUrl"], json!(format!("{authority}/common/oauth2/v2.0/authorize")));
    assert_eq!(flow["tokenUrl"], json!(format!("{authority}/common/oauth2/v2.0/token")));
    let scope = "api://a0000000-0000-4000-8000-00000000000a/access_as_user";
    assert_eq!(flow["scopes"].as_object().map(|scopes| scopes.contains_key(scope)), Some(true));
    let security = &document["paths"]["/api/auth/me"]["get"]["security"];
    assert_eq!(*security, json!([{ "entra": [scope] }, { "token": [] }, { "session": [] }, { "key": [] }]));

    let committed = api::app::document().unwrap();
    assert_eq!(committed.get("servers"), None);
    let flow = &committed["components"]["securitySchemes"]["entra"]["flows"]["authorizationCode"];
    let expected = "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize";
    assert_eq!(flow["authorizationUrl"], json!(expected));
}

/// `null` is nothing that OpenAPI 3.0 has a use for, but in examples and for "no permission is needed".
#[tokio::test]
async fn the_document_leaves_out_what_it_does_not_say() {
    fn nulls(part: &Value, path: &str, found: &mut Vec<String>) {
        match part {
            Value::Null => found.push(path.to_owned()),
            Value::Object(members) => {
                for (name, member) in members {
                    if !["example", "examples", "default", "x-permission"].contains(&name.as_str()) {
                        nulls(member, &format!("{path}/{name}"), found);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| nulls(item, path, found)),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    nulls(&api::app::document().unwrap(), "", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn the_document_is_yaml_too() {
    let app = TestApp::start().await;
    let response = app.anonymous().get("/openapi.yaml").await.expect(200);
    assert_eq!(response.header("content-type"), Some("application/yaml"));
    assert!(response.text.contains("\n  /api/auth/me:\n"), "{}", response.text);
}

/// With the scripts of npm or without them: a build without is a build too.
#[tokio::test]
async fn the_pages_run_scripts_of_this_service_only() {
    let app = TestApp::builder().set("DOCS_CLIENT_ID", SPA).start().await;
    for path in ["/docs", "/docs/reference"] {
        let page = app.anonymous().get(path).await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = policy(&page);
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(policy.contains(&format!("connect-src 'self' {};", app.emulator.http_url())), "{policy}");
        assert!(!policy.contains("unsafe-eval"), "{policy}");
        assert!(!page.text.contains("<script>"), "inline scripts do not run");
        match page.status.as_u16() {
            200 => assert!(page.text.contains(&format!("data-client-id=\"{SPA}\"")), "{}", page.text),
            404 => assert!(page.text.contains("make assets"), "{}", page.text),
            status => panic!("{status}"),
        }
        app.anonymous().post(path, json!({})).await.expect(405);
    }
    app.anonymous().get("/docs/assets/nothing.js").await.expect(404);
    let other = app.anonymous().get("/healthz").await.expect(200);
    assert!(policy(&other).starts_with("default-src 'self'; base-uri 'none'"));
}

#[tokio::test]
async fn what_is_switched_off_is_not_there() {
    let off = TestApp::builder().set("API_DOCS", "false").start().await;
    for path in ["/docs", "/docs/reference", "/docs/oauth2-redirect.html", "/openapi.json", "/openapi.yaml"] {
        off.anonymous().get(path).await.expect(404);
    }
    TestApp::start().await.anonymous().get("/openapi.json").await.expect(200);
}

//! The same API as a custom connector of Power Automate and Power Apps, which read OpenAPI 2.0 and no paths that go on.
//!
//! What is behind the credential proxy is Microsoft's and in no document of ours, so the requests that flows begin with
//! stand here; others are added in the connector's own editor, by the same pattern.

use serde_json::{Map, Value, json};

/// Operations that are taken from the API's own document.
const OWN: [&str; 2] = ["listConnections", "getConnection"];

/// A request to Microsoft Graph through the proxy.
struct Passed {
    id: &'static str,
    summary: &'static str,
    method: &'static str,
    path: &'static str,
    /// Of the query.
    options: &'static [(&'static str, &'static str)],
    has_body: bool,
}

const PASSED: [Passed; 6] = [
    Passed {
        id: "GetMe",
        summary: "Get the account's profile",
        method: "get",
        path: "me",
        options: &[],
        has_body: false,
    },
    Passed {
        id: "ListMessages",
        summary: "List messages",
        method: "get",
        path: "me/messages",
        options: &[("$top", "How many."), ("$filter", "Which."), ("$select", "Which members of each.")],
        has_body: false,
    },
    Passed {
        id: "SendMail",
        summary: "Send a message",
        method: "post",
        path: "me/sendMail",
        options: &[],
        has_body: true,
    },
    Passed {
        id: "ListEvents",
        summary: "List events of a time",
        method: "get",
        path: "me/calendarView",
        options: &[("startDateTime", "From when on."), ("endDateTime", "Until when.")],
        has_body: false,
    },
    Passed {
        id: "ListFiles",
        summary: "List the files in the root of the account's drive",
        method: "get",
        path: "me/drive/root/children",
        options: &[("$top", "How many.")],
        has_body: false,
    },
    Passed {
        id: "SearchSites",
        summary: "Search sites",
        method: "get",
        path: "sites",
        options: &[("search", "The words.")],
        has_body: false,
    },
];

/// The connector's document, for a service at `tenantry.example.com`; whoever imports it writes their own host.
pub(crate) fn connector(document: &Value) -> Value {
    let mut paths = Map::new();
    let known = document["paths"].as_object();
    for (path, item) in known.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation["operationId"].as_str().is_some_and(|id| OWN.contains(&id)) {
                insert(&mut paths, path, method, taken(operation));
            }
        }
    }
    for passed in &PASSED {
        let path = format!("/api/proxy/{{connectionId}}/graph/v1.0/{}", passed.path);
        insert(&mut paths, &path, passed.method, operation(passed));
    }
    json!({
        "swagger": "2.0",
        "info": {
            "title": "Tenantry",
            "version": document.pointer("/info/version"),
            "description": "Microsoft 365 in the name of connected accounts.",
        },
        "host": "tenantry.example.com",
        "basePath": "/",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "securityDefinitions": { "key": { "type": "apiKey", "in": "header", "name": "X-Api-Key" } },
        "security": [{ "key": [] }],
    })
}

fn insert(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    if let Some(item) = paths.entry(path).or_insert_with(|| json!({})).as_object_mut() {
        item.insert(method.to_owned(), operation);
    }
}

/// An operation of the API's own, with what a flow needs of it. Flows read answers without a schema.
fn taken(operation: &Value) -> Value {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<Value> = parameters
        .filter(|parameter| parameter["in"] == "path" || parameter["in"] == "query")
        .map(|parameter| {
            json!({
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter["required"],
                "type": parameter.pointer("/schema/type"),
                "description": parameter["description"],
                "x-ms-summary": parameter["name"],
            })
        })
        .collect();
    json!({
        "operationId": operation["operationId"],
        "summary": operation["summary"],
        "description": operation["description"],
        "parameters": parameters,
        "responses": responses(),
    })
}

fn operation(passed: &Passed) -> Value {
    let mut parameters = vec![json!({
        "name": "connectionId",
        "in": "path",
        "required": true,
        "type": "string",
        "description": "The connected account.",
        "x-ms-summary": "connectionId",
        "x-ms-url-encoding": "single",
    })];
    parameters.extend(passed.options.iter().map(|(name, description)| {
        json!({
            "name": name, "in": "query", "required": false, "type": "string", "description": description,
            "x-ms-summary": name,
        })
    }));
    if passed.has_body {
        parameters.push(json!({
            "name": "body", "in": "body", "required": true, "schema": { "type": "object" },
            "description": "As Microsoft Graph's reference has it.",
        }));
    }
    json!({
        "operationId": passed.id,
        "summary": passed.summary,
        "description": format!("{} (Microsoft Graph, /{}).", passed.summary, passed.path),
        "parameters": parameters,
        "responses": responses(),
    })
}

fn responses() -> Value {
    json!({ "default": { "description": "The answer.", "schema": { "type": "object" } } })
}

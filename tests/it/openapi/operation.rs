//! The operations of the OpenAPI document, for tests that hold for every one of them.

use poem::http::Method;
use serde_json::{Value, json};

/// An operation, as the document describes it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub id: String,
    pub method: Method,
    /// With `{name}` where a parameter stands.
    pub path: String,
    pub parameters: Vec<Parameter>,
    /// The schema of its JSON body.
    pub body: Option<Value>,
    /// The permission that it needs; `None` when being signed in is enough.
    pub permission: Option<String>,
    /// All that the document says about it.
    pub raw: Value,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub name: String,
    /// `path`, `query`, `header` or `cookie`.
    pub place: String,
    pub schema: Value,
}

impl Operation {
    /// Whether it asks Microsoft 365 in the caller's name, which takes a person with a token of their own.
    pub(crate) fn is_delegated(&self) -> bool {
        self.raw.get("x-delegated") == Some(&json!(true))
    }

    /// Whether an API key is the only credential that opens it.
    pub(crate) fn is_key_only(&self) -> bool {
        self.raw.get("x-key-only") == Some(&json!(true))
    }

    /// Whether what it answers is Microsoft's, whatever Microsoft says.
    pub(crate) fn passes_on(&self) -> bool {
        self.path.ends_with("{path}")
    }

    /// Whether an application cannot do it whatever it may: nobody signed in, or nobody can be acted for.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.is_delegated() || self.raw.get("x-recent-sign-in") == Some(&json!(true))
    }

    /// Whether its credential is a refresh token, which names one session and nothing else. No caller's own credential
    /// is one, so the walks pass by these few; `identity` has their tests.
    pub(crate) fn is_by_refresh_token(&self) -> bool {
        let schemes = self.raw.get("security").and_then(Value::as_array);
        schemes.is_some_and(|schemes| schemes.contains(&json!({ "refreshToken": [] })))
    }

    /// Whether it is for the service's own staff, whom no organization has.
    pub(crate) fn is_for_operators(&self) -> bool {
        self.permission.as_deref() == Some("operator")
    }

    /// Whether it takes a parameter of this name, wherever.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }
}

/// Every operation that is for the service's own staff. The list is closed, so that none becomes one unnoticed.
pub(crate) fn for_operators(document: &Value) -> Vec<Operation> {
    let found: Vec<_> = operations(document).into_iter().filter(Operation::is_for_operators).collect();
    let ids: Vec<&str> = found.iter().map(|operation| operation.id.as_str()).collect();
    let closed = [
        "getServiceHealth",
        "listInvitations",
        "inviteTenant",
        "withdrawInvitation",
        "pingAdmin",
        "listTenants",
        "deleteTenant",
        "getTenant",
        "updateTenant",
        "restoreTenant",
    ];
    assert_eq!(ids, closed, "the list of what the staff may do is closed");
    assert!(found.iter().all(|operation| operation.path.starts_with("/api/admin/")));
    found
}

/// Every operation that callers of organizations call.
pub(crate) fn walked(document: &Value) -> Vec<Operation> {
    let all = operations(document);
    let all = all.into_iter().filter(|operation| !operation.is_for_operators());
    let (passed_by, walked): (Vec<_>, Vec<_>) = all.partition(Operation::is_by_refresh_token);
    let passed_by: Vec<&str> = passed_by.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(
        passed_by,
        ["signOut", "refreshSession"],
        "the list of those that the walks pass by is closed"
    );
    walked
}

/// Every operation of a document.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("the document has paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, raw) in item.as_object().expect("a path has methods") {
            all.push(operation(method, path, raw));
        }
    }
    assert!(!all.is_empty(), "the document has no operation, so a walk over it proves nothing");
    all
}

fn operation(method: &str, path: &str, raw: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = raw["parameters"].as_array().into_iter().flatten();
    Operation {
        id: text(&raw["operationId"]),
        method: method.to_uppercase().parse().expect("a method of HTTP"),
        path: path.to_owned(),
        parameters: parameters
            .map(|parameter| Parameter {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                schema: parameter["schema"].clone(),
            })
            .collect(),
        body: raw.pointer("/requestBody/content/application~1json/schema").cloned(),
        permission: raw["x-permission"].as_str().map(str::to_owned),
        raw: raw.clone(),
    }
}

/// A schema with its reference followed, through the `allOf` in which the framework wraps one.
pub(crate) fn resolve(document: &Value, schema: &Value) -> Value {
    let wrapped = schema["allOf"].as_array().into_iter().flatten().find(|part| part["$ref"].is_string());
    match wrapped.unwrap_or(schema)["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            let found = document.pointer(pointer).cloned();
            resolve(document, &found.unwrap_or_else(|| json!({ "missing": reference })))
        }
        None => schema.clone(),
    }
}

//! Paths that go on as somebody else's: the framework writes them as its router has them, and knows nothing of their
//! rest or of bodies that it does not read.

use serde_json::{Map, Value, json};

/// As the router writes the rest of a path.
const REST: &str = "*path";

/// Whether an operation passes requests on.
pub(super) fn passes_on(operation: &Map<String, Value>) -> bool {
    let id = operation.get("operationId").and_then(Value::as_str);
    id.is_some_and(|id| id.starts_with("proxyGraph") || id.starts_with("proxySharePoint"))
}

/// Gives the rest of a path a parameter, and what is sent a body.
pub(super) fn write(document: &mut Map<String, Value>) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let passing: Vec<String> = paths.keys().filter(|path| path.ends_with(REST)).cloned().collect();
    for path in passing {
        let Some(mut item) = paths.remove(&path) else { continue };
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let Some(operation) = operation.as_object_mut() else { continue };
            let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
            if let Some(parameters) = parameters.as_array_mut() {
                parameters.push(json!({
                    "name": "path",
                    "in": "path",
                    "required": true,
                    "schema": { "type": "string", "minLength": 1 },
                    "description": "The path at Microsoft, with its slashes as they are, and its query behind it.",
                }));
            }
            if matches!(method.as_str(), "post" | "put" | "patch") {
                operation.insert(
                    "requestBody".to_owned(),
                    json!({
                        "description": "Passed on as it is, with its Content-Type.",
                        "content": { "*/*": { "schema": { "type": "string", "format": "binary" } } },
                    }),
                );
            }
        }
        paths.insert(path.replace(REST, "{path}"), item);
    }
}

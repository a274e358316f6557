//! What an answer does not know is `null`, and always there. The framework's document calls such a property optional
//! and says nothing of `null`, which would make a generated client wrong.

use serde_json::{Map, Value, json};

use super::reach::{Reached, reached};

/// The framework leaves these out instead of sending `null`.
const LEFT_OUT: [(&str, &str); 7] = [
    ("ApiKey", "rawKey"),
    ("ApiKey", "wireKey"),
    ("Error", "details"),
    // Only an API key has them, and everybody else asks often.
    ("Me", "keyId"),
    ("Me", "keyPrefix"),
    ("Me", "name"),
    ("Me", "serviceId"),
];

/// Corrects the schemas of answers.
pub(super) fn write(document: &mut Map<String, Value>) {
    let Reached { answers, bodies } = reached(document);
    for name in &answers {
        let Some(schema) =
            document.get_mut("components").and_then(|all| all.get_mut("schemas")?.get_mut(name))
        else {
            continue;
        };
        // What is also a body may leave out what it does not have.
        correct(name, schema, bodies.contains(name));
    }
}

fn correct(name: &str, schema: &mut Value, is_body: bool) {
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut all = Vec::new();
    for (property, value) in properties.iter_mut() {
        if LEFT_OUT.contains(&(name, property.as_str())) {
            continue;
        }
        if !required.contains(&json!(property)) {
            // A reference may have nothing beside it (OpenAPI 3.0.3, "Reference Object").
            if value.get("$ref").is_some() {
                *value = json!({ "allOf": [value.take()] });
            }
            value["nullable"] = json!(true);
        }
        all.push(json!(property));
    }
    if !is_body {
        schema["required"] = Value::Array(all);
    }
}

//! What an answer does not know is `null`, and always there. The framework's document calls such a property optional
//! and says nothing of `null`, which would make a generated client wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The framework leaves these out instead of sending `null`.
const LEFT_OUT: [(&str, &str); 1] = [("Error", "details")];

/// Corrects the schemas of answers.
pub(super) fn write(document: &mut Map<String, Value>) {
    let schemas = document.get("components").and_then(|components| components.get("schemas")).cloned();
    let Some(schemas) = schemas else { return };
    let (mut answers, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    let paths = document.get("paths").and_then(Value::as_object);
    let operations =
        paths.into_iter().flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::values);
    for operation in operations {
        operation.get("responses").inspect(|part| reach(part, &schemas, &mut answers));
        operation.get("requestBody").inspect(|part| reach(part, &schemas, &mut bodies));
    }
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

/// The names of the schemas that a part of the document leads to.
fn reach(part: &Value, schemas: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            if let Some(name) = name
                && names.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                reach(schema, schemas, names);
            }
            members.values().for_each(|member| reach(member, schemas, names));
        }
        Value::Array(items) => items.iter().for_each(|item| reach(item, schemas, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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

//! What bodies are held to and the framework's document leaves open: a member that a schema does not name is refused,
//! and a number that its type cannot hold, too.

use serde_json::{Map, Value, json};

use super::reach::{Reached, reached};

/// Writes it into the schemas of bodies, and the bounds into parameters as well.
pub(super) fn write(document: &mut Map<String, Value>) {
    let Reached { bodies, .. } = reached(document);
    let schemas = document.get_mut("components").and_then(|components| components.get_mut("schemas"));
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        if bodies.contains(name) {
            close(schema);
        }
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut()).filter_map(Value::as_object_mut);
    for operation in items.flat_map(|item| item.values_mut()) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if let Some(schema) = parameter.get_mut("schema") {
                bound(schema);
            }
        }
    }
}

fn close(schema: &mut Value) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
    // Not by index, which would give an enumeration a member of that name.
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|all| all.values_mut()) {
        bound(property);
    }
}

/// OpenAPI has no such formats; a client that does not know them learns the bounds.
fn bound(schema: &mut Value) {
    let largest = match schema.get("format").and_then(Value::as_str) {
        Some("uint16") => u32::from(u16::MAX),
        Some("uint32") => u32::MAX,
        _ => return,
    };
    for (bound, value) in [("minimum", 0), ("maximum", largest)] {
        if schema.get(bound).is_none() {
            schema[bound] = json!(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_body_of_the_document_is_closed_and_its_numbers_are_bounded() {
        let document = crate::app::document().unwrap();
        let bodies = reached(document.as_object().unwrap()).bodies;
        assert!(bodies.len() > 3, "{bodies:?}");
        for name in bodies {
            let schema = &document["components"]["schemas"][&name];
            if schema["type"] == json!("object") {
                assert_eq!(schema["additionalProperties"], json!(false), "{name}");
            }
            for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
                if schema["type"] == json!("integer") {
                    let is_bounded = schema["minimum"].is_number() && schema["maximum"].is_number();
                    assert!(is_bounded, "{name}.{property}");
                }
            }
        }
    }
}

//! Examples, by the names of schemas and path parameters; `examples.json` has them.
//!
//! They hang together, so that the pages tell one story. Query parameters and `If-Match` have none: Swagger UI fills
//! them in, and "Try it out" would send filters that find nothing, and versions that nobody read.

use serde_json::{Map, Value, json};

const EXAMPLES: &str = include_str!("examples.json");

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Examples {
    next_cursor: Value,
    path_parameters: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// Adds them to a document.
pub(super) fn write(document: &mut Map<String, Value>) -> anyhow::Result<()> {
    let examples: Examples = serde_json::from_str(EXAMPLES)?;
    let schemas = document.get_mut("components").and_then(|components| components.get_mut("schemas"));
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(example) = examples.schemas.get(name) {
            schema["example"] = example.clone();
        }
        if let Some(cursor) = schema.pointer_mut("/properties/nextCursor") {
            cursor["example"] = examples.next_cursor.clone();
        }
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut());
    let operations = items.flat_map(|item| item.values_mut());
    let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    for parameter in parameters.flatten() {
        let example = parameter["name"].as_str().and_then(|name| examples.path_parameters.get(name));
        if let Some(example) = example
            && parameter["in"] == json!("path")
        {
            parameter["example"] = example.clone();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_object_and_path_parameter_has_an_example_that_its_schema_allows() {
        let document = crate::app::document().unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            if name.starts_with("Data_") || name.starts_with("Listed_") || name.starts_with("Error") {
                continue;
            }
            if schema["type"] == json!("object") {
                let example = schema.get("example").unwrap_or_else(|| panic!("{name} has no example"));
                let mut whole = schema.clone();
                whole["components"] = document["components"].clone();
                for property in example.as_object().unwrap().keys() {
                    assert!(!schema["properties"][property].is_null(), "{name} has no {property}");
                }
                if !example.to_string().contains("null") {
                    let validator = jsonschema::draft4::new(&whole).unwrap();
                    let errors: Vec<_> =
                        validator.iter_errors(example).map(|error| error.to_string()).collect();
                    assert!(errors.is_empty(), "{name}: {errors:?}");
                }
            }
        }
        let known: Examples = serde_json::from_str(EXAMPLES).unwrap();
        for name in known.schemas.keys() {
            assert!(schemas.contains_key(name), "{name} is no schema");
        }
        for path in document["paths"].as_object().unwrap().keys() {
            for parameter in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(known.path_parameters.contains_key(parameter), "{parameter} has no example");
            }
        }
    }
}

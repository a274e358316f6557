//! Which schemas are answers, and which are bodies.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The names of the schemas that answers and bodies lead to.
pub(super) struct Reached {
    pub answers: BTreeSet<String>,
    pub bodies: BTreeSet<String>,
}

/// Looks through all operations.
pub(super) fn reached(document: &Map<String, Value>) -> Reached {
    let (mut answers, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    let schemas = document.get("components").and_then(|components| components.get("schemas"));
    let paths = document.get("paths").and_then(Value::as_object);
    let operations =
        paths.into_iter().flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::values);
    for (operation, schemas) in operations.zip(std::iter::repeat(schemas.unwrap_or(&Value::Null))) {
        operation.get("responses").inspect(|part| reach(part, schemas, &mut answers));
        operation.get("requestBody").inspect(|part| reach(part, schemas, &mut bodies));
    }
    Reached { answers, bodies }
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

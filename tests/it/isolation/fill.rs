//! Fills a request from what the document says about its operation.

use poem::http::Method;
use serde_json::{Map, Value, json};
use tests::{Actor, Response};
use url::form_urlencoded;

use super::world::is_id;
use crate::openapi::operation::{Operation, resolve};

/// Where something stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// What stands for a name.
pub(crate) enum Noun {
    Value(Value),
    /// It is optional, and something else looks at it.
    LeaveOut,
}

/// Gives the value of a name, if it knows one.
pub(crate) type Nouns<'a> = &'a dyn Fn(Place, &str) -> Option<Noun>;

/// A request of an operation, filled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filled {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
}

impl Filled {
    pub(crate) async fn send(&self, actor: &Actor) -> Response {
        let mut actor = actor.clone();
        for (name, value) in &self.headers {
            actor = actor.with(name, value);
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
        let uri = if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) };
        actor.send(self.method.clone(), &uri, self.body.as_ref()).await
    }

    /// The same with one more header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut filled = self.clone();
        filled.headers.push((name.to_owned(), value.to_owned()));
        filled
    }
}

/// Fills all of an operation, or says what it cannot fill and where to add it.
pub(crate) fn fill(document: &Value, operation: &Operation, nouns: Nouns<'_>) -> Result<Filled, String> {
    let id = &operation.id;
    let mut filled = Filled {
        method: operation.method.clone(),
        path: operation.path.clone(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
    };
    let values = Filler { document, nouns };
    for parameter in &operation.parameters {
        let name = &parameter.name;
        let place = match parameter.place.as_str() {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            other => {
                return Err(format!("{id}: the walk does not know how to fill a {other} parameter ({name})"));
            }
        };
        // What is downloaded is a file, and what is listed a folder.
        let noun = match (id.as_str(), name.as_str()) {
            ("listChildren", "itemId") => "folderId",
            // Elsewhere it is one of few words.
            ("getConnectionToken", "resource") => "tokenResource",
            _ => name,
        };
        let Some(value) =
            values.value(place, noun, &parameter.schema).map_err(|problem| format!("{id}: {problem}"))?
        else {
            continue;
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match place {
            Place::Path => filled.path = filled.path.replace(&format!("{{{name}}}"), &text),
            Place::Query => filled.query.push((name.clone(), text)),
            Place::Header | Place::Body => filled.headers.push((name.clone(), text)),
        }
    }
    if filled.path.contains('{') {
        return Err(format!("{id}: a parameter of the path is not described"));
    }
    if let Some(schema) = &operation.body {
        filled.body = values.value(Place::Body, "", schema).map_err(|problem| format!("{id}: {problem}"))?;
    }
    Ok(filled)
}

struct Filler<'a> {
    document: &'a Value,
    nouns: Nouns<'a>,
}

impl Filler<'_> {
    /// A value by name, else by schema; `None` for what is left out.
    fn value(&self, place: Place, name: &str, schema: &Value) -> Result<Option<Value>, String> {
        match (self.nouns)(place, name) {
            Some(Noun::Value(value)) => return Ok(Some(value)),
            Some(Noun::LeaveOut) => return Ok(None),
            None => {}
        }
        let schema = resolve(self.document, schema);
        let is_somebodys = name.ends_with("Id") || name.ends_with("Ids") || place == Place::Path;
        let by_schema = if is_somebodys { None } else { self.by_schema(place, name, &schema)? };
        let unknown = || {
            format!(
                "cannot fill {name:?} ({place:?}) from {schema}: add it to the table of nouns in \
                 tests/it/isolation/world.rs, with a thing that World fills both organizations with"
            )
        };
        by_schema.map(Some).ok_or_else(unknown)
    }

    fn by_schema(&self, place: Place, name: &str, schema: &Value) -> Result<Option<Value>, String> {
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return Ok(Some(first.clone()));
        }
        Ok(match schema["type"].as_str() {
            Some("string") => text(name, schema),
            // The document has bounds with a fraction, of zero.
            Some("integer") => bound(schema)
                .map_or(Some(1), |bound| format!("{bound:.0}").parse().ok())
                .map(|whole: i64| json!(whole)),
            Some("number") => bound(schema).map(|bound| json!(bound)).or(Some(json!(1.5))),
            Some("boolean") => Some(json!(true)),
            Some("array") => self.value(place, name, &schema["items"])?.map(|item| json!([item])),
            Some("object") => Some(Value::Object(self.members(schema)?)),
            // Any JSON.
            None if schema["$ref"].is_null() && schema["missing"].is_null() => {
                Some(json!({ "filled": "by the walk" }))
            }
            _ => None,
        })
    }

    fn members(&self, schema: &Value) -> Result<Map<String, Value>, String> {
        let mut members = Map::new();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = self.value(Place::Body, name, schema)? {
                members.insert(name.clone(), value);
            }
        }
        Ok(members)
    }
}

/// The largest of a range: of a list the most.
fn bound(schema: &Value) -> Option<f64> {
    schema["maximum"].as_f64().or_else(|| schema["minimum"].as_f64())
}

fn text(name: &str, schema: &Value) -> Option<Value> {
    match schema["format"].as_str() {
        None => {}
        Some("date-time") => return Some(json!("2026-01-01T00:00:00Z")),
        Some("date") => return Some(json!("2026-01-01")),
        Some("email") => return Some(json!("walk@example.com")),
        Some("uri" | "url") => return Some(json!("https://example.com/walk")),
        Some(_) => return None,
    }
    let length = |member: &str| schema[member].as_u64().and_then(|length| usize::try_from(length).ok());
    let mut text = format!("{name} by the walk");
    while text.len() < length("minLength").unwrap_or(0) {
        text.push('.');
    }
    text.truncate(length("maxLength").unwrap_or(usize::MAX));
    Some(json!(text))
}

/// The same for things that nobody has.
pub(crate) fn unknown(noun: Noun) -> Noun {
    match noun {
        Noun::Value(value) => Noun::Value(stranger(value)),
        Noun::LeaveOut => Noun::LeaveOut,
    }
}

fn stranger(value: Value) -> Value {
    match value {
        Value::String(text) if is_id(&text) => {
            let known: uuid::Uuid = text.parse().expect("an id");
            // Of the same age, so that nothing about it but its being unknown differs.
            json!(uuid::Uuid::from_u128(known.as_u128() ^ 0x5a5a_5a5a_5a5a).to_string())
        }
        // A drive's or an item's, at Microsoft.
        Value::String(text) if text.starts_with("b!") || text.starts_with("01") => {
            json!(format!("{}ZZZZ", &text[..text.len() - 4]))
        }
        Value::String(text) => json!(text.replace(super::world::MARKER, "nowhere")),
        Value::Array(items) => items.into_iter().map(stranger).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => other,
    }
}

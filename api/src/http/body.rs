//! JSON bodies, checked against the schemas of the OpenAPI document before they are read, so that all that is wrong
//! with a body is told at once and by field.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use jsonschema::{Validator, error::ValidationErrorKind};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    error::ContentTypeError,
    payload::{Json, Payload},
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde_json::{Map, Value, json};

use super::json;
use crate::{context::RequestContext, edge::MAX_BODY_BYTES, error::ApiError};

/// The validators of a document's objects, made when the first body comes: it takes some hundredths of a second.
pub(crate) struct BodySchemas(LazyLock<anyhow::Result<Validators>>);

impl BodySchemas {
    /// Those of the service's own document.
    pub(crate) fn of_service() -> Self {
        Self(LazyLock::new(|| Validators::compile(&crate::app::document()?)))
    }

    fn get(&self) -> Result<&Validators, ApiError> {
        self.0.as_ref().map_err(|error| ApiError::internal(format!("{error:#}")))
    }
}

/// A validator for each object of the document, by the object's name.
struct Validators(HashMap<String, Validator>);

impl Validators {
    /// Compiles the schemas of an OpenAPI 3.0 document.
    fn compile(document: &Value) -> anyhow::Result<Self> {
        let empty = Map::new();
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
        let converted: Map<String, Value> =
            schemas.iter().map(|(name, schema)| (name.clone(), as_json_schema(schema.clone()))).collect();
        let mut validators = HashMap::new();
        for name in converted.keys() {
            let mut needed = Map::new();
            collect(name, &converted, &mut needed);
            let root = json!({
                "$ref": format!("{SCHEMAS}{name}"),
                "components": { "schemas": needed },
            });
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&root)
                .map_err(|error| anyhow::anyhow!("the schema {name} of the document is not one: {error}"))?;
            validators.insert(name.clone(), validator);
        }
        Ok(Self(validators))
    }

    fn check(&self, name: &str, body: &Value) -> Result<(), ApiError> {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if let Some(validator) = self.0.get(name) {
            for error in validator.iter_errors(body).take(MOST_TOLD) {
                tell(&error, &mut fields);
            }
        }
        for path in json::with_nul(body) {
            tell_field(path, "has the character U+0000, which cannot be kept".to_owned(), &mut fields);
        }
        if fields.is_empty() { Ok(()) } else { Err(ApiError::invalid(&fields)) }
    }
}

/// Where schemas refer to others.
const SCHEMAS: &str = "#/components/schemas/";

/// A schema and all that it refers to.
fn collect(name: &str, all: &Map<String, Value>, needed: &mut Map<String, Value>) {
    if needed.contains_key(name) {
        return;
    }
    let Some(schema) = all.get(name) else { return };
    needed.insert(name.to_owned(), schema.clone());
    follow(schema, all, needed);
}

fn follow(schema: &Value, all: &Map<String, Value>, needed: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            let named = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = named.and_then(|text| text.strip_prefix(SCHEMAS)) {
                collect(name, all, needed);
            }
            for member in members.values() {
                follow(member, all, needed);
            }
        }
        Value::Array(items) => {
            for item in items {
                follow(item, all, needed);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// How many things that are wrong with one body are told.
const MOST_TOLD: usize = 50;

/// OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own.
fn as_json_schema(schema: Value) -> Value {
    match schema {
        Value::Object(mut members) => {
            let nullable = members.remove("nullable") == Some(Value::Bool(true));
            let converted: Map<String, Value> =
                members.into_iter().map(|(name, member)| (name, as_json_schema(member))).collect();
            let converted = Value::Object(converted);
            if nullable { json!({ "anyOf": [converted, { "type": "null" }] }) } else { converted }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(as_json_schema).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

fn tell_field(field: String, reason: String, fields: &mut BTreeMap<String, Vec<String>>) {
    let field = if field.is_empty() { "body".to_owned() } else { field };
    fields.entry(field).or_default().push(reason);
}

/// Adds the field, as its path with dots, and what is wrong with it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds that the document's schemas can give have words"
)]
fn tell(error: &jsonschema::ValidationError<'_>, fields: &mut BTreeMap<String, Vec<String>>) {
    let mut path: Vec<String> = error.instance_path().segments().map(|segment| segment.to_string()).collect();
    let reason = match error.kind() {
        // What may be null and is not: the errors of the other branch are the ones that help.
        ValidationErrorKind::AnyOf { context } => {
            for error in context.iter().take(1).flatten() {
                tell(error, fields);
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            path.push(property.as_str().unwrap_or_default().to_owned());
            "is required".to_owned()
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("has members that are not known: {}", unexpected.join(", "))
        }
        ValidationErrorKind::Type { .. } => "has the wrong type".to_owned(),
        ValidationErrorKind::Format { format } => format!("is not of the format {format}"),
        ValidationErrorKind::MinLength { limit } => format!("is shorter than {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("has fewer than {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} items"),
        ValidationErrorKind::Minimum { limit } => format!("is less than {}", number(limit)),
        ValidationErrorKind::Maximum { limit } => format!("is more than {}", number(limit)),
        ValidationErrorKind::Pattern { pattern } => format!("does not match {pattern}"),
        ValidationErrorKind::Enum { options } => format!("is none of {options}"),
        _ => "is not valid".to_owned(),
    };
    tell_field(path.join("."), reason, fields);
}

/// A limit as a person writes it: the framework's are floating, `1.0`.
fn number(limit: &Value) -> String {
    limit.as_f64().map_or_else(|| limit.to_string(), |limit| limit.to_string())
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub T);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <T as Type>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let schema: MetaSchemaRef = T::schema_ref();
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        read(request, body).await.map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub(crate) struct OptionalBody<T>(pub Option<T>);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <T as Type>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Body::<T>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
        // Some clients name a type for a body that they do not send.
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_type::<T>(request)?;
        parse(request, &bytes).map(|body| Self(Some(body)))
    }
}

async fn read<T: ParseFromJSON>(request: &Request, body: &mut RequestBody) -> poem::Result<T> {
    check_type::<T>(request)?;
    let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
    parse(request, &bytes)
}

fn check_type<T: ParseFromJSON>(request: &Request) -> poem::Result<()> {
    let content_type = request.content_type().ok_or(ContentTypeError::ExpectContentType)?;
    if Json::<T>::check_content_type(content_type) {
        return Ok(());
    }
    Err(ContentTypeError::NotSupported { content_type: content_type.to_owned() }.into())
}

fn parse<T: ParseFromJSON>(request: &Request, bytes: &[u8]) -> poem::Result<T> {
    let value = json::read(bytes)
        .map_err(|error| ApiError::invalid_field("body", format!("is not JSON: {error}")))?;
    if let Some(context) = RequestContext::of(request) {
        context.services.schemas.get()?.check(&T::name(), &value)?;
    }
    T::parse_from_json(Some(value)).map_err(|error| {
        poem_openapi::error::ParseRequestPayloadError { reason: error.into_message() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &Value) -> Option<Value> {
        let document = json!({ "components": { "schemas": { "Note": {
            "type": "object",
            "additionalProperties": false,
            "required": ["text"],
            "properties": {
                "text": { "type": "string", "maxLength": 3 },
                "page": { "type": "integer", "nullable": true },
                "terms": { "type": "array", "items": { "type": "string", "format": "uuid" } },
                "start": { "type": "integer", "format": "uint32", "minimum": 0 },
                "a.b/c": { "type": "integer", "minimum": 1.0, "nullable": true },
            },
        } } } });
        let schemas = Validators::compile(&document).unwrap();
        schemas.check("Note", body).err().and_then(|error| error.details)
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_by_field() {
        let wrong = json!({ "text": "long", "page": "one", "terms": ["x"], "extra": 1 });
        assert_eq!(
            check(&wrong),
            Some(json!({
                "body": ["has members that are not known: extra"],
                "page": ["has the wrong type"],
                "terms.0": ["is not of the format uuid"],
                "text": ["is longer than 3 characters"],
            }))
        );
        let wrong = json!({ "text": "a\0", "start": -1, "a.b/c": 0 });
        assert_eq!(
            check(&wrong),
            Some(json!({
                "a.b/c": ["is less than 1"],
                "start": ["is less than 0"],
                "text": ["has the character U+0000, which cannot be kept"],
            }))
        );
        assert_eq!(check(&json!({})), Some(json!({ "text": ["is required"] })));
        assert_eq!(check(&json!([])), Some(json!({ "body": ["has the wrong type"] })));
    }

    #[test]
    fn absent_null_and_value_are_all_right_where_null_is() {
        for page in
            [json!({ "text": "a" }), json!({ "text": "a", "page": null }), json!({ "text": "a", "page": 1 })]
        {
            assert_eq!(check(&page), None);
        }
        assert!(check(&json!({ "text": null })).is_some());
    }

    #[test]
    fn every_schema_of_the_document_is_one() {
        let document = crate::app::document().unwrap();
        assert!(Validators::compile(&document).unwrap().0.len() > 50);
    }

    #[test]
    fn what_a_schema_refers_to_is_checked_too_however_far_away() {
        let object = |of: &str| json!({ "type": "object", "properties": { "in": { "$ref": format!("{SCHEMAS}{of}") } } });
        let document = json!({ "components": { "schemas": {
            "A": object("B"), "B": { "type": "array", "items": object("C") }, "C": { "type": "integer" }, "D": object("D"),
        } } });
        let schemas = Validators::compile(&document).unwrap();
        assert!(schemas.check("A", &json!({ "in": [{ "in": 1 }] })).is_ok());
        assert!(schemas.check("A", &json!({ "in": [{ "in": "x" }] })).is_err());
        assert!(schemas.check("D", &json!({ "in": { "in": 1 } })).is_err());
    }
}

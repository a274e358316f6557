//! Typed ids in paths, queries and bodies: plain UUIDs on the wire, of one kind in the handler.

use std::borrow::Cow;

use domain::id::TypedId;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// An id of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<T>(pub T);

impl<T: TypedId> Type for Id<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_uuid".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "uuid")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

fn parse<T: TypedId>(text: &str) -> ParseResult<Id<T>> {
    let not_an_id = |_| ParseError::custom(format!("{}Id: is not a UUID", T::NOUN));
    text.parse().map(|uuid| Id(T::from_uuid(uuid))).map_err(not_an_id)
}

impl<T: TypedId> ParseFromParameter for Id<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        parse(text)
    }
}

impl<T: TypedId> ParseFromJSON for Id<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => parse(&text),
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(ParseError::expected_type(other))
            }
        }
    }
}

impl<T: TypedId> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.uuid().serialize(serializer)
    }
}

impl<T: TypedId> ToJSON for Id<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }
}

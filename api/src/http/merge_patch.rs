//! Members of a JSON Merge Patch (RFC 7396) that `null` takes away.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// A member that is absent, `null` or a value. The framework's own type for it does not say in the document that it
/// takes `null`, and bodies are checked against the document. A member of this type must not be `#[oai(default)]`:
/// the framework takes the default for `null` too.
#[derive(Debug)]
pub(crate) enum Nullable<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Nullable<T> {
    /// What is to be changed, as the domain's patches have it: `None` leaves it, `Some(None)` takes it away.
    #[expect(clippy::option_option, reason = "the domain's patches tell absent from taken away so")]
    pub(crate) fn change(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }
}

impl<T: Type> Type for Nullable<T> {
    const IS_REQUIRED: bool = false;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("nullable_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let schema = match T::schema_ref() {
            MetaSchemaRef::Inline(schema) => MetaSchema { nullable: true, ..*schema },
            // What stands beside a reference is not read (OpenAPI 3.0.3, "Reference Object").
            reference @ MetaSchemaRef::Reference(_) => {
                MetaSchema { all_of: vec![reference], nullable: true, ..MetaSchema::ANY }
            }
        };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        match self {
            Self::Value(value) => value.as_raw_value(),
            Self::Absent | Self::Null => None,
        }
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        match self {
            Self::Value(value) => value.raw_element_iter(),
            Self::Absent | Self::Null => Box::new(std::iter::empty()),
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Nullable<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            None => Ok(Self::Absent),
            Some(Value::Null) => Ok(Self::Null),
            value => T::parse_from_json(value).map(Self::Value).map_err(ParseError::propagate),
        }
    }
}

impl<T: ToJSON> ToJSON for Nullable<T> {
    fn to_json(&self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Null => Some(Value::Null),
            Self::Value(value) => value.to_json(),
        }
    }
}

//! Ids of Microsoft's in paths and queries. What cannot be one is refused before anybody is asked.

use std::borrow::Cow;

use domain::sharepoint::{DriveId, ItemId, SiteId};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

/// A kind of ids.
pub(crate) trait MicrosoftId: Sized + Send + Sync {
    /// The parameter that has them.
    const PARAMETER: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

macro_rules! microsoft_ids {
    ($($name:ident = $parameter:literal;)*) => {$(
        impl MicrosoftId for $name {
            const PARAMETER: &'static str = $parameter;

            fn parse(text: &str) -> Option<Self> {
                $name::parse(text)
            }
        }
    )*};
}

microsoft_ids! {
    DriveId = "driveId";
    ItemId = "itemId";
    SiteId = "siteId";
}

/// An id of one kind.
#[derive(Debug)]
pub(crate) struct MsId<T>(pub T);

impl<T: MicrosoftId> Type for MsId<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_microsoft_id".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema {
            min_length: Some(1),
            max_length: Some(400),
            pattern: Some("^[A-Za-z0-9!,.=_~-]*$".to_owned()),
            ..MetaSchema::new("string")
        };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: MicrosoftId> ParseFromParameter for MsId<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let refusal = || ParseError::custom(format!("{}: is not an id of Microsoft's", T::PARAMETER));
        T::parse(text).map(Self).ok_or_else(refusal)
    }
}

//! Versions on the wire: a row's version is its `ETag`, and `If-Match` makes a change depend on it (RFC 9110 §13.1).

use std::borrow::Cow;

use poem::http::HeaderValue;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

/// One entity tag of those that are given out, or any (RFC 9110 §8.8.3).
const ETAG_PATTERN: &str = r#"^(\*|"[!#-~]*")$"#;

/// `If-Match`: the version that the client saw, or any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfMatch(Option<i64>);

impl IfMatch {
    /// The version that a change expects; `None` for any. A tag that is not of our form matches nothing, since it
    /// was never given out.
    pub(crate) fn expected(header: Option<Self>) -> Option<i64> {
        header.and_then(|header| header.0)
    }

    /// The entity tag of a version.
    pub(crate) fn tag(version: i64) -> String {
        format!("\"{version}\"")
    }
}

/// Whether an `If-None-Match` has the tag, or any.
pub(crate) fn is_known(if_none_match: &HeaderValue, tag: &HeaderValue) -> bool {
    match (if_none_match.to_str(), tag.to_str()) {
        (Ok(known), Ok(tag)) => if_none_match_names(known, tag),
        _ => false,
    }
}

/// Whether `If-None-Match` names an entity tag, or any (RFC 9110 §13.1.2; the comparison is the weak one of §8.8.3.2).
/// No tag that is given out has a comma in it.
pub(crate) fn if_none_match_names(known: &str, tag: &str) -> bool {
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

impl Type for IfMatch {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_etag".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(ETAG_PATTERN.to_owned()),
            min_length: Some(1),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for IfMatch {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match tag {
            Some(tag) if !tag.contains('"') => {
                let version = tag.parse().ok().filter(|version| Self::tag(*version) == text);
                Ok(Self(Some(version.unwrap_or(0))))
            }
            _ => Err(ParseError::custom("is not one entity tag in double quotes, nor *")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_was_never_given_out_expects_a_version_that_no_row_has() {
        let expected = |text| IfMatch::parse_from_parameter(text).map(|tag| tag.0).map_err(|_| ());
        assert_eq!(expected("\"7\""), Ok(Some(7)));
        assert_eq!(expected("*"), Ok(None));
        assert_eq!(expected("\"abc\""), Ok(Some(0)));
        assert_eq!(expected("\"+7\""), Ok(Some(0)));
        assert_eq!(expected("\"007\""), Ok(Some(0)));
        assert_eq!(expected("\"7\", \"8\""), Err(()));
        assert_eq!(expected("7"), Err(()));
        assert_eq!(expected("W/\"7\""), Err(()));
    }
}

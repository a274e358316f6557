//! The members of a token's header or payload, read so that a name that occurs twice is noticed.
//!
//! Most JSON readers keep the last of two members of one name, some the first: a token that two readers understand
//! differently is refused (RFC 7519 §4).

use std::{collections::HashMap, fmt};

use chrono::{DateTime, Utc};
use domain::access::Rejection;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use uuid::Uuid;

use super::parse_guid;

/// The members of one JSON object.
#[derive(Debug)]
pub(super) struct Members {
    values: HashMap<String, Value>,
    /// How often `tid` occurs, in whatever case: someone behind us may look it up without regard to it.
    tenant_members: usize,
}

/// The tenant of a token, as an id and as it is written.
#[derive(Debug)]
pub(super) struct TenantClaim<'a> {
    pub text: &'a str,
    pub id: Uuid,
}

/// The longest text that is taken over for display, in bytes.
const MAX_DISPLAY: usize = 1_024;

impl Members {
    /// `Malformed` for anything but one object, or for a name (other than `tid`, see [`Self::tenant`]) that occurs
    /// twice.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Rejection> {
        let InOrder(members) = serde_json::from_slice(json).map_err(|_| Rejection::Malformed)?;
        let tenant_members = members.iter().filter(|(name, _)| is_tenant(name)).count();
        let mut values = HashMap::with_capacity(members.len());
        for (name, value) in members {
            let is_tenant = is_tenant(&name);
            if values.insert(name, value).is_some() && !is_tenant {
                return Err(Rejection::Malformed);
            }
        }
        Ok(Self { values, tenant_members })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// `Malformed` when it is not a string.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Rejection> {
        self.value(name).map(|value| value.as_str().ok_or(Rejection::Malformed)).transpose()
    }

    /// A claim that is only shown: not being a string is like not being there.
    pub(super) fn display_text(&self, name: &str) -> Option<&str> {
        let text = self.value(name)?.as_str()?.trim();
        // What is shown is stored: PostgreSQL cannot keep U+0000, and no name is as long as a token.
        let can_be_shown = !text.is_empty() && text.len() <= MAX_DISPLAY && !text.contains(char::is_control);
        can_be_shown.then_some(text)
    }

    /// `Malformed` when it is not an array of strings.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Rejection> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(ToOwned::to_owned).ok_or(Rejection::Malformed))
                .collect(),
            Some(_) => Err(Rejection::Malformed),
        }
    }

    /// A `NumericDate` (RFC 7519 §2), cut to whole seconds. `Malformed` when it is not a number, or is out of reach.
    pub(super) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Rejection> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let seconds =
            value.as_i64().or_else(|| value.as_f64().and_then(whole)).ok_or(Rejection::Malformed)?;
        DateTime::from_timestamp(seconds, 0).map(Some).ok_or(Rejection::Malformed)
    }

    /// `tid`: there exactly once, in no other case, and a GUID.
    pub(super) fn tenant(&self) -> Result<TenantClaim<'_>, Rejection> {
        let text = self.value("tid").and_then(Value::as_str).filter(|_| self.tenant_members == 1);
        text.and_then(|text| Some(TenantClaim { text, id: parse_guid(text)? })).ok_or(Rejection::TenantClaim)
    }
}

fn is_tenant(name: &str) -> bool {
    name.eq_ignore_ascii_case("tid")
}

fn whole(seconds: f64) -> Option<i64> {
    const YEAR_9999: f64 = 253_402_300_800.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, the fraction is meant to go")]
    (0.0..YEAR_9999).contains(&seconds).then_some(seconds as i64)
}

/// The members as they stand in the text.
struct InOrder(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = InOrder;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(InOrder(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> Members {
        Members::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_too_long_or_no_text_to_show_is_like_not_being_there() {
        let shown = |value: &str| {
            let claims = members(&serde_json::json!({ "name": value }).to_string());
            claims.display_text("name").map(str::to_owned)
        };
        let longest = "é".repeat(MAX_DISPLAY / 2);
        assert_eq!(shown(&longest), Some(longest.clone()));
        assert_eq!(shown(&format!("{longest}e")), None, "bytes count, since bytes are kept");
        assert_eq!(shown(&format!("  {longest}  ")), Some(longest), "without the space around it");
        for none in ["", "   ", "a\0b", "a\nb", "\u{7f}"] {
            assert_eq!(shown(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_malformed_even_in_another_spelling_of_the_json() {
        for json in
            [r#"{"aud":"a","aud":"a"}"#, r#"{"aud":"a","\u0061ud":"b"}"#, "[]", "null", "", "{} {}", "{"]
        {
            assert_eq!(Members::parse(json.as_bytes()).unwrap_err(), Rejection::Malformed, "{json}");
        }
    }

    #[test]
    fn the_tenant_is_a_guid_and_there_exactly_once() {
        let id = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0001";
        assert_eq!(members(&format!(r#"{{"tid":"{id}"}}"#)).tenant().unwrap().text, id);
        for json in [
            "{}".to_owned(),
            format!(r#"{{"tid":"{id}","tid":"{id}"}}"#),
            format!(r#"{{"tid":"{id}","TID":"{id}"}}"#),
            format!(r#"{{"tId":"{id}"}}"#),
            format!(r#"{{"tid":["{id}"]}}"#),
            format!(r#"{{"tid":"{{{id}}}"}}"#),
            r#"{"tid":"5f0c1a523a0a4b8e9a7d0d3b1f5c0001"}"#.to_owned(),
            r#"{"tid":"contoso.com"}"#.to_owned(),
        ] {
            assert_eq!(members(&json).tenant().unwrap_err(), Rejection::TenantClaim, "{json}");
        }
    }

    #[test]
    fn times_are_numbers_and_may_have_fractions() {
        let time = |json: &str| members(&format!(r#"{{"exp":{json}}}"#)).time("exp");
        assert_eq!(time("1800000000").unwrap(), DateTime::from_timestamp(1_800_000_000, 0));
        assert_eq!(time("1800000000.9").unwrap(), DateTime::from_timestamp(1_800_000_000, 0));
        assert_eq!(time("1.8e9").unwrap(), DateTime::from_timestamp(1_800_000_000, 0));
        for json in ["\"1800000000\"", "null", "1e300", "-1.5e20", "18446744073709551615", "true", "[]"] {
            assert_eq!(time(json), Err(Rejection::Malformed), "{json}");
        }
        assert_eq!(members("{}").time("exp"), Ok(None));
    }

    #[test]
    fn a_claim_of_another_type_is_malformed_where_it_decides_and_absent_where_it_is_shown() {
        let claims = members(r#"{"scp":7,"roles":"Admin","name":["x"]}"#);
        assert_eq!(claims.text("scp"), Err(Rejection::Malformed));
        assert_eq!(claims.texts("roles"), Err(Rejection::Malformed));
        assert_eq!(claims.display_text("name"), None);
    }
}

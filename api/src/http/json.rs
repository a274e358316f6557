//! JSON, read strictly: a text that two readers could understand differently is refused.

use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How many values one text may hold, those inside others included. Checking a value costs far more memory than
/// sending it, so the size of the text alone is no bound.
const MOST_VALUES: u32 = 10_000;
/// How long the name of a member may be, in bytes.
const LONGEST_NAME: usize = 1_024;
/// How many places are told; who has more to mend begins with these.
const MOST_TOLD: usize = 20;

/// Reads a JSON text. A member that is named twice is an error (RFC 8259 §4 leaves its meaning open), as are nesting
/// deeper than 128 and more than 10,000 values.
pub(super) fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    let left = Cell::new(MOST_VALUES);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict(&left).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Paths with dots of the strings, or names of members, that have U+0000 in them, which PostgreSQL cannot keep.
pub(super) fn with_nul(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_nul(value, &mut Vec::new(), &mut found);
    found
}

fn collect_nul<'a>(value: &'a Value, path: &mut Vec<std::borrow::Cow<'a, str>>, found: &mut Vec<String>) {
    if found.len() == MOST_TOLD {
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') => found.push(path.join(".")),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string().into());
                collect_nul(item, path, found);
                path.pop();
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    found.push(path.join("."));
                }
                path.push(name.into());
                collect_nul(member, path, found);
                path.pop();
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reads one value; the count is of those that may still come.
struct Strict<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(
            left.ok_or_else(|| D::Error::custom(format_args!("there are more than {MOST_VALUES} values")))?,
        );
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(self.0))? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the member {name:?} stands there twice")));
            }
            if name.len() > LONGEST_NAME {
                return Err(A::Error::custom("the name of a member is too long"));
            }
            let member = members.next_value_seed(Strict(self.0))?;
            read.insert(name, member);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in ["null", "true", "-1", "18446744073709551615", "1.5e3", r#""ä\n""#, r#"[1,{"a":[null]}]"#]
        {
            assert_eq!(read(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn a_member_that_stands_there_twice_is_refused_wherever_it_is() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("the member \"a\" stands there twice"), "{error}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(read(["[".repeat(100), "]".repeat(100)].concat().as_bytes()).is_ok());
        assert!(read(["[".repeat(100_000), "]".repeat(100_000)].concat().as_bytes()).is_err());
    }

    #[test]
    fn neither_values_nor_names_are_without_end() {
        let values = |count: usize| format!("[{}]", vec!["[]"; count - 1].join(","));
        assert!(read(values(10_000).as_bytes()).is_ok());
        assert!(
            read(values(10_001).as_bytes())
                .unwrap_err()
                .to_string()
                .starts_with("there are more than 10000 values")
        );
        let named = |length: usize| format!("{{\"{}\":1}}", "n".repeat(length));
        assert!(read(named(1_024).as_bytes()).is_ok());
        assert!(read(named(1_025).as_bytes()).is_err());
        assert_eq!(with_nul(&json!(vec!["\0"; 1_000])).len(), 20);
    }

    #[test]
    fn nul_is_found_in_strings_and_in_names() {
        let value = json!({ "a": ["b", "c\0"], "d": { "\0": 1 }, "e": "\0" });
        assert_eq!(with_nul(&value), ["a.1", "d", "e"]);
    }
}

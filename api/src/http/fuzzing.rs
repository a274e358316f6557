//! What reads a stranger's text here, as functions of any text at all: the property tests below and the targets of
//! `tests/fuzz` call them. Each panics when what it is about does not hold, and nothing in the service calls them.

use poem_openapi::{
    Object,
    types::{ParseFromJSON, ParseFromParameter},
};
use serde_json::Value;

use super::{IfMatch, Nullable, if_none_match_names, json};

/// `If-Match` and `If-None-Match`: only a tag that was given out names a version.
pub fn entity_tags(text: &str) {
    if let Ok(header) = IfMatch::parse_from_parameter(text) {
        match IfMatch::expected(Some(header)) {
            None => assert_eq!(text.trim(), "*", "any version, though {text:?} does not say so"),
            // What no row has.
            Some(0) => {}
            Some(version) => assert_eq!(IfMatch::tag(version), text.trim(), "another tag names the version"),
        }
    }
    let is_any = text.split(',').any(|tag| tag.trim() == "*");
    for version in [1, 7, i64::MAX] {
        let tag = IfMatch::tag(version);
        let names = is_any || text.contains(&tag);
        assert!(names || !if_none_match_names(text, &tag), "{text:?} is taken for {tag}");
        assert!(if_none_match_names(&format!("\"x\", W/{tag}"), &tag), "{tag} is not found");
    }
}

/// JSON: what is read is what another reader understands, and nothing else is.
pub fn json_text(bytes: &[u8]) {
    let (ours, theirs) = (json::read(bytes), serde_json::from_slice::<Value>(bytes));
    if let Ok(ours) = ours {
        assert_eq!(theirs.ok().as_ref(), Some(&ours), "two readers differ");
        let _ = json::with_nul(&ours);
    }
}

/// A patch of each kind of member.
#[derive(Debug, Object)]
#[oai(rename = "FuzzedPatch")]
struct Patch {
    note: Nullable<String>,
    page: Nullable<u32>,
    name: Option<String>,
}

/// JSON Merge Patch (RFC 7396): absent, `null` and a value are three things.
pub fn merge_patch(bytes: &[u8]) {
    let Ok(Value::Object(members)) = json::read(bytes) else { return };
    // The schema lets nothing else through; the framework would make a text of a number.
    let is = |name: &str, fits: fn(&Value) -> bool| members.get(name).is_none_or(fits);
    if !is("note", |note| note.is_string() || note.is_null()) || !is("name", Value::is_string) {
        return;
    }
    let Ok(patch) = Patch::parse_from_json(Some(Value::Object(members.clone()))) else { return };
    let note = patch.note.change().map(|note| note.map_or(Value::Null, Value::from));
    let page = patch.page.change().map(|page| page.map_or(Value::Null, Value::from));
    assert_eq!(note.as_ref(), members.get("note"), "the note is changed to something else");
    assert_eq!(page.as_ref(), members.get("page"), "the page is changed to something else");
    let name = members.get("name").and_then(Value::as_str);
    assert_eq!(patch.name.as_deref(), name, "the name is changed to something else");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("note|page|name|[a-z]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn entity_tags_hold_for_any_text(text in any::<String>(), near in "[ *,W/\"+0-9a\\-]{0,12}") {
            entity_tags(&text);
            entity_tags(&near);
        }

        #[test]
        fn json_is_read_alike(bytes in any::<Vec<u8>>(), near in "[\\[\\]{}:,\"a0-9eE.+\\- \\\\u]{0,24}", value in value()) {
            json_text(&bytes);
            json_text(near.as_bytes());
            json_text(value.to_string().as_bytes());
        }

        #[test]
        fn a_patch_changes_what_it_names(members in prop::collection::hash_map("note|page|name|other", value(), 0..4)) {
            let patch = Value::Object(members.into_iter().collect());
            merge_patch(patch.to_string().as_bytes());
        }
    }
}

//! Which methods a path has, for the `Allow` that a `405` must have (RFC 9110 §15.5.6). The router knows and does
//! not tell, so it is read from the document.

use poem::http::HeaderValue;
use serde_json::{Map, Value};

/// The methods of the document's paths.
pub(crate) struct PathMethods(Vec<(Vec<Segment>, HeaderValue)>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Before a parameter, as the router has it.
    Fixed(String),
    Parameter,
    /// All that follows.
    Rest,
}

impl PathMethods {
    /// Reads the paths of an OpenAPI document.
    pub(crate) fn of_document(document: &Value) -> Self {
        let empty = Map::new();
        let paths = document.get("paths").and_then(Value::as_object).unwrap_or(&empty);
        let mut known: Vec<_> = paths
            .iter()
            .filter_map(|(path, item)| Some((segments(path), allow(item.as_object()?.keys())?)))
            .collect();
        known.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self(known)
    }

    /// `Allow` for a path that the router knows. What is not in the document (health, the document itself) is read.
    pub(crate) fn of(&self, path: &str) -> HeaderValue {
        let found = self.0.iter().find(|(template, _)| matches(template, path));
        found.map_or_else(|| HeaderValue::from_static("GET, HEAD"), |(_, allow)| allow.clone())
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let segment = |part: &str| match part {
        "{path}" => Segment::Rest,
        _ if part.starts_with('{') => Segment::Parameter,
        _ => Segment::Fixed(part.to_owned()),
    };
    path.split('/').map(segment).collect()
}

fn matches(template: &[Segment], path: &str) -> bool {
    let mut parts = path.split('/');
    if template.last() == Some(&Segment::Rest) {
        // There is something behind what is fixed.
        let begun = template.iter().take(template.len() - 1).all(|segment| fits(segment, parts.next()));
        return begun && parts.next().is_some();
    }
    template.iter().all(|segment| fits(segment, parts.next())) && parts.next().is_none()
}

fn fits(segment: &Segment, part: Option<&str>) -> bool {
    match (segment, part) {
        (Segment::Fixed(fixed), Some(part)) => fixed == part,
        (Segment::Parameter, Some(part)) => !part.is_empty(),
        (Segment::Rest, Some(_)) => true,
        (_, None) => false,
    }
}

/// `HEAD` is answered wherever `GET` is.
fn allow<'a>(methods: impl Iterator<Item = &'a String>) -> Option<HeaderValue> {
    let mut methods: Vec<String> = methods.map(|method| method.to_ascii_uppercase()).collect();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.sort_unstable();
    HeaderValue::from_str(&methods.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fixed_path_goes_before_one_with_a_parameter() {
        let document = json!({ "paths": {
            "/a/{id}": { "get": {}, "delete": {} },
            "/a/new": { "post": {} },
            "/a": { "get": {}, "post": {} },
            "/a/{id}/all/{path}": { "get": {}, "put": {} },
        } });
        let methods = PathMethods::of_document(&document);
        for (path, allow) in [
            ("/a", "GET, HEAD, POST"),
            ("/a/new", "POST"),
            ("/a/7", "DELETE, GET, HEAD"),
            ("/a/7/b", "GET, HEAD"),
            ("/a/7/all/b/c", "GET, HEAD, PUT"),
            ("/a/", "GET, HEAD"),
        ] {
            assert_eq!(methods.of(path), allow, "{path}");
        }
    }
}

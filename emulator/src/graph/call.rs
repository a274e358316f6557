//! One request to Graph: by itself, or a part of a batch.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use poem::http::{HeaderMap, Method};

use super::error::Problem;
use crate::world::World;

/// What was asked.
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    /// The listener that was asked: `http://localhost:4100`.
    pub(super) base: &'a str,
    pub(super) method: Method,
    /// As it was sent, after `/v1.0`.
    pub(super) path: String,
    /// Decoded, in order.
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl<'a> Call<'a> {
    /// `target` is a path with a query, after `/v1.0`.
    pub(super) fn new(
        world: &'a World,
        base: &'a str,
        method: Method,
        target: &str,
        headers: HeaderMap,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { world, base, method, path: path.to_owned(), query, headers }
    }

    /// The parts of the path, decoded one by one.
    pub(super) fn segments(&self) -> Result<Vec<String>, Problem> {
        let parts = self.path.trim_matches('/').split('/');
        let decoded = parts.map(|part| percent_decode_str(part).decode_utf8().map(Cow::into_owned));
        decoded.collect::<Result<_, _>>().map_err(|_| Problem::invalid("The path is not UTF-8."))
    }

    /// A parameter of the query; `$top` may be written `top`.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let bare = name.trim_start_matches('$');
        let wanted = |known: &str| known.trim_start_matches('$').eq_ignore_ascii_case(bare);
        self.query.iter().find(|(known, _)| wanted(known)).map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `@odata.context`.
    pub(super) fn context(&self, what: &str) -> String {
        format!("{}/v1.0/$metadata#{what}", self.base)
    }

    /// This request again, with one parameter set and others left out.
    pub(super) fn link(&self, path: &str, set: (&str, &str), without: &[&str]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.query {
            let bare = name.trim_start_matches('$').to_lowercase();
            if bare != set.0.trim_start_matches('$') && !without.contains(&bare.as_str()) {
                query.append_pair(name, value);
            }
        }
        query.append_pair(set.0, set.1);
        // Graph leaves the dollar in its own links.
        let query = query.finish().replace("%24", "$");
        let target = format!("/v1.0{path}?{query}");
        self.world.links.next(self.base, &target, &self.world.elsewhere)
    }
}

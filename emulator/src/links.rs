//! Addresses that Graph gives out, and how they can be made to lead astray.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::world::lock;

/// What is put in the place of a right address.
///
/// In the texts `{link}` is the right address, `{path}` its path with its query, `{host}` and `{port}` are Graph's,
/// `{scheme}` is the one that is not Graph's of http and https, `{elsewhere}` is the other listener's `localhost:port`,
/// which writes down all it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Links {
    /// Of `@odata.nextLink` and `@odata.deltaLink`.
    pub next: Option<String>,
    /// Of the redirect to a document's bytes.
    pub download: Option<String>,
}

/// Ways in which a link leads astray, each with a name: what a client must not follow with a token.
pub const ASTRAY: &[(&str, &str)] = &[
    ("another port", "http://{elsewhere}{path}"),
    ("another host", "http://127.0.0.1:{port}{path}"),
    ("the other scheme", "{scheme}://{host}{path}"),
    ("a scheme of old", "ftp://{host}{path}"),
    ("userinfo", "http://{host}@{elsewhere}{path}"),
    ("userinfo, encoded", "http://{host}%40{elsewhere}{path}"),
    ("a password", "http://localhost:x@{elsewhere}{path}"),
    ("a backslash", "http://{elsewhere}\\@{host}{path}"),
    ("a fragment", "http://{elsewhere}#@{host}{path}"),
    ("a question mark", "http://{elsewhere}?@{host}{path}"),
    ("a tab", "ht\ttp://{elsewhere}{path}"),
    ("a space before", " http://{elsewhere}{path}"),
    ("no scheme", "//{elsewhere}{path}"),
    ("a dot at the end", "http://localhost.:{port}{path}"),
    ("a host that begins so", "http://localhost.evil.example:{port}{path}"),
    ("a host that ends so", "http://evil-localhost:{port}{path}"),
    ("letters of another alphabet", "http://l\u{043e}calhost:{port}{path}"),
    ("wide letters", "http://ｌocalhost:{port}{path}"),
    ("an address in one number", "http://2130706433:{port}{path}"),
    ("the address of IPv6", "http://[::1]:{port}{path}"),
    ("no port", "http://localhost{path}"),
    ("another version", "http://{host}/beta/users"),
    ("up and away", "http://{host}/v1.0/../beta/users"),
    ("up and away, encoded", "http://{host}/v1.0/%2e%2e/beta/users"),
    ("two slashes", "http://{host}//{elsewhere}{path}"),
    ("the control API", "http://{host}/emulator/control/users"),
    ("a path alone", "{path}"),
    ("a script", "javascript:alert(1)"),
    ("a line break", "http://{host}/v1.0/me\r\nx-evil: 1"),
    ("nothing", ""),
];

/// What is set now.
#[derive(Default)]
pub(crate) struct Astray(Mutex<Links>);

impl Astray {
    pub(crate) fn set(&self, links: Links) {
        *lock(&self.0) = links;
    }

    pub(crate) fn get(&self) -> Links {
        lock(&self.0).clone()
    }

    /// The address of `target`, a path with its query, at `base`.
    pub(crate) fn next(&self, base: &str, target: &str, elsewhere: &str) -> String {
        let right = format!("{base}{target}");
        self.get().next.map_or(right.clone(), |text| filled(&text, base, &right, elsewhere))
    }

    /// Where a download is sent instead of `right`.
    pub(crate) fn download(&self, base: &str, right: &str, elsewhere: &str) -> String {
        self.get().download.map_or(right.to_owned(), |text| filled(&text, base, right, elsewhere))
    }
}

fn filled(text: &str, base: &str, right: &str, elsewhere: &str) -> String {
    let authority = |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
    let host = authority(base);
    let port = host.rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap_or_default();
    let rest = authority(right);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default().to_owned();
    let scheme = if base.starts_with("https:") { "http" } else { "https" };
    let elsewhere = authority(elsewhere);
    [
        ("{link}", right),
        ("{path}", &path),
        ("{host}", &host),
        ("{port}", &port),
        ("{scheme}", scheme),
        ("{elsewhere}", &elsewhere),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled() {
        let astray = Astray::default();
        let (base, other) = ("http://localhost:1", "http://localhost:2");
        assert_eq!(astray.next(base, "/v1.0/x?y=1", other), "http://localhost:1/v1.0/x?y=1");
        let text = "http://{host}@{elsewhere}{path}&{port}".to_owned();
        astray.set(Links { next: Some(text), download: None });
        assert_eq!(astray.next(base, "/v1.0/x?y=1", other), "http://localhost:1@localhost:2/v1.0/x?y=1&1");
        assert_eq!(astray.download(base, "http://localhost:2/d", other), "http://localhost:2/d");
    }
}

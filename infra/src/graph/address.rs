//! Addresses of Graph and SharePoint: built from segments, never from text, and pinned to one host.
//!
//! A bearer goes only to an address that was made here. What the ids and words of a caller hold, and what links in
//! answers hold, decides neither the host nor how many segments a path has.

use domain::graph::Link;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

/// The root of an interface: an origin, and a path that all its addresses begin with (`/v1.0`).
#[derive(Clone, Debug)]
pub(super) struct Root {
    url: Url,
}

/// An address would have led elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address that leads elsewhere")]
pub(super) struct LeadsElsewhere;

impl Root {
    /// `path` is empty or begins with a slash, and does not end in one. Nothing of `origin` counts but its origin.
    pub(super) fn new(origin: &Url, path: &str) -> Self {
        let mut url = origin.clone();
        url.set_path(path.trim_end_matches('/'));
        url.set_query(None);
        url.set_fragment(None);
        Self { url }
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The address below the root with these segments and this query.
    pub(super) fn at(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, LeadsElsewhere> {
        let mut path = self.path().to_owned();
        for segment in segments {
            if segment.is_empty() || is_dots(segment) {
                return Err(LeadsElsewhere);
            }
            path.push('/');
            path.push_str(&encoded(segment));
        }
        let mut url = self.url.clone();
        url.set_path(&path);
        if !query.is_empty() {
            // `$` is allowed as it is, and what Graph's documentation shows.
            let pairs: Vec<String> =
                query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        // The parser has its own mind about dots; what it changed is not what was meant.
        if url.path() == path && self.holds(&url) { Ok(url) } else { Err(LeadsElsewhere) }
    }

    /// Takes the host off a link that an answer gave, if it is ours.
    pub(super) fn pin(&self, link: &str) -> Result<Link, LeadsElsewhere> {
        let url = Url::parse(link).map_err(|_| LeadsElsewhere)?;
        if self.holds(&url) { Ok(Link::new(after_host(&url))) } else { Err(LeadsElsewhere) }
    }

    /// The address of a link that was pinned once, pinned again.
    pub(super) fn follow(&self, link: &Link) -> Result<Url, LeadsElsewhere> {
        let text = format!("{}{}", self.url.origin().ascii_serialization(), link.as_str());
        let url = Url::parse(&text).map_err(|_| LeadsElsewhere)?;
        if link.as_str().starts_with('/') && self.holds(&url) && after_host(&url) == link.as_str() {
            Ok(url)
        } else {
            Err(LeadsElsewhere)
        }
    }

    /// Our path; empty for the root of a host.
    pub(super) fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether an address is below the root: scheme, host, port and path, without credentials, and without a
    /// segment that a server which decodes twice would climb with.
    fn holds(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.path()).is_some_and(|rest| rest.starts_with('/'));
        let climbs = decoded(url.path()).split(['/', '\\']).any(is_dots)
            || decoded(&decoded(url.path())).split(['/', '\\']).any(is_dots);
        url.origin() == self.url.origin()
            && url.origin().is_tuple()
            && url.username().is_empty()
            && url.password().is_none()
            && below
            && !climbs
    }
}

/// Where the bytes of a file are, by a redirect: `https` with a name, or, for a Graph on this machine, on this machine.
/// Nothing of ours is sent there but what part of the file is wanted.
pub(super) fn download(location: &str, asked: &Url) -> Result<Url, LeadsElsewhere> {
    let url = asked.join(location).map_err(|_| LeadsElsewhere)?;
    let bare = url.username().is_empty() && url.password().is_none();
    let named = matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'));
    let public = url.scheme() == "https" && named && !is_loopback(&url);
    let local = is_loopback(asked) && is_loopback(&url) && matches!(url.scheme(), "http" | "https");
    if bare && (public || local) { Ok(url) } else { Err(LeadsElsewhere) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A text as a literal of `OData`: `'` is said twice (`OData` 4.01, URL conventions, §5.1.1.6.1).
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn after_host(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}

/// Everything but what has no meaning anywhere in a path or a query (RFC 3986 §2.3, and of §2.2 what stands in ids of
/// Graph and calls of functions).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b',')
    .remove(b'=')
    .remove(b'(')
    .remove(b')')
    .remove(b'$')
    .remove(b'*');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Percent-decoded once, for a look at what a server would see.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
#[path = "tests/address.rs"]
mod tests;

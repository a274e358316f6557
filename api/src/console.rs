//! The console: one page whose scripts do the rest, with its files embedded as `make console` left them.
//!
//! The page is made for each request, since it carries the nonce without which its styles would not count. Everything
//! else of it has a hash in its name and may be kept for ever.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use domain::entropy::Entropy;
use poem::{
    Request, Response,
    http::{HeaderValue, Method, Uri, header},
};

/// A file of the console's build.
struct Asset {
    /// Its path from the build's folder.
    name: &'static str,
    /// An entity tag of its content.
    tag: &'static str,
    bytes: &'static [u8],
}

static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/console_assets.rs"));

/// Where the operations are.
const API: &str = "/api/";

/// What stands in the page for the nonce.
const NONCE: &str = "{{nonce}}";

/// Answers what the routes do not know: the console's files by their names, and to a browser that wants a page, the
/// console, whose own router knows the rest.
pub(crate) struct Console {
    page: Option<&'static str>,
    entropy: Arc<dyn Entropy>,
}

impl Console {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        let page = EMBEDDED.iter().find(|asset| asset.name == "index.html");
        let page = page.and_then(|asset| std::str::from_utf8(asset.bytes).ok());
        if page.is_none() {
            tracing::info!("the console was not built; `make console` does that");
        }
        Self { page, entropy }
    }

    /// What the console has for whoever asked for what no route knows.
    pub(crate) fn answer(&self, asked: &Asked) -> Option<Response> {
        let page = self.page?;
        let name = asked.uri.path().trim_start_matches('/');
        if let Some(asset) = EMBEDDED.iter().find(|asset| asset.name == name && name != "index.html") {
            return Some(file(asset));
        }
        asked.for_page().then(|| document(page, self.entropy.as_ref()))
    }
}

/// What a request to read asks for.
pub(crate) struct Asked {
    uri: Uri,
    accept: Option<HeaderValue>,
}

impl Asked {
    /// `None` where it cannot be the console's.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        // Most requests are the API's, and nothing of the console is there.
        if !is_read || request.uri().path().starts_with(API) {
            return None;
        }
        Some(Self { uri: request.uri().clone(), accept: request.headers().get(header::ACCEPT).cloned() })
    }

    /// Whether it wants a page for a person: a browser says so, and no path of the API is one.
    fn for_page(&self) -> bool {
        let accept = self.accept.as_ref().and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
            && !["/assets/", "/docs/"].iter().any(|other| self.uri.path().starts_with(other))
    }
}

fn file(asset: &'static Asset) -> Response {
    let hashed = asset.name.starts_with("assets/");
    let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    Response::builder()
        .content_type(content_type(asset.name))
        .header(header::CACHE_CONTROL, caching)
        .header(header::ETAG, asset.tag)
        .body(Bytes::from_static(asset.bytes))
}

/// The page, with a nonce that is good for this one answer.
fn document(page: &str, entropy: &dyn Entropy) -> Response {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    let mut nonce = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(nonce, "{byte:02x}");
    }
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .body(page.replace(NONCE, &nonce))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "woff2")) => "font/woff2",
        _ => "application/octet-stream",
    }
}

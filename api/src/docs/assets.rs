//! The scripts and styles of the pages: those of npm, embedded as `make assets` left them, and our own few lines.

use bytes::Bytes;
use poem::{Endpoint, Request, Response, error::NotFoundError, http::header};

use super::fixed::reads;

/// A file of npm, compressed.
struct Asset {
    name: &'static str,
    /// An entity tag of its content.
    tag: &'static str,
    bytes: &'static [u8],
}

static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/docs_assets.rs"));

static OWN: &[(&str, &str)] = &[
    ("start-swagger.js", include_str!("start-swagger.js")),
    ("start-redirect.js", include_str!("start-redirect.js")),
    ("start-reference.js", include_str!("start-reference.js")),
];

/// Whether the service was built without the files of npm.
pub(super) fn are_absent() -> bool {
    EMBEDDED.is_empty()
}

/// `/docs/assets/{name}`.
pub(super) struct Assets;

impl Endpoint for Assets {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        reads(&request)?;
        let name = request.raw_path_param("name").unwrap_or_default();
        let response =
            Response::builder().content_type(content_type(name)).header(header::CACHE_CONTROL, "no-cache");
        if let Some((_, script)) = OWN.iter().find(|(own, _)| *own == name) {
            return Ok(response.body(*script));
        }
        let asset = EMBEDDED.iter().find(|asset| asset.name == name).ok_or(NotFoundError)?;
        // Whoever runs these scripts takes gzip; without it there is no other form to send.
        Ok(response
            .header(header::CONTENT_ENCODING, "gzip")
            .header(header::ETAG, asset.tag)
            .body(Bytes::from_static(asset.bytes)))
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

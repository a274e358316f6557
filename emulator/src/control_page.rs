//! The control API for people: a page of forms, each of which sends what a test would.

use poem::{Response, handler, http::header};

use crate::html::document;

/// Only this origin's script, and only the control API to talk to.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

#[handler]
pub(crate) fn control_page() -> Response {
    let script = "<script src=\"/emulator/control-page.js\" defer></script>\n";
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-store")
        .body(document("Control", script, include_str!("../data/control-page.html")))
}

#[handler]
pub(crate) fn control_page_script() -> Response {
    Response::builder()
        .content_type("text/javascript; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .body(include_str!("../data/control-page.js"))
}

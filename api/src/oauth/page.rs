//! The pages that a person sees when there is nowhere else to send them: what happened, and what to do next.

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};

use crate::error::ErrorCode;

/// One page. Its texts are escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub title: &'static str,
    pub text: &'static str,
    /// A link: its words and where it leads.
    pub next: Option<(&'static str, String)>,
    /// The link is followed by itself.
    pub is_passing: bool,
    /// Of a refusal.
    pub code: Option<ErrorCode>,
    /// Codes of the identity provider's, for whoever is asked for help.
    pub details: String,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}\
                     a{display:inline-block;margin:.5rem 0}small{color:#555}";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

impl Page {
    /// The response; the request's id is shown where something was refused.
    pub(super) fn into_response(self, request_id: &str) -> Response {
        let status = self.code.map_or(StatusCode::OK, ErrorCode::status);
        let mut response = Response::builder()
            .status(status)
            .content_type("text/html; charset=utf-8")
            .body(self.html(request_id));
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }

    fn html(&self, request_id: &str) -> String {
        let next = self
            .next
            .as_ref()
            .map(|(words, to)| format!("<p><a href=\"{}\">{}</a></p>", escape(to), escape(words)));
        let passing = self
            .next
            .as_ref()
            .filter(|_| self.is_passing)
            .map(|(_, to)| format!("<meta http-equiv=\"refresh\" content=\"0;url={}\">", escape(to)));
        let code = self.code.map(|code| {
            let details = if self.details.is_empty() { String::new() } else { format!(", {}", self.details) };
            format!(
                "<p><small>{}{}, request {}</small></p>",
                code.word(),
                escape(&details),
                escape(request_id)
            )
        });
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\">{passing}<title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{text}</p>{next}{code}</main></body></html>",
            title = escape(self.title),
            text = escape(self.text),
            passing = passing.unwrap_or_default(),
            next = next.unwrap_or_default(),
            code = code.unwrap_or_default(),
        )
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_put_into_a_page_becomes_a_part_of_it() {
        let page = Page {
            title: "T",
            next: Some(("Next", "https://a.example/?a=\"><script>'&".to_owned())),
            code: Some(ErrorCode::InvalidState),
            ..Page::default()
        };
        let html = page.html("<b>");
        assert!(html.contains("href=\"https://a.example/?a=&quot;&gt;&lt;script&gt;&#39;&amp;\""), "{html}");
        assert!(!html.contains("http-equiv"), "{html}");
        let passing = Page { is_passing: true, ..page }.html("<b>");
        assert!(
            passing.contains("content=\"0;url=https://a.example/?a=&quot;&gt;&lt;script&gt;"),
            "{passing}"
        );
        assert!(html.contains("INVALID_STATE, request &lt;b&gt;"), "{html}");
    }
}

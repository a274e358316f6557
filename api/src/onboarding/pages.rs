//! The pages that people see on their way. No scripts, nothing from elsewhere.

use std::fmt::Write;

use domain::organizations::onboarding::Progress;
use poem::{
    Response,
    http::{StatusCode, header},
};

use super::{return_to::ReturnTo, words::Words};

/// Nothing but our own style sheet.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) const STYLE: &str = include_str!("page.css");

/// What a page is about.
pub(super) struct Page<'a> {
    pub(super) words: &'a Words,
    pub(super) progress: Option<&'a Progress>,
    pub(super) return_to: Option<&'a ReturnTo>,
    /// Where beginning again begins.
    pub(super) start: &'a str,
    /// It looks again by itself.
    pub(super) is_waiting: bool,
}

/// Text as HTML has it.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

impl Page<'_> {
    pub(super) fn response(&self, status: StatusCode) -> Response {
        Response::builder()
            .status(status)
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .content_type("text/html; charset=utf-8")
            .body(self.html())
    }

    fn html(&self) -> String {
        let Words { title, text, next_step, may_retry } = self.words;
        let refresh = if self.is_waiting { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
        let mut body = format!("<h1>{}</h1>", escaped(title));
        let name = self.progress.and_then(|progress| progress.name.as_deref());
        // Writing to a string cannot fail.
        if let Some(name) = name {
            let _ = write!(body, "<p class=\"name\">{}</p>", escaped(name));
        }
        let _ = write!(body, "<p>{}</p><p>{}</p>", escaped(text), escaped(next_step));
        let missing = self.progress.map(|progress| progress.missing.as_slice()).unwrap_or_default();
        if !missing.is_empty() {
            body.push_str("<ul>");
            for permission in missing {
                let (name, meaning) = (permission.as_str(), permission.meaning());
                let _ = write!(body, "<li><code>{}</code>: {}</li>", escaped(name), escaped(meaning));
            }
            body.push_str("</ul>");
        }
        if *may_retry {
            let _ =
                write!(body, "<p><a class=\"button\" href=\"{}\">Begin again</a></p>", escaped(self.start));
        }
        let is_done = self.progress.is_some_and(|progress| progress.name.is_some());
        if let Some(return_to) = self.return_to.filter(|_| is_done) {
            let _ =
                write!(body, "<p><a class=\"button\" href=\"{}\">Go on</a></p>", escaped(return_to.as_str()));
        }
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title>\
             <link rel=\"stylesheet\" href=\"/api/onboarding/page.css\"></head><body><main>{body}</main></body></html>",
            escaped(title)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    }
}

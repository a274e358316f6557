//! What all pages have in common: plain, readable without scripts, and plainly not Microsoft's.

use poem::{
    Response,
    http::{StatusCode, header},
};

/// Text from outside: names can be changed through the control API, parameters by anybody.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A page of the sign-in. Nothing forbids a frame: clients ask silently in one.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
        )
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .body(document(title, "", body))
}

/// The text of a page, with `head` in its head.
pub(crate) fn document(title: &str, head: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Entra ID emulator</title>
{STYLE}{head}</head>
<body><main>
<p class="notice" role="note"><strong>This is an emulator for development and tests, not Microsoft.</strong>
Never type a real password here.</p>
<h1>{title}</h1>
{body}
</main></body></html>
"#,
        title = escaped(title),
    )
}

const STYLE: &str = "<style>
body { font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 0 }
main { max-width: 30rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem }
.notice { border: 2px solid #8a4b00; background: #fff6e5; padding: .5rem 1rem }
.problem { border-left: 4px solid #a4262c; padding-left: .75rem }
label { display: block; margin: .75rem 0 }
input[type=text], input[type=password] { font: inherit; width: 100%; padding: .5rem; box-sizing: border-box; border: 1px solid #616161 }
button { font: inherit; padding: .5rem 1rem; margin: .25rem .5rem .25rem 0; border: 1px solid #0f4a8a; background: #fff; color: #0f4a8a; cursor: pointer }
select { font: inherit }
button.main { background: #0f4a8a; color: #fff }
ul.people { list-style: none; padding: 0 }
ul.people button { width: 100%; text-align: left }
</style>
";

//! Compressed responses.

use poem::{Endpoint, Request, http::header};
use tests::TestApp;

/// The coding, what the response varies with, and its length.
async fn document(app: &TestApp, accepted: &str) -> (Option<String>, Option<String>, usize) {
    let request =
        Request::builder().uri_str("/openapi.json").header(header::ACCEPT_ENCODING, accepted).finish();
    let response = app.app.endpoint.get_response(request).await;
    let text = |name| response.header(name).map(str::to_owned);
    let (coding, vary) = (text("content-encoding"), text("vary"));
    (coding, vary, response.into_body().into_bytes().await.expect("a body").len())
}

#[tokio::test]
async fn a_long_response_is_compressed_for_who_can_read_it() {
    let app = TestApp::start().await;
    let vary = Some("Accept-Encoding".to_owned());
    let (coding, plain_vary, plain) = document(&app, "").await;
    assert_eq!((coding, &plain_vary), (None, &vary));
    for (accepted, expected) in [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("gzip, br, zstd", "zstd")] {
        let (coding, vary_too, length) = document(&app, accepted).await;
        assert_eq!((coding.as_deref(), &vary_too), (Some(expected), &vary));
        assert!(length < plain / 4, "{expected}: {length} of {plain}");
    }
}

#[tokio::test]
async fn a_short_response_is_not() {
    let app = TestApp::start().await;
    let me = app.user("adele").with("accept-encoding", "gzip").get("/api/auth/me").await.expect(200);
    assert_eq!((me.header("content-encoding"), me.header("vary")), (None, None));
}

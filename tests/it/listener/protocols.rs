//! HTTP/1.1 and HTTP/2 on one port.

use api::listener::Limits;
use tokio::io::AsyncWriteExt;

use super::{Server, to_end};

#[tokio::test]
async fn requests_may_be_sent_one_after_the_other_without_waiting() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(
            b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n\
              GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n\
              GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let answers = to_end(&mut stream).await;
    let statuses: Vec<&str> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}

#[tokio::test]
async fn http2_is_spoken_by_prior_knowledge() {
    let server = Server::start(Limits::default()).await;
    #[expect(clippy::disallowed_methods, reason = "a client of another version of HTTP than the shared one")]
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("http://{}/api/auth/me", server.address);
    let token = server.app.user("adele").token.unwrap();
    let responses =
        futures_util::future::join_all((0..50).map(|_| client.get(&url).bearer_auth(&token).send())).await;
    for response in responses {
        let response = response.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, reqwest::Version::HTTP_2));
    }
    let refused = client.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().contains_key("x-request-id"));
}

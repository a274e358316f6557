//! HTTP/1.1 and HTTP/2 on one port.

use std::time::Duration;

use api::listener::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PATIENCE, Server, to_end};

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

/// The client's preface, a window for responses, and a request for `/` on stream 1 (RFC 9113 §3.4, §6.2, §6.5).
fn http2_request(window: u32) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let initial_window = [&4_u16.to_be_bytes()[..], &window.to_be_bytes()].concat();
    // GET, http, /, and the authority in full.
    let head = [&[0x82, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &initial_window), frame(1, 0x5, 1, &head)]
        .concat()
}

/// Whether the connection ends within a time; what comes is thrown away.
async fn ends_within(stream: &mut TcpStream, time: Duration) -> bool {
    let mut all = Vec::new();
    let end = stream.read_to_end(&mut all);
    tokio::time::timeout(time, end).await.is_ok()
}

#[tokio::test]
async fn an_http2_client_that_never_opens_its_window_is_cut_and_one_that_does_is_not() {
    let limits = Limits { write: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut open = server.connect().await;
    open.write_all(&http2_request(65_535)).await.unwrap();
    let mut shut = server.connect().await;
    shut.write_all(&http2_request(0)).await.unwrap();
    assert!(ends_within(&mut shut, PATIENCE).await, "it holds its response for ever");
    assert!(!ends_within(&mut open, Duration::from_millis(500)).await, "it did nothing wrong");
    server.is_well().await;
}

//! The end of the process.

use std::time::Duration;

use api::listener::Limits;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{PATIENCE, Server, to_end, until};

#[tokio::test]
async fn what_runs_is_finished_and_what_rests_is_closed() {
    let mut server = Server::start(Limits::default()).await;
    let mut resting = server.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    until(&mut resting, "\"ok\"").await;
    let body = "{\"name\":\"Colors\"}";
    let mut running = server.send(&format!("{}{}", server.post(body.len()), &body[..5])).await;
    // So that the request is there before the end begins.
    tokio::time::sleep(Duration::from_millis(200)).await;

    server.ask_to_end();
    assert_eq!(to_end(&mut resting).await, "");
    // Who asks whether the process is ready is told as long as it lives, one request for each connection.
    let mut asking = server.send("GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let answer = to_end(&mut asking).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"draining\""), "{answer}");
    server.is_well().await;
    assert!(!server.task.is_finished());
    running.write_all(&body.as_bytes()[5..]).await.unwrap();
    let answer = to_end(&mut running).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let address = server.address;
    tokio::time::timeout(PATIENCE, server.task).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "no more are accepted");
}

#[tokio::test]
async fn what_takes_too_long_does_not_keep_the_process() {
    let drain = Duration::from_millis(300);
    let mut server = Server::start(Limits { drain, ..Limits::default() }).await;
    let mut running = server.send(&format!("{}{{", server.post(100))).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.ask_to_end();
    tokio::time::timeout(Duration::from_secs(10), server.task).await.expect("it ends").unwrap();
    assert_eq!(to_end(&mut running).await, "");
}

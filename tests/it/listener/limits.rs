//! Clients that take their time, or send too much.

use std::time::{Duration, Instant};

use api::listener::Limits;
use tokio::{io::AsyncWriteExt, net::TcpSocket};

use super::{PATIENCE, Server, short, to_end, until};

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_cut() {
    let server = Server::start(short()).await;
    let mut half = server.send("GET /healthz HTTP/1.1\r\nhost: local").await;
    let mut silent = server.connect().await;
    let mut preface = server.send("PRI * HTTP/2.0\r\n").await;
    assert_eq!(to_end(&mut half).await, "");
    assert_eq!(to_end(&mut silent).await, "");
    assert_eq!(to_end(&mut preface).await, "");
}

#[tokio::test]
async fn a_head_that_drips_is_cut_however_lively_it_is() {
    let server = Server::start(short()).await;
    let mut stream = server.connect().await;
    let began = Instant::now();
    for byte in b"GET /healthz HTTP/1.1\r\nx-long: ".iter().chain(std::iter::repeat(&b'a')) {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "it drips on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_connection_at_rest_is_closed_and_may_be_used_until_then() {
    let server = Server::start(Limits { idle: Duration::from_millis(600), ..short() }).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(until(&mut stream, "\"ok\"").await.starts_with("HTTP/1.1 200"));
        // Longer than a head may take.
        tokio::time::sleep(Duration::from_millis(350)).await;
    }
    assert_eq!(to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408_in_the_envelope() {
    let server = Server::start(short()).await;
    let mut stream = server.send(&format!("{}{{\"na", server.post(100))).await;
    let answer = to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"REQUEST_TIMEOUT\"") && answer.contains("\"requestId\""), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
}

#[tokio::test]
async fn a_body_that_drips_is_408_when_the_request_has_taken_too_long() {
    let server = Server::start(Limits { request: Duration::from_millis(500), ..short() }).await;
    let mut stream = server.send(&server.post(100_000)).await;
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = async {
        let mut all = String::new();
        while !all.contains("requestId") {
            let mut buffer = [0; 4096];
            let read = tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await.unwrap();
            assert!(read > 0, "{all}");
            all.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        all
    };
    let answer = tokio::select! {
        answer = answer => answer,
        () = drip => panic!("cut without an answer"),
    };
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_body_that_no_one_reads_holds_nothing_up() {
    let server = Server::start(short()).await;
    let mut stream =
        server.send("POST /api/taxonomies HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n").await;
    assert!(to_end(&mut stream).await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_others_go_on() {
    let server = Server::start(Limits::default()).await;
    let mut other = server.connect().await;
    let long = "a".repeat(64 * 1024);
    let many = "x-many: 1\r\n".repeat(200);
    for headers in [format!("x-long: {long}\r\n"), many] {
        let mut stream = server.connect().await;
        // The answer may come before all is sent.
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
        assert!(to_end(&mut stream).await.starts_with("HTTP/1.1 431"));
    }
    let mut nonsense = server.send("\u{1}\u{2}\u{3} nonsense\r\n\r\n").await;
    assert!(to_end(&mut nonsense).await.starts_with("HTTP/1.1 400"));
    other.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(until(&mut other, "\"ok\"").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let server = Server::start(short()).await;
    let mut stream = server.send(&server.post(2 * 1024 * 1024)).await;
    let answer = to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn a_thousand_slow_clients_leave_the_service_to_others() {
    let all = Limits::default().connections;
    let server = Server::start(Limits { connections_per_address: all, ..Limits::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..1000 {
        slow.push(server.send("GET /healthz HTTP/1.1\r\nx-slow: ").await);
    }
    let began = Instant::now();
    for _ in 0..20 {
        server.is_well().await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = Server::start(Limits { connections_per_address: 3, ..Limits::default() }).await;
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(server.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await);
    }
    for stream in &mut taken {
        until(stream, "\"ok\"").await;
    }
    let mut one_too_many = server.connect().await;
    let _ = one_too_many.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(to_end(&mut one_too_many).await, "");

    let other = TcpSocket::new_v4().unwrap();
    other.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let mut other = other.connect(server.address).await.unwrap();
    other.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(to_end(&mut other).await.starts_with("HTTP/1.1 200"));

    drop(taken);
    // As soon as the service has seen that they went.
    let began = Instant::now();
    loop {
        let mut again = server.connect().await;
        let _ = again.write_all(b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n").await;
        if to_end(&mut again).await.starts_with("HTTP/1.1 ") {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "its connections are counted for ever");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let server = Server::start(Limits { connections: 2, ..short() }).await;
    let _first = server.send("GET /healthz HTTP/1.1\r\n").await;
    let _second = server.send("GET /healthz HTTP/1.1\r\n").await;
    // Served when the two are cut.
    server.is_well().await;
}

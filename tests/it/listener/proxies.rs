//! Limits by client address, which is the peer's, or what a trusted proxy says it is.

use api::listener::Limits;
use tests::TestApp;

use super::{Server, to_end};

async fn server(trusted_proxies: &str) -> Server {
    let app = TestApp::builder()
        .set("RATE_LIMIT_ADDRESS", "2/10s")
        .set("TRUSTED_PROXIES", trusted_proxies)
        .start()
        .await;
    Server::of(app, Limits::default()).await
}

async fn get(server: &Server, path: &str, forwarded_for: &str) -> String {
    let mut stream = server
        .send(&format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: {forwarded_for}\r\nconnection: close\r\n\r\n"
        ))
        .await;
    to_end(&mut stream).await
}

async fn status(server: &Server, path: &str, forwarded_for: &str) -> String {
    get(server, path, forwarded_for).await.get(9..12).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_address_is_limited_before_anybody_authenticates() {
    let server = server("").await;
    assert_eq!(status(&server, "/api/auth/me", "198.51.100.1").await, "401");
    assert_eq!(status(&server, "/nowhere", "198.51.100.2").await, "404");
    let refused = get(&server, "/api/auth/me", "198.51.100.3").await;
    assert!(refused.starts_with("HTTP/1.1 429"), "nobody trusts the header: {refused}");
    assert!(refused.contains("\"RATE_LIMITED\"") && refused.contains("retry-after: 5\r\n"), "{refused}");
    assert!(refused.contains("ratelimit-policy: 2;w=10;comment=\"address\"\r\n"), "{refused}");
    for path in ["/healthz", "/readyz"] {
        for _ in 0..5 {
            assert_eq!(status(&server, path, "198.51.100.1").await, "200");
        }
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let server = server("127.0.0.1").await;
    for client in ["198.51.100.1", "198.51.100.2", "spoofed, 198.51.100.3", "2001:db8:1:2::3"] {
        assert_eq!(status(&server, "/nowhere", client).await, "404");
        assert_eq!(status(&server, "/nowhere", client).await, "404");
        assert_eq!(status(&server, "/nowhere", client).await, "429", "{client}");
    }
    assert_eq!(status(&server, "/nowhere", "2001:db8:1:2:ffff::1").await, "429", "the same network");
    assert_eq!(status(&server, "/nowhere", "2001:db8:1:3::1").await, "404", "another network");
    assert_eq!(status(&server, "/nowhere", "other, 198.51.100.3").await, "429", "what a client wrote");
}

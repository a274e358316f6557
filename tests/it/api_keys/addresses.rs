//! From where a key may be used: over real connections, since the address is the peer's.

use std::{net::SocketAddr, sync::Arc};

use api::listener::{Limits, Listener};
use serde_json::json;
use tests::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::made;

struct Server {
    address: SocketAddr,
    key: String,
    /// Its database goes with it.
    _app: Arc<TestApp>,
    _task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// With a key that may be used from these addresses.
    async fn start(settings: &[(&str, &str)], allowed: &[&str]) -> Self {
        let mut builder = TestApp::builder();
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        let app = Arc::new(builder.start().await);
        let made = made(&app.user("adele"), &[], json!({ "allowedIps": allowed })).await.expect(201);
        let listener =
            Listener::bind(([127, 0, 0, 1], 0).into(), Limits::default()).await.expect("it is there");
        let address = listener.local_address().expect("it is there");
        let endpoint = Arc::clone(&app.app.endpoint);
        let task = tokio::spawn(listener.run(endpoint, std::future::pending()));
        Self { address, key: made.text_at("/data/rawKey"), _app: app, _task: task }
    }

    /// The status and the body of a request with this `X-Forwarded-For`.
    async fn get(&self, forwarded_for: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("it is there");
        let head = format!(
            "GET /api/auth/me HTTP/1.1\r\nhost: localhost\r\nx-api-key: {}\r\nx-forwarded-for: {forwarded_for}\r\n\
             connection: close\r\n\r\n",
            self.key
        );
        stream.write_all(head.as_bytes()).await.expect("it is there");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is there");
        answer
    }

    async fn status(&self, forwarded_for: &str) -> String {
        self.get(forwarded_for).await.get(9..12).unwrap_or_default().to_owned()
    }
}

#[tokio::test]
async fn a_key_is_refused_from_an_address_that_is_not_on_its_list_whatever_the_header_says() {
    let server = Server::start(&[], &["203.0.113.0/24"]).await;
    let refused = server.get("203.0.113.7").await;
    assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("API_KEY_IP_BLOCKED"), "{refused}");
    assert_eq!(server.status("198.51.100.1, 203.0.113.7").await, "403");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_one_that_it_saw() {
    let server =
        Server::start(&[("TRUSTED_PROXIES", "127.0.0.1")], &["203.0.113.0/24", "2001:db8::/32"]).await;
    for allowed in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", "198.51.100.1, 203.0.113.7"] {
        assert_eq!(server.status(allowed).await, "200", "{allowed}");
    }
    // The last one is what the proxy saw; what stands before it anybody can write. One principal, two addresses.
    for blocked in ["203.0.113.7, 198.51.100.1", "198.51.100.1", "2001:db9::1"] {
        assert_eq!(server.status(blocked).await, "403", "{blocked}");
    }
    assert_eq!(server.status("203.0.113.7").await, "200");
}

#[tokio::test]
async fn a_deployment_may_switch_the_check_off() {
    let server = Server::start(&[("API_KEY_IP_CHECK", "false")], &["203.0.113.0/24"]).await;
    assert_eq!(server.status("198.51.100.1").await, "200");
    let server = Server::start(&[], &["127.0.0.0/8"]).await;
    assert_eq!(server.status("198.51.100.1").await, "200");
}

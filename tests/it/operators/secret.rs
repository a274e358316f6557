//! The administration's secret: over real connections, since the address is the peer's.

use std::{net::SocketAddr, sync::Arc};

use api::listener::{Limits, Listener};
use serde_json::json;
use tests::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PING, TENANTS, org_id, recorded};

const SECRET: &str = "a-secret-of-the-tests-and-a-long-one";

struct Server {
    address: SocketAddr,
    app: Arc<TestApp>,
    _task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let mut builder = TestApp::builder();
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        let app = Arc::new(builder.start().await);
        let listener =
            Listener::bind(([127, 0, 0, 1], 0).into(), Limits::default()).await.expect("it is there");
        let address = listener.local_address().expect("it is there");
        let endpoint = Arc::clone(&app.app.endpoint);
        let task = tokio::spawn(listener.run(endpoint, std::future::pending()));
        Self { address, app, _task: task }
    }

    /// The status of a request with these lines in its head, and all that was answered.
    async fn ask(&self, request: &str, lines: &[&str]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.expect("it is there");
        let mut head = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for line in lines {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.expect("it is there");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is there");
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        (status.expect("an answer has a status"), answer)
    }

    async fn ping(&self, lines: &[&str]) -> (u16, String) {
        self.ask(&format!("GET {PING}"), lines).await
    }

    async fn with_secret(&self, secret: &str) -> (u16, String) {
        self.ping(&[&format!("authorization: Bearer {secret}")]).await
    }
}

/// The body without what each answer has of its own.
fn body(answer: &str) -> serde_json::Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("there is a body");
    let mut body: serde_json::Value = serde_json::from_str(body).expect("it is JSON");
    if let Some(error) = body.get_mut("error").and_then(serde_json::Value::as_object_mut) {
        error.remove("requestId");
    }
    body
}

#[tokio::test]
async fn whoever_has_the_secret_is_an_operator_and_opens_nothing_else_with_it() {
    let server = Server::start(&[("ADMIN_SECRET", SECRET)]).await;
    let (status, answer) = server.with_secret(SECRET).await;
    assert_eq!((status, body(&answer)), (200, json!({ "by": "secret", "name": null })));
    let bearer = format!("authorization: Bearer {SECRET}");
    for path in ["/api/auth/me", "/api/members", "/api/organization/export"] {
        let (status, answer) = server.ask(&format!("GET {path}"), &[&bearer]).await;
        assert_eq!(status, 401, "{path}: {answer}");
    }
    let id = org_id(&server.app.user("adele")).await;
    let (status, _) = server.ask(&format!("GET {TENANTS}/{id}?reason=ticket%2012"), &[&bearer]).await;
    assert_eq!(status, 200);
    let [viewed] = &recorded(&server.app, "organization.viewed").await[..] else { panic!("one look") };
    assert_eq!((viewed.org_id.as_str(), viewed.actor.as_str()), (id.as_str(), "operator"));
    assert_eq!(viewed.data, json!({ "reason": "ticket 12", "operator": "secret" }));
}

#[tokio::test]
async fn a_wrong_secret_is_a_credential_like_any_other_that_does_not_hold() {
    let server = Server::start(&[("ADMIN_SECRET", SECRET)]).await;
    let without = Server::start(&[]).await;
    let upper = SECRET.to_uppercase();
    let longer = format!("{SECRET}x");
    for wrong in [&SECRET[1..], &SECRET[..SECRET.len() - 1], &upper, &longer, "x"] {
        let (status, answer) = server.with_secret(wrong).await;
        assert_eq!(status, 401, "{wrong}: {answer}");
        assert!(
            answer.to_lowercase().contains("www-authenticate: bearer error=\"invalid_token\""),
            "{answer}"
        );
        // It does not tell whether there is a secret.
        let (status, other) = without.with_secret(wrong).await;
        assert_eq!((status, body(&other)), (401, body(&answer)));
    }
    let (status, answer) = without.with_secret(SECRET).await;
    assert_eq!(status, 401, "{answer}");
    assert_eq!(body(&answer)["error"]["code"], json!("UNAUTHORIZED"));
}

#[tokio::test]
async fn the_secret_is_taken_as_the_one_bearer_and_from_no_other_place() {
    let server = Server::start(&[("ADMIN_SECRET", SECRET)]).await;
    let bearer = format!("authorization: Bearer {SECRET}");
    for lines in [
        &[format!("authorization: Basic {SECRET}")][..],
        &[format!("authorization: {SECRET}")],
        &[format!("authorization: ApiKey {SECRET}")],
        &[format!("x-api-key: {SECRET}")],
        &[format!("x-admin-secret: {SECRET}")],
        &[format!("cookie: accessToken={SECRET}")],
        &[bearer.clone(), bearer.clone()],
        &[bearer.clone(), "authorization: Bearer x".to_owned()],
        &[bearer.clone(), "x-api-key: x".to_owned()],
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (status, answer) = server.ping(&lines).await;
        assert_eq!(status, 401, "{lines:?}: {answer}");
    }
    for query in ["access_token", "secret", "token"] {
        let (status, _) = server.ask(&format!("GET {PING}?{query}={SECRET}"), &[]).await;
        assert_eq!(status, 401, "{query}");
    }
    let (status, _) = server.ping(&[&bearer, "cookie: accessToken=x"]).await;
    assert_eq!(status, 200, "a cookie beside a bearer is not looked at");
}

#[tokio::test]
async fn from_elsewhere_the_secret_opens_nothing_and_is_answered_as_a_wrong_one() {
    let bearer = format!("authorization: Bearer {SECRET}");
    let from = |address: &str| format!("x-forwarded-for: {address}");
    // Somebody passed it on, so it is from elsewhere, whatever they say and whoever they are.
    let direct = Server::start(&[("ADMIN_SECRET", SECRET)]).await;
    let (_, wrong) = direct.with_secret("wrong").await;
    for line in [from("203.0.113.9"), from("127.0.0.1"), from(""), "forwarded: for=127.0.0.1".to_owned()] {
        let (status, answer) = direct.ping(&[&bearer, &line]).await;
        assert_eq!((status, body(&answer)), (401, body(&wrong)), "{line}");
    }
    assert_eq!(direct.ping(&[&bearer]).await.0, 200);
    // There is no address in it that could be known.
    direct.app.token(SECRET).get(PING).await.expect(401);

    let proxied = Server::start(&[("ADMIN_SECRET", SECRET), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    for address in ["203.0.113.9", "2001:db8::1", "127.0.0.1, 203.0.113.9", "127.0.0.1"] {
        let (status, answer) = proxied.ping(&[&bearer, &from(address)]).await;
        assert_eq!((status, body(&answer)), (401, body(&wrong)), "{address}");
    }

    let networks = "203.0.113.0/24, 2001:db8::/32";
    let named = [("ADMIN_SECRET", SECRET), ("TRUSTED_PROXIES", "127.0.0.1"), ("ADMIN_ALLOWED_IPS", networks)];
    let named = Server::start(&named).await;
    for (address, expected) in [
        ("203.0.113.9", 200),
        ("::ffff:203.0.113.9", 200),
        ("2001:db8::1", 200),
        ("203.0.114.9", 401),
        ("10.0.0.1", 401),
    ] {
        let (status, answer) = named.ping(&[&bearer, &from(address)]).await;
        assert_eq!(status, expected, "{address}: {answer}");
    }
    let (status, _) = named.ping(&[&bearer]).await;
    assert_eq!(status, 401, "this machine is not on the list");
}

#[tokio::test]
async fn attempts_at_the_secret_are_limited_by_address_and_the_right_one_is_not() {
    let settings = [
        ("ADMIN_SECRET", SECRET),
        ("RATE_LIMIT_AUTH", "3/15m"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ADMIN_ALLOWED_IPS", "203.0.113.0/24"),
    ];
    let server = Server::start(&settings).await;
    let by = async |secret: &str, address: &str| {
        let lines = [format!("authorization: Bearer {secret}"), format!("x-forwarded-for: {address}")];
        server.ping(&[&lines[0], &lines[1]]).await.0
    };
    for _ in 0..3 {
        assert_eq!(by("wrong", "203.0.113.9").await, 401);
    }
    assert_eq!(by("wrong", "203.0.113.9").await, 429);
    assert_eq!(by("wrong", "203.0.113.10").await, 401, "somebody else's attempts");
    assert_eq!(by(SECRET, "203.0.113.9").await, 200);
    // The right one from elsewhere counts as a wrong one does, or it would be known by that.
    for _ in 0..3 {
        assert_eq!(by(SECRET, "198.51.100.9").await, 401);
    }
    assert_eq!(by(SECRET, "198.51.100.9").await, 429);
}

//! The server side of the two documents and the keys, on a loopback port, with answers that can be switched.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub(super) const CLOUD: &str = "microsoftonline.com";
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Document {
    V2,
    V1,
    Keys,
    Other,
}

#[derive(Clone)]
pub(super) enum Answer {
    Good,
    Status(u16),
    Body(&'static str, String),
    Redirect(String),
    Never,
}

struct State {
    answers: HashMap<Document, Answer>,
    counts: HashMap<Document, usize>,
    keys: Vec<Value>,
    jwks_uri: Option<String>,
    issuer: Option<String>,
    domains: HashMap<String, String>,
}

#[derive(Clone)]
pub(super) struct FakeAuthority {
    base: String,
    state: Arc<Mutex<State>>,
    held: Arc<watch::Sender<bool>>,
}

impl FakeAuthority {
    pub(super) async fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            answers: HashMap::new(),
            counts: HashMap::new(),
            keys,
            jwks_uri: None,
            issuer: None,
            domains: HashMap::new(),
        };
        let fake =
            Self { base, state: Arc::new(Mutex::new(state)), held: Arc::new(watch::Sender::new(false)) };
        let serving = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        fake
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn answer(&self, document: Document, answer: Answer) {
        self.state.lock().unwrap().answers.insert(document, answer);
    }

    /// All documents alike.
    pub(super) fn answer_all(&self, answer: &Answer) {
        for document in [Document::V2, Document::V1, Document::Keys] {
            self.answer(document, answer.clone());
        }
    }

    pub(super) fn publish(&self, keys: Vec<Value>) {
        self.state.lock().unwrap().keys = keys;
    }

    pub(super) fn set_jwks_uri(&self, address: &str) {
        self.state.lock().unwrap().jwks_uri = Some(address.to_owned());
    }

    pub(super) fn set_issuer(&self, issuer: &str) {
        self.state.lock().unwrap().issuer = Some(issuer.to_owned());
    }

    pub(super) fn set_domain(&self, domain: &str, tenant: &str) {
        self.state.lock().unwrap().domains.insert(domain.to_owned(), tenant.to_owned());
    }

    pub(super) fn remove_domain(&self, domain: &str) {
        self.state.lock().unwrap().domains.remove(domain);
    }

    pub(super) fn count(&self, document: Document) -> usize {
        self.state.lock().unwrap().counts.get(&document).copied().unwrap_or_default()
    }

    /// Answers wait from now on.
    pub(super) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(super) fn release(&self) {
        self.held.send_replace(false);
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let (document, answer) = self.receive(&path);
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        let (status, headers, body) = match answer {
            Answer::Good => self.good(document, &path),
            Answer::Status(status) => (status, "content-type: application/json".to_owned(), "{}".to_owned()),
            Answer::Body(media_type, body) => (200, format!("content-type: {media_type}"), body),
            Answer::Redirect(to) => (302, format!("location: {to}"), String::new()),
            Answer::Never => std::future::pending().await,
        };
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = stream.write_all(text.as_bytes()).await;
    }

    fn receive(&self, path: &str) -> (Document, Answer) {
        let document = if path.ends_with("/v2.0/.well-known/openid-configuration") {
            Document::V2
        } else if path.ends_with("/.well-known/openid-configuration") {
            Document::V1
        } else if path.ends_with("/discovery/v2.0/keys") {
            Document::Keys
        } else {
            Document::Other
        };
        let mut state = self.state.lock().unwrap();
        *state.counts.entry(document).or_default() += 1;
        (document, state.answers.get(&document).cloned().unwrap_or(Answer::Good))
    }

    fn good(&self, document: Document, path: &str) -> (u16, String, String) {
        let state = self.state.lock().unwrap();
        let selector = path.split('/').nth(1).unwrap();
        let tenant = match selector {
            "common" | "organizations" => "{tenantid}".to_owned(),
            "consumers" => PERSONAL.to_owned(),
            domain if domain.contains('.') => state.domains.get(domain).cloned().unwrap_or_default(),
            id => id.to_owned(),
        };
        let json = "content-type: application/json; charset=utf-8".to_owned();
        if tenant.is_empty() {
            let error = json!({ "error": "invalid_tenant", "error_description": "AADSTS90002: not found" });
            return (400, json, error.to_string());
        }
        let own_keys = format!("{}/{selector}/discovery/v2.0/keys", self.base);
        let body = match document {
            Document::V2 => json!({
                "issuer": state.issuer.clone()
                    .unwrap_or_else(|| format!("https://login.microsoftonline.com/{tenant}/v2.0")),
                "jwks_uri": state.jwks_uri.clone().unwrap_or(own_keys),
                "cloud_instance_name": CLOUD,
            }),
            Document::V1 => json!({ "issuer": format!("https://sts.windows.net/{tenant}/") }),
            Document::Keys => json!({ "keys": state.keys }),
            Document::Other => return (404, json, "{}".to_owned()),
        };
        (200, json, body.to_string())
    }
}

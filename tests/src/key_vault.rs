//! A key vault with one secret, and beside it who gives tokens for it: an authority, and the identity service of a
//! machine in its App Service form.

use std::sync::{Arc, Mutex};

use poem::{
    EndpointExt, IntoResponse, Request, Response, Server,
    endpoint::make,
    http::{Method, StatusCode},
    listener::Listener as _,
    listener::{Acceptor, TcpListener},
};
use serde_json::json;

/// What a token for the vault is, of the authority and of the machine.
const TOKEN: &str = "a-planted-token-for-the-key-vault";
/// What proves to the identity service that it is asked from the machine.
const MACHINE_HEADER: &str = "a-planted-header-of-the-machine";

/// The vault. It ends with the test.
pub struct FakeKeyVault {
    url: String,
    state: Arc<State>,
}

struct State {
    value: Mutex<String>,
    /// Given before the secret is, one after the other.
    refusals: Mutex<Vec<(StatusCode, String)>>,
    asked: Mutex<Vec<String>>,
}

impl FakeKeyVault {
    /// The path of its secret.
    const SECRET: &'static str = "/secrets/tenantry-keys";

    pub async fn start(value: &str) -> Self {
        let state = State {
            value: Mutex::new(value.to_owned()),
            refusals: Mutex::default(),
            asked: Mutex::default(),
        };
        let state = Arc::new(state);
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port is free");
        let address = acceptor.local_addr().into_iter().next().expect("it listens somewhere");
        let port = address.as_socket_addr().expect("it is TCP").port();
        let serving = Arc::clone(&state);
        let answers = make(move |request| {
            let serving = Arc::clone(&serving);
            async move { serving.answer(&request) }
        });
        tokio::spawn(Server::new_with_acceptor(acceptor).run(answers.map_to_response().boxed()));
        Self { url: format!("http://127.0.0.1:{port}"), state }
    }

    /// The secret's identifier.
    pub fn identifier(&self) -> String {
        format!("{}{}", self.url, Self::SECRET)
    }

    /// Where the authority is.
    pub fn authority(&self) -> &str {
        &self.url
    }

    /// What a machine with an identity has in its environment, and the settings that make a service use it.
    pub fn of_machine(&self) -> Vec<(&'static str, String)> {
        vec![
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", self.url)),
            ("IDENTITY_HEADER", MACHINE_HEADER.to_owned()),
            ("TOKEN_KEYS_VAULT_SECRET_ID", self.identifier()),
            ("TOKEN_KEYS_VAULT_CREDENTIAL", "managed-identity".to_owned()),
        ]
    }

    /// What must never be told: its value, and what it is had with.
    pub fn secrets(&self) -> [String; 3] {
        let value = self.state.value.lock().expect("no test panics while it holds it").clone();
        [value, TOKEN.to_owned(), MACHINE_HEADER.to_owned()]
    }

    /// Another value from now on.
    pub fn set(&self, value: &str) {
        value.clone_into(&mut self.state.value.lock().expect("no test panics while it holds it"));
    }

    /// Refuses the next request for the secret.
    pub fn refuse(&self, status: u16, code: &str) {
        let status = StatusCode::from_u16(status).expect("a status");
        let body = json!({ "error": { "code": "x", "message": "x", "innererror": { "code": code } } });
        let mut refusals = self.state.refusals.lock().expect("no test panics while it holds them");
        refusals.push((status, body.to_string()));
    }

    /// The methods and targets that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().expect("no test panics while it holds them").clone()
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let target = format!("{} {}", request.method(), request.uri());
        self.asked.lock().expect("no test panics while it holds them").push(target);
        let path = request.uri().path();
        if request.method() == Method::POST && path.ends_with("/oauth2/v2.0/token") {
            return of_json(&json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600 }));
        }
        if path == "/msi/token" {
            if request.header("x-identity-header") != Some(MACHINE_HEADER) {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let token = json!({
                "access_token": TOKEN, "expires_on": "4000000000", "token_type": "Bearer", "resource": "x",
            });
            return of_json(&token);
        }
        if path != FakeKeyVault::SECRET || request.uri().query() != Some("api-version=7.4") {
            return StatusCode::NOT_FOUND.into_response();
        }
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let mut refusals = self.refusals.lock().expect("no test panics while it holds them");
        if !refusals.is_empty() {
            let (status, body) = refusals.remove(0);
            return Response::builder().status(status).content_type("application/json").body(body);
        }
        let value = self.value.lock().expect("no test panics while it holds it");
        of_json(&json!({ "value": *value, "attributes": { "enabled": true } }))
    }
}

fn of_json(body: &serde_json::Value) -> Response {
    Response::builder().content_type("application/json").body(body.to_string())
}

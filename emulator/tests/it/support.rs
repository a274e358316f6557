//! One emulator for each test, and short words for asking it.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use emulator::{Emulator, Options};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use reqwest::{Client, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// The moment at which all tests happen.
pub(crate) const NOW: &str = "2026-03-01T12:00:00Z";

pub(crate) fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// An emulator on a free port whose clock stands still.
pub(crate) struct Entra {
    pub(crate) emulator: Emulator,
    client: Client,
}

/// Status, headers and body of an answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Entra {
    pub(crate) async fn start() -> Self {
        let options = Options { clock: Arc::new(now), ..Options::default() };
        Self { emulator: Emulator::start(options).await.unwrap(), client: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.http_url())
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request("DELETE", path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("POST", path).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.request("POST", path).form(form).send().await.unwrap()).await
    }

    /// A token from the control API.
    pub(crate) async fn mint(&self, wish: Value) -> String {
        let answer = self.post("/emulator/control/tokens", wish).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// What the JWKS lists.
    pub(crate) async fn keys(&self) -> Vec<Value> {
        self.get("/common/discovery/v2.0/keys").await.json()["keys"].as_array().unwrap().clone()
    }

    /// The published key whose `kid` the token names.
    pub(crate) async fn key_of(&self, token: &str) -> Option<Value> {
        let kid = header(token)["kid"].clone();
        self.keys().await.into_iter().find(|key| key["kid"] == kid)
    }
}

#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// Whether the key has signed the token, by someone else's code.
pub(crate) fn is_signed_by(token: &str, jwk: &Value) -> bool {
    // Another test of this process may have been first.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let jwk: Jwk = serde_json::from_value(jwk.clone()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).is_ok()
}

/// A good request for a token of an app, as form parameters.
pub(crate) fn credentials() -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", emulator::ids::TENANTRY_APP),
        ("client_secret", emulator::ids::TENANTRY_SECRET),
        ("scope", "api://a0000000-0000-4000-8000-00000000000a/.default"),
    ]
}

/// `{"error": …}` of a control answer.
pub(crate) fn problem(answer: &Answer) -> String {
    assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
    let Value::String(problem) = &answer.json()["error"] else { panic!("{}", answer.text) };
    problem.clone()
}

/// `{"user": …}`.
pub(crate) fn user(name: &str) -> Value {
    json!({ "user": name })
}

//! Nothing that is secret is written where it could be read: each secret of the service and of those who use it is
//! looked for in everything that a process says while it is used, and while things go wrong.

use std::{collections::BTreeSet, time::Duration};

use api::config::TokenKey;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta};
use domain::{
    connections::{DeviceCode, Granted, HandedToken, NewToken},
    id::{ConnectionId, ConnectionTokenId, SessionId, TypedId},
    identity::IssuedTokens,
};
use infra::key_vault::SecretValue;
use poem::http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tests::{
    Actor, Answer, Browser, PATIENCE, Served, TestApp,
    emulator::{Endpoint, Fault, FaultKind, ids},
    is_postgres,
};
use uuid::Uuid;

use super::{SCOPES, TOKENS, compatible::decrypted};
use crate::connections::{CONNECT, builder};

const TOKEN_KEY: &str = "planted-token-key-which-is-long-enough-to-be-one";
const FORM: &str = "application/x-www-form-urlencoded";

/// A secret, and the answers that may have it.
struct Planted {
    what: &'static str,
    value: String,
    /// Beginnings of `METHOD path` and whether it is in the `head` or the `body`.
    may_be_in: Places,
}

type Places = &'static [(&'static str, &'static str)];

/// What was seen of secrets, in the order that they came to be.
#[derive(Default)]
struct Secrets(Vec<Planted>);

impl Secrets {
    fn add(&mut self, what: &'static str, value: &str, may_be_in: Places) {
        assert!(value.len() >= 12, "{what} is too short to be told from something else: {value:?}");
        self.0.push(Planted { what, value: value.to_owned(), may_be_in });
    }

    fn first(&self, what: &str) -> String {
        let known = self.0.iter().find(|secret| secret.what == what);
        known.expect("it was noted").value.clone()
    }

    /// Where they are in a text that should have none: as they are, percent-encoded, in JSON or in base64.
    fn found_in(&self, text: &str) -> BTreeSet<&'static str> {
        self.0.iter().filter(|secret| secret.is_in(text)).map(|secret| secret.what).collect()
    }
}

impl Planted {
    fn is_in(&self, text: &str) -> bool {
        let encoded: String = url::form_urlencoded::byte_serialize(self.value.as_bytes()).collect();
        let base64 = STANDARD.encode(&self.value);
        // The last letters depend on what comes after it.
        let base64 = &base64[..base64.len() - 4];
        [self.value.as_str(), &encoded, base64].into_iter().any(|form| text.contains(form))
    }

    fn may_be_in(&self, answer: &Answer, part: &str) -> bool {
        let asked = format!("{} {}", answer.method, answer.path);
        self.may_be_in.iter().any(|(beginning, of)| *of == part && asked.starts_with(beginning))
    }
}

fn parameter(address: &str, name: &str) -> String {
    let base = url::Url::parse("http://localhost").expect("an address");
    let url = base.join(address).expect("an address");
    let value = url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    value.expect("the address has it")
}

const START: &str = "GET /api/oauth/microsoft/start";
const BACK: &str = "GET /api/oauth/microsoft/callback";
const REFRESH: &str = "POST /api/auth/refresh";
const KEYS: &str = "POST /api/api-keys";
const DEVICE: &str = "/api/connections/device";
const HUB: &str = "GET /api/connections/";

/// Signs in or connects, and notes what goes to and fro.
async fn come_and_go(browser: &Browser, start: &str, secrets: &mut Secrets) -> tests::Response {
    let callback = browser.depart(start, "alex@contoso.com").await;
    // They stand in the address that the browser came from, and on the page that leads to where the session is shown.
    let page: Places = if start == CONNECT { &[(BACK, "body")] } else { &[] };
    secrets.add("a state", &parameter(&callback, "state"), &[(START, "head"), (BACK, "body")]);
    secrets.add("a code", &parameter(&callback, "code"), page);
    let departure =
        browser.cookies().into_iter().find(|name| name.starts_with("microsoft-")).expect("a cookie");
    let cookie = browser.cookie(&departure).expect("it is there");
    secrets.add("the cookie of a departure", &cookie, &[(START, "head")]);
    browser.come_back(&callback).await
}

fn note_session(browser: &Browser, secrets: &mut Secrets) {
    for (what, name) in [
        ("an access token of a session", "accessToken"),
        ("a refresh token of a session", "refreshToken"),
        ("a value against forgery", "csrf-token"),
    ] {
        let value = browser.cookie(name).expect("it is there");
        secrets.add(what, &value, &[(BACK, "head"), (REFRESH, "head")]);
    }
}

/// An API key that may do everything with tokens, and what was shown of it.
async fn key(actor: &Actor, more: Value, secrets: &mut Secrets) -> (String, String, String) {
    let mut body = json!({ "name": "workflow", "scopes": SCOPES });
    body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let made = actor.post("/api/api-keys", body).await.expect(201);
    let [id, raw, wire] = ["/data/id", "/data/rawKey", "/data/wireKey"].map(|at| made.text_at(at));
    secrets.add("an API key", &raw, &[(KEYS, "body")]);
    secrets.add("a wire key", &wire, &[(KEYS, "body")]);
    (id, raw, wire)
}

/// Signs in, connects, makes keys, and has tokens in each of the ways that there are.
async fn use_it(served: &Served, secrets: &mut Secrets) -> (Browser, String, String) {
    let browser = served.browser();
    come_and_go(&browser, "/api/oauth/microsoft/start", secrets).await.expect(303);
    note_session(&browser, secrets);
    let landed = come_and_go(&browser, CONNECT, secrets).await.expect(303);
    let connection = parameter(landed.header("location").expect("a place to go"), "connection");
    let (id, raw, wire) = key(&browser.actor(), json!({ "includeRefreshToken": true }), secrets).await;
    let caller = served.token(&raw);
    for resource in ["graph", "sharepoint"] {
        let path = format!("/api/connections/{connection}/token?resource={resource}");
        let token = caller.get(&path).await.expect(200).text_at("/data/accessToken");
        secrets.add(
            "an access token of Microsoft's",
            &token,
            &[(HUB, "body"), ("POST /oauth/token", "body")],
        );
    }
    let refresh_token = caller.get(TOKENS).await.expect(200).at("/accounts/0/refreshToken");
    secrets.add("a refresh token of Microsoft's", &decrypted(&wire, &refresh_token), &[]);
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={raw}&scope=graph");
    let client = served.anonymous();
    client.send_raw(Method::POST, "/oauth/token", Some(FORM), form).await.expect(200);
    caller.get(&format!("/api/proxy/{connection}/graph/v1.0/me")).await.expect(200);
    caller.get(&format!("/api/proxy/{connection}/graph/v1.0/nowhere")).await;
    served
        .anonymous()
        .with("x-api-key", &raw)
        .get(&format!("/api/connections/{connection}"))
        .await
        .expect(200);
    browser.post("/api/auth/refresh").await.expect(200);
    note_session(&browser, secrets);
    (browser, connection, raw)
}

/// Connects an account by a code that is typed elsewhere; another one is never typed.
async fn connect_a_device(app: &TestApp, browser: &Browser, secrets: &mut Secrets) {
    let [typed, _] = [begin_device(browser).await, begin_device(browser).await];
    let codes = app.emulator.device_codes();
    assert_eq!(codes.len(), 2);
    for code in &codes {
        secrets.add("a device code", code, &[]);
    }
    app.browser().at_device(&typed.text_at("/data/userCode"), "alex@contoso.com").await;
    let id = typed.text_at("/data/id");
    let connected = async {
        loop {
            let looked = browser.get(&format!("{DEVICE}/{id}")).await.expect(200);
            if looked.at("/data/status") != json!("WAITING") {
                return looked.text_at("/data/status");
            }
            // The process has a clock of its own, and Microsoft is asked every few seconds.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let status = tokio::time::timeout(PATIENCE, connected).await.expect("it is noticed");
    assert_eq!(status, "CONNECTED");
}

async fn begin_device(browser: &Browser) -> tests::Response {
    browser.send(Method::POST, DEVICE, Some(&json!({}))).await.expect(200)
}

/// The same with everything going wrong that can.
async fn break_it(app: &TestApp, served: &Served, secrets: &mut Secrets, used: (Browser, String, String)) {
    let (browser, connection, raw) = used;
    let caller = served.token(&raw);
    let refresh = format!("/api/connections/{connection}/refresh");
    for fault in [
        Fault::refuse("invalid_grant", 65_001),
        Fault::refuse("invalid_client", 7_000_222),
        Fault::refuse("temporarily_unavailable", 90_033),
        Fault::new(Endpoint::Token, FaultKind::Html),
        Fault::new(Endpoint::Token, FaultKind::Garbage),
        Fault::new(Endpoint::Token, FaultKind::Close),
        Fault::new(Endpoint::Token, FaultKind::Throttle),
    ] {
        app.emulator.set_fault(fault.times(3));
        browser.send(Method::POST, &refresh, Some(&json!({}))).await;
        caller.get(&format!("/api/connections/{connection}/token?scope=Mail.Read")).await;
        let again = served.browser();
        come_and_go(&again, "/api/oauth/microsoft/start", secrets).await;
        app.emulator.clear_faults();
    }
    // Wrong credentials that are nearly right ones, in each place.
    let wrong = format!("{raw}0");
    for stranger in [served.token(&wrong), served.anonymous().with("x-api-key", &wrong)] {
        stranger.get("/api/connections").await.expect(401);
    }
    let form = format!("grant_type=client_credentials&client_id=x&client_secret={raw}&scope=nonsense");
    served.anonymous().send_raw(Method::POST, "/oauth/token", Some(FORM), form).await;
    let [state, code] = ["a state", "a code"].map(|what| secrets.first(what));
    let forged = format!("/api/oauth/microsoft/callback?code={code}&state={state}");
    served.browser().arrive(&forged).await.expect(400);
    let refused = format!("/api/oauth/microsoft/callback?error=access_denied&state={state}");
    served.browser().arrive(&refused).await;
    let body = json!({ "name": 7, "rawKey": raw });
    browser.send(Method::POST, "/api/api-keys", Some(&body)).await.expect(400);
    browser.send(Method::POST, "/api/auth/refresh", Some(&json!({ "refreshToken": wrong }))).await;
    // What is stored does not open, or cannot be asked for.
    let nonsense = if is_postgres() { "'\\x00'::bytea" } else { "X'00'" };
    app.database.execute(&format!("UPDATE connections SET refresh_token = {nonsense}")).await;
    browser.send(Method::POST, &refresh, Some(&json!({}))).await;
    app.database.execute("ALTER TABLE connection_tokens RENAME TO elsewhere").await;
    served.token(&raw).get(&format!("/api/connections/{connection}/token?minTtl=4000")).await;
    browser.get("/api/connections").await;
    app.database.execute("ALTER TABLE elsewhere RENAME TO connection_tokens").await;
    browser.post("/api/auth/logout").await;
}

#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
async fn metrics(served: &Served) -> String {
    let line = served.process.said("stderr", "serving metrics").await;
    let line: Value = serde_json::from_str(&line).expect("a line of JSON");
    let port = line.get("port").expect("the port is named");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
    let answer = client.get(format!("http://127.0.0.1:{port}/metrics")).send().await.expect("it answers");
    answer.text().await.expect("text")
}

#[tokio::test]
async fn no_secret_is_in_a_log_a_metric_or_an_answer_that_it_is_not_for() {
    let app = builder().set("TOKEN_KEY", TOKEN_KEY).start().await;
    app.keep_time(TimeDelta::zero());
    let served = app.serve(&[("LOG_LEVEL", "trace"), ("METRICS_PORT", "0")]).await;
    let mut secrets = Secrets::default();
    secrets.add("the secret of the service", ids::TENANTRY_SECRET, &[]);
    secrets.add("the key of the service", TOKEN_KEY, &[]);
    let used = use_it(&served, &mut secrets).await;
    connect_a_device(&app, &used.0, &mut secrets).await;
    break_it(&app, &served, &mut secrets, used).await;

    let log = served.process.text("stderr") + &served.process.text("stdout");
    assert!(log.contains("\"level\":\"TRACE\"") && log.contains("\"level\":\"ERROR\""), "{log}");
    let lines: Vec<_> = log.lines().filter(|line| !secrets.found_in(line).is_empty()).collect();
    let found = secrets.found_in(&log);
    assert!(found.is_empty(), "the log has {found:?}: {:#?}", &lines[..lines.len().min(5)]);
    let metrics = metrics(&served).await;
    assert!(metrics.contains("tenantry_token_requests_total"), "{metrics}");
    assert_eq!(secrets.found_in(&metrics), BTreeSet::new());
    assert_eq!(secrets.found_in(&format!("{:?}", app.config)), BTreeSet::new());

    let answers = served.answers();
    assert!(answers.iter().any(|answer| answer.status == 500), "something went wrong badly");
    let mut astray = BTreeSet::new();
    for answer in &answers {
        for (part, text) in [("head", &answer.head), ("body", &answer.body)] {
            for secret in secrets.0.iter().filter(|secret| secret.is_in(text)) {
                if !secret.may_be_in(answer, part) {
                    let path = answer.path.split('?').next().unwrap_or_default();
                    astray.insert(format!("{} in the {part} of {} {path}", secret.what, answer.method));
                }
            }
        }
    }
    assert_eq!(astray, BTreeSet::new());
    // Each was really there to be found.
    for secret in secrets.0.iter().filter(|secret| !secret.may_be_in.is_empty()) {
        let is_seen = answers.iter().any(|answer| secret.is_in(&answer.head) || secret.is_in(&answer.body));
        assert!(is_seen, "{} was in no answer", secret.what);
    }
}

#[test]
fn values_that_carry_secrets_do_not_print_them() {
    let secret = || SecretString::from("planted-secret");
    let at = DateTime::UNIX_EPOCH;
    let printed = [
        format!(
            "{:?}",
            HandedToken {
                access_token: secret(),
                expires_at: at,
                scopes: Vec::new(),
                connection_id: ConnectionId::from_uuid(Uuid::nil()),
                resource: String::new(),
                token_id: ConnectionTokenId::from_uuid(Uuid::nil()),
                issued_at: at,
            }
        ),
        format!(
            "{:?}",
            Granted {
                access_token: secret(),
                expires_in: Duration::ZERO,
                refresh_in: None,
                scopes: Vec::new(),
                refresh_token: Some(secret()),
                refresh_expires_in: None,
            }
        ),
        format!(
            "{:?}",
            NewToken {
                id: ConnectionTokenId::from_uuid(Uuid::nil()),
                resource: String::new(),
                scopes: Vec::new(),
                secret: secret(),
                issued_at: at,
                expires_at: at,
                refresh_at: at,
            }
        ),
        format!(
            "{:?}",
            IssuedTokens {
                session: SessionId::from_uuid(Uuid::nil()),
                access: secret(),
                access_expires_at: at,
                refresh: secret(),
                refresh_expires_at: at,
            }
        ),
        format!(
            "{:?}",
            DeviceCode {
                device_code: secret(),
                user_code: "typed".to_owned(),
                verification_uri: String::new(),
                expires_in: Duration::ZERO,
                interval: Duration::ZERO,
            }
        ),
        format!("{:?}", TokenKey { id: "default".to_owned(), key: secret() }),
        format!("{:?}", SecretValue { value: secret(), version: None, expires_at: None }),
    ];
    for text in printed {
        assert!(text.contains("REDACTED") && !text.contains("planted"), "{text}");
    }
}

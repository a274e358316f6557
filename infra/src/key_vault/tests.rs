//! A vault that says anything, and a token endpoint and a machine beside it.

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    clock::{Clock, Pauses},
    entropy::Entropy,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::{Uuid, uuid};

use super::{KeyVaultSecret, KeyVaultSettings, Limits, SecretValue};
use crate::entra::token_client::{
    ClientCredential, OwnIdentity, TokenEndpoint,
    tests::fake::{Answer, Fake},
};

const TENANT: Uuid = uuid!("c0000000-0000-4000-8000-000000000001");
const CLIENT: Uuid = uuid!("a0000000-0000-4000-8000-00000000000a");
const PLANTED: &str = "planted-key-of-more-than-32-bytes-0000000001";

/// Time stands still, and pauses are written down.
#[derive(Clone, Default)]
struct Still(Arc<Mutex<Vec<Duration>>>);

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[async_trait]
impl Pauses for Still {
    async fn pause(&self, length: Duration) {
        self.0.lock().unwrap().push(length);
    }
}

fn ok(value: &str) -> Answer {
    let body = json!({
        "value": value,
        "id": "https://ours.vault.azure.net/secrets/ring/4387e9f3d6e14c459867679a90fd0f79",
        "attributes": { "enabled": true, "exp": 1_900_000_000, "recoveryLevel": "Recoverable+Purgeable" },
    });
    Answer::new(200, "application/json", &body.to_string())
}

fn refusal(status: u16, code: &str, inner: Option<&str>) -> Answer {
    let mut error = json!({ "code": code, "message": format!("no; {PLANTED}") });
    if let Some(inner) = inner {
        error["innererror"] = json!({ "code": inner });
    }
    Answer::new(status, "application/json", &json!({ "error": error }).to_string())
}

/// A vault, with somebody who has tokens for it.
struct World {
    authority: Fake,
    vault: Fake,
    still: Still,
    limits: Limits,
}

impl World {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let authority = Fake::start([Answer::token("a-token-for-the-vault")]).await;
        let vault = Fake::start(answers).await;
        let limits = Limits { attempt: Duration::from_secs(30), ..Limits::STANDARD };
        Self { authority, vault, still: Still::default(), limits }
    }

    fn endpoint(&self) -> Arc<TokenEndpoint> {
        let (host, still) = (self.authority.url.clone(), || Arc::new(self.still.clone()));
        Arc::new(TokenEndpoint::new(crate::http::client().unwrap(), host, still(), still()))
    }

    fn application(&self) -> OwnIdentity {
        let secret = ClientCredential::Secret(SecretString::from("the secret & more"));
        OwnIdentity::application(CLIENT, TENANT, secret, self.endpoint())
    }

    async fn read_as(&self, identity: OwnIdentity) -> Result<SecretValue, String> {
        let secret = self.vault.url.join("/secrets/ring").unwrap();
        self.read_at(identity, secret).await
    }

    async fn read_at(&self, identity: OwnIdentity, secret: Url) -> Result<SecretValue, String> {
        let settings = KeyVaultSettings { secret, resource: "https://vault.azure.net".to_owned() };
        let still = Arc::new(self.still.clone());
        let ports = (Arc::clone(&still) as _, Arc::clone(&still) as _, still as _);
        let mut vault = KeyVaultSecret::new(settings, identity, crate::http::client().unwrap(), ports);
        vault.limits = self.limits;
        vault.read().await.map_err(|error| {
            let mut text = error.to_string();
            write!(text, " {error:?}").unwrap();
            assert!(!text.contains("planted") && !text.contains("a-token-for"), "{text}");
            text
        })
    }

    async fn read(&self) -> Result<SecretValue, String> {
        self.read_as(self.application()).await
    }

    fn pauses(&self) -> Vec<u128> {
        self.still.0.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

#[tokio::test]
async fn the_request_is_that_of_the_documentation_with_a_token_for_the_vaults_of_the_cloud() {
    let world = World::new([ok(PLANTED)]).await;
    let read = world.read().await.unwrap();
    assert_eq!(read.value.expose_secret(), PLANTED);
    assert_eq!(read.version.as_deref(), Some("4387e9f3d6e14c459867679a90fd0f79"));
    assert_eq!(read.expires_at, DateTime::from_timestamp(1_900_000_000, 0));
    assert!(!format!("{read:?}").contains("planted"), "{read:?}");
    let asked = world.vault.asked().remove(0);
    assert_eq!(asked.path, "/secrets/ring?api-version=7.4");
    assert!(asked.head.starts_with("get "));
    assert!(asked.head.contains("authorization: bearer a-token-for-the-vault\r\n"), "{}", asked.head);
    let form = world.authority.asked().remove(0).form;
    assert_eq!(form["scope"], "https://vault.azure.net/.default");
    assert_eq!(form["client_secret"], "the secret & more");
    assert_eq!(form["client_id"], CLIENT.to_string());
}

#[tokio::test]
async fn a_machines_identity_asks_for_itself() {
    let world = World::new([ok(PLANTED)]).await;
    let body = json!({
        "access_token": "a-token-for-the-vault", "expires_on": "1900000000", "token_type": "Bearer", "resource": "x",
    });
    let machine = Fake::start([Answer::new(200, "application/json", &body.to_string())]).await;
    let identity = OwnIdentity::machine_at(Some(CLIENT), world.endpoint(), machine.url.clone());
    assert_eq!(world.read_as(identity).await.unwrap().value.expose_secret(), PLANTED);
    let asked = machine.asked().remove(0);
    assert!(asked.path.contains("resource=https%3a%2f%2fvault.azure.net"), "{}", asked.path);
    assert!(asked.path.contains(&format!("client_id={CLIENT}")), "{}", asked.path);
    assert!(world.authority.asked().is_empty());
}

#[tokio::test]
async fn a_pods_identity_proves_itself_by_its_file() {
    let world = World::new([ok(PLANTED)]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "the.pods.token").unwrap();
    let proof = ClientCredential::FederatedFile(file);
    let identity = OwnIdentity::application(CLIENT, TENANT, proof, world.endpoint());
    assert_eq!(world.read_as(identity).await.unwrap().value.expose_secret(), PLANTED);
    let asked = world.authority.asked().remove(0);
    assert_eq!(asked.path, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(asked.form["client_assertion"], "the.pods.token");
    assert_eq!(asked.form["client_id"], CLIENT.to_string());
    assert!(!asked.form.contains_key("client_secret"));
}

#[tokio::test]
async fn a_machine_that_does_not_stop_talking_is_not_listened_to() {
    let world = World::new([ok(PLANTED)]).await;
    let long = "x".repeat(65 * 1024);
    let machine = Fake::start([Answer::new(200, "application/json", &long)]).await;
    let identity = OwnIdentity::machine_at(None, world.endpoint(), machine.url.clone());
    let error = world.read_as(identity).await.unwrap_err();
    assert!(error.contains("no token of the managed identity"), "{error}");
    assert!(world.vault.asked().is_empty());
}

#[tokio::test]
async fn what_the_vault_says_for_good_is_told_with_what_helps_and_not_asked_again() {
    let long = ok(&PLANTED.repeat(2_000));
    let elsewhere = Fake::start([ok(PLANTED)]).await;
    let redirect = Answer::new(302, "text/html", PLANTED).with("location", elsewhere.url.as_str());
    for (answer, told) in [
        (refusal(401, "Unauthorized", None), "TOKEN_KEYS_VAULT_TENANT_ID"),
        (
            refusal(403, "Forbidden", Some("ForbiddenByRbac")),
            "(403, ForbiddenByRbac); give the identity the role \"Key Vault Secrets User\"",
        ),
        (refusal(403, "Forbidden", Some("ForbiddenByPolicy")), "the secret permission Get"),
        (refusal(403, "Forbidden", Some("ForbiddenByFirewall")), "does not let us in from here"),
        (refusal(403, "Forbidden", Some("ForbiddenByConnection")), "private DNS"),
        (refusal(403, "Forbidden", Some("SecretDisabled")), "is disabled (403); enable it"),
        (refusal(403, "Forbidden", Some(&format!("x {PLANTED}"))), "we may not read it (403);"),
        (Answer::new(403, "text/html", PLANTED), "we may not read it (403);"),
        (refusal(404, "SecretNotFound", None), "has no such secret (404)"),
        (refusal(400, "BadParameter", None), "answers 400, which is no answer to this"),
        (redirect, "answers 302, which is no answer to this"),
        (long, "longer than that of a vault"),
        (Answer::new(200, "text/html", PLANTED), "no secret in it"),
        (Answer::new(200, "application/json", &json!({ "value": [PLANTED] }).to_string()), "no secret in it"),
        (Answer::new(200, "application/json", &json!({ "secret": PLANTED }).to_string()), "no secret in it"),
    ] {
        let world = World::new([answer, ok(PLANTED)]).await;
        let error = world.read().await.unwrap_err();
        assert!(error.contains(told), "{error}");
        assert!(error.starts_with("the secret http://127.0.0.1"), "{error}");
        assert_eq!((world.vault.asked().len(), world.pauses().len()), (1, 0), "{error}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn what_may_pass_is_asked_for_again_a_few_times() {
    let again = |wait: &str| refusal(429, "Throttled", None).with("retry-after", wait);
    let world = World::new([Answer::new(500, "text/html", "x"), again("7"), ok(PLANTED)]).await;
    assert_eq!(world.read().await.unwrap().value.expose_secret(), PLANTED);
    assert_eq!(world.pauses(), [1_000, 7_000]);
    // It ends at some time, and at once where the vault wants to be left alone for long.
    let world = World::new([Answer::new(503, "text/html", &PLANTED.repeat(2_000))]).await;
    assert!(world.read().await.unwrap_err().contains("answers 503; start again later"));
    assert_eq!((world.vault.asked().len(), world.pauses()), (3, vec![1_000, 2_000]));
    let world = World::new([again("11"), ok(PLANTED)]).await;
    assert!(world.read().await.unwrap_err().contains("throttles (429)"));
    assert_eq!((world.vault.asked().len(), world.pauses().len()), (1, 0));
}

#[tokio::test]
async fn a_vault_that_does_not_answer_is_given_up() {
    let mut world = World::new([ok(PLANTED).late(Duration::from_hours(1))]).await;
    world.limits.attempt = Duration::from_millis(50);
    assert!(world.read().await.unwrap_err().contains("does not answer in time"));
    assert_eq!(world.pauses(), [1_000, 2_000]);
    // Nobody listens there.
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::new([ok(PLANTED)]).await;
    let secret = Url::parse(&format!("http://{unused}/secrets/ring")).unwrap();
    let error = world.read_at(world.application(), secret).await.unwrap_err();
    assert!(error.contains("cannot be reached; check its name, DNS"), "{error}");
    assert_eq!(world.pauses(), [1_000, 2_000]);
}

#[tokio::test]
async fn without_a_token_the_vault_is_not_asked_and_the_reason_is_told() {
    let mut world = World::new([ok(PLANTED)]).await;
    world.authority = Fake::start([Answer::refusal("invalid_client", 7_000_215)]).await;
    let error = world.read().await.unwrap_err();
    assert!(error.contains("there is no token for the vault (the authority refused"), "{error}");
    assert!(error.contains("7000215") && error.contains("TOKEN_KEYS_VAULT_CREDENTIAL"), "{error}");
    let file = ClientCredential::FederatedFile("/nowhere/token".into());
    let identity = OwnIdentity::application(CLIENT, TENANT, file, world.endpoint());
    let error = world.read_as(identity).await.unwrap_err();
    assert!(error.contains("federated token file gives no proof: the token file cannot be read"), "{error}");
    assert!(world.pauses().is_empty());
    // A machine's service may only be starting itself.
    let machine = Fake::start([Answer::new(400, "application/json", r#"{"error":"invalid_request"}"#)]).await;
    let identity = OwnIdentity::machine_at(None, world.endpoint(), machine.url.clone());
    let error = world.read_as(identity).await.unwrap_err();
    assert!(error.contains("no token of the managed identity"), "{error}");
    assert_eq!(world.pauses(), [1_000, 2_000]);
    assert!(world.vault.asked().is_empty());
}

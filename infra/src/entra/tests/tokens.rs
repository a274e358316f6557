//! Tokens as Entra would sign them, and as it would not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};

use super::world::NOW;

pub(super) const CLIENT: &str = "0a1b2c3d-0000-4000-8000-00000000cafe";
pub(super) const CALLER: &str = "0a1b2c3d-0000-4000-8000-00000000d00d";
pub(super) const TENANT: &str = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0001";
pub(super) const OTHER_TENANT: &str = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0002";
pub(super) const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
pub(super) const PERSON: &str = "b5a0c000-0000-4000-8000-000000000001";

const WORK_PEM: &str = include_str!("keys/work.pem");
pub(super) const WORK_PUBLIC_PEM: &str = include_str!("keys/work.pub.pem");
const ROTATED_PEM: &str = include_str!("keys/rotated.pem");
const PERSONAL_PEM: &str = include_str!("keys/personal.pem");

#[derive(Clone, Copy)]
pub(super) enum Key {
    Work,
    /// Signs in the place of `Work` after a rotation.
    Rotated,
    /// Vouches for personal accounts only.
    Personal,
}

impl Key {
    pub(super) fn private(self) -> EncodingKey {
        let pem = match self {
            Self::Work => WORK_PEM,
            Self::Rotated => ROTATED_PEM,
            Self::Personal => PERSONAL_PEM,
        };
        EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
    }

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Work => "work-key",
            Self::Rotated => "rotated-key",
            Self::Personal => "personal-key",
        }
    }

    /// As it stands in the authority's document.
    pub(super) fn jwk(self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private(), Algorithm::RS256).unwrap();
        let jwk = serde_json::to_value(jwk).unwrap();
        let issuer = match self {
            Self::Personal => format!("https://login.microsoftonline.com/{PERSONAL}/v2.0"),
            Self::Work | Self::Rotated => "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
        };
        json!({
            "kty": "RSA", "use": "sig", "kid": self.id(), "x5t": self.id(),
            "n": jwk["n"], "e": jwk["e"], "issuer": issuer,
        })
    }

    pub(super) fn jwk_with(self, name: &str, value: impl Into<Value>) -> Value {
        let mut jwk = self.jwk();
        jwk[name] = value.into();
        jwk
    }
}

#[derive(Clone)]
pub(super) struct Token {
    header: Value,
    claims: Value,
    key: Key,
}

impl Token {
    /// A person's token in the second version.
    pub(super) fn v2() -> Self {
        let claims = json!({
            "ver": "2.0",
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "aud": CLIENT, "tid": TENANT, "oid": PERSON, "sub": "pairwise", "azp": CALLER, "azpacr": "0",
            "scp": "access_as_user Files.Read", "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 3600,
            "name": "Ada", "preferred_username": "ada@contoso.com",
        });
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": Key::Work.id() });
        Self { header, claims, key: Key::Work }
    }

    /// A person's token in the first version.
    pub(super) fn v1() -> Self {
        Self::v2()
            .with("ver", "1.0")
            .with("iss", format!("https://sts.windows.net/{TENANT}/"))
            .with("aud", format!("api://{CLIENT}"))
            .without("azp")
            .with("appid", CALLER)
            .with_header("x5t", Key::Work.id())
    }

    /// An application's own token.
    pub(super) fn app() -> Self {
        Self::v2()
            .without("scp")
            .without("name")
            .without("preferred_username")
            .with("roles", json!(["Tenantry.Admin"]))
    }

    /// Of a personal account.
    pub(super) fn personal() -> Self {
        Self::v2().of_tenant(PERSONAL).signed_by(Key::Personal)
    }

    pub(super) fn of_tenant(self, tenant: &str) -> Self {
        let iss = self.claims["iss"].as_str().unwrap().replace(TENANT, tenant);
        self.with("tid", tenant).with("iss", iss)
    }

    pub(super) fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }

    pub(super) fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(claim);
        self
    }

    pub(super) fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    /// With the key's id in the header.
    pub(super) fn signed_by(mut self, key: Key) -> Self {
        self.key = key;
        self.with_header("kid", key.id())
    }

    /// By the key, whatever the header says.
    pub(super) fn forged_by(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    pub(super) fn sign(&self) -> String {
        self.sign_payload(&self.claims.to_string())
    }

    /// With members that an object cannot hold, put in front of the others.
    pub(super) fn sign_with_raw(&self, members: &str) -> String {
        let rest = self.claims.to_string();
        self.sign_payload(&format!("{{{members},{}", rest.strip_prefix('{').unwrap()))
    }

    pub(super) fn sign_payload(&self, payload: &str) -> String {
        self.sign_as(payload, &self.key.private(), Algorithm::RS256)
    }

    pub(super) fn sign_by(&self, key: &EncodingKey, algorithm: Algorithm) -> String {
        self.sign_as(&self.claims.to_string(), key, algorithm)
    }

    fn sign_as(&self, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
        let _ = crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(self.header.to_string()),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

//! The tokens of sessions, and the keys that sign them (Ed25519, RFC 8037).
//!
//! A key is derived from the key ring and the number of a period, so all replicas have the same ones without sharing
//! anything, a new one comes by itself with each period, and the next one is published before it signs. Keys of
//! earlier periods verify for as long as a refresh token may live.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use aws_lc_rs::{
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, Prk},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    access::{Rejection, Role},
    clock::Clock,
    id::{AccountId, OrgId, SessionId, TypedId, UserId},
    identity::{AccessClaims, CannotSign, RefreshClaims, SessionTokens},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto::aws_lc, errors::ErrorKind,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{KeyRing, key_ring::Length32};

/// How long one key signs, in seconds.
const PERIOD: i64 = 30 * 24 * 60 * 60;
/// Longer texts are none of ours.
const MAX_BYTES: usize = 4 * 1024;

/// Signs and verifies the tokens of sessions.
pub struct SessionSigner {
    /// One for each key of the ring, the signing one first.
    roots: Vec<[u8; 32]>,
    /// `iss` and `aud`: where the service is.
    issuer: String,
    /// How many periods before the present one still verify.
    kept: i64,
    clock: Arc<dyn Clock>,
    keys: ArcSwapOption<Keys>,
}

/// The keys of a period: of the present one, the next, and those before.
struct Keys {
    period: i64,
    /// The signing one first.
    all: Vec<Key>,
}

struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// The public key, in base64url.
    x: String,
}

/// The key ring gave no usable key.
#[derive(Debug, thiserror::Error)]
#[error("the keys that sign sessions cannot be derived")]
pub struct SignerError;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessPayload {
    iss: String,
    aud: String,
    typ: String,
    sub: Uuid,
    sid: Uuid,
    account_id: Uuid,
    tenant_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    login_provider: String,
    is_email_verified: bool,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize, Serialize)]
struct RefreshPayload {
    iss: String,
    aud: String,
    typ: String,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// What every token of ours has.
trait Payload: DeserializeOwned {
    const KIND: &'static str;
    fn kind(&self) -> &str;
    fn expires_at(&self) -> i64;
}

impl Payload for AccessPayload {
    const KIND: &'static str = "access";

    fn kind(&self) -> &str {
        &self.typ
    }

    fn expires_at(&self) -> i64 {
        self.exp
    }
}

impl Payload for RefreshPayload {
    const KIND: &'static str = "refresh";

    fn kind(&self) -> &str {
        &self.typ
    }

    fn expires_at(&self) -> i64 {
        self.exp
    }
}

impl SessionSigner {
    /// `longest` is how long a token may live.
    pub fn new(
        ring: &KeyRing,
        issuer: String,
        longest: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SignerError> {
        // The crate panics on first use when the features of the whole build name no or two providers. That one is
        // installed already is not an error.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
        let roots = ring.derive("session-tokens");
        let kept = 1 + i64::try_from(longest.as_secs()).map_err(|_| SignerError)? / PERIOD;
        let signer = Self { roots, issuer, kept, clock, keys: ArcSwapOption::empty() };
        signer.keys().map(|_| signer)
    }

    /// The public keys as a JWK Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        let keys = self.keys().map(|keys| keys.all.iter().map(Key::published).collect());
        json!({ "keys": Value::Array(keys.unwrap_or_default()) })
    }

    /// The keys of the present period, derived when it begins.
    fn keys(&self) -> Result<Arc<Keys>, SignerError> {
        let period = self.clock.now().timestamp().div_euclid(PERIOD);
        if let Some(keys) = self.keys.load_full().filter(|keys| keys.period == period) {
            return Ok(keys);
        }
        let periods = [period, period + 1].into_iter().chain((1..=self.kept).map(|ago| period - ago));
        let all: Option<Vec<Key>> =
            periods.flat_map(|period| self.roots.iter().map(move |root| Key::derive(root, period))).collect();
        let keys = Arc::new(Keys { period, all: all.filter(|keys| !keys.is_empty()).ok_or(SignerError)? });
        self.keys.store(Some(Arc::clone(&keys)));
        Ok(keys)
    }

    fn sign(&self, claims: &impl Serialize) -> Result<SecretString, CannotSign> {
        let keys = self.keys().map_err(|_| CannotSign)?;
        let key = keys.all.first().ok_or(CannotSign)?;
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|_| CannotSign)?;
        Ok(token.into())
    }

    fn read<P: Payload>(&self, token: &str) -> Result<P, Rejection> {
        if token.len() > MAX_BYTES {
            return Err(Rejection::TooLarge);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Rejection::Malformed)?;
        let keys = self.keys().map_err(|_| Rejection::UnknownKey)?;
        let key = keys.all.iter().find(|key| header.kid.as_deref() == Some(key.id.as_str()));
        let key = key.ok_or(Rejection::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The times are judged by our own clock, below.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss", "aud"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        let payload: P = jsonwebtoken::decode(token, &key.decoding, &validation)
            .map(|read| read.claims)
            .map_err(|error| rejection(error.kind()))?;
        if payload.kind() != P::KIND {
            return Err(Rejection::TokenKind);
        }
        let expires_at = DateTime::from_timestamp(payload.expires_at(), 0).ok_or(Rejection::Malformed)?;
        if expires_at <= self.clock.now() { Err(Rejection::Expired) } else { Ok(payload) }
    }
}

impl Key {
    fn derive(root: &[u8; 32], period: i64) -> Option<Self> {
        let mut seed = [0_u8; 32];
        let info = [&b"ed25519"[..], &period.to_be_bytes()];
        Prk::new_less_safe(HKDF_SHA256, root).expand(&info, Length32).ok()?.fill(&mut seed).ok()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        // The thumbprint of RFC 7638.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Some(Self {
            id: URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())),
            encoding: EncodingKey::from_ed_der(pair.to_pkcs8v1().ok()?.as_ref()),
            decoding: DecodingKey::from_ed_components(&x).ok()?,
            x,
        })
    }

    fn published(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": self.x })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with a token, it is not one")]
fn rejection(error: &ErrorKind) -> Rejection {
    match error {
        ErrorKind::InvalidSignature => Rejection::Signature,
        ErrorKind::InvalidIssuer => Rejection::Issuer,
        ErrorKind::InvalidAudience => Rejection::Audience,
        ErrorKind::InvalidAlgorithm => Rejection::Algorithm,
        _ => Rejection::Malformed,
    }
}

fn time(seconds: i64) -> Result<DateTime<Utc>, Rejection> {
    DateTime::from_timestamp(seconds, 0).ok_or(Rejection::Malformed)
}

impl SessionTokens for SessionSigner {
    fn access(&self, claims: &AccessClaims) -> Result<SecretString, CannotSign> {
        self.sign(&AccessPayload {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            typ: AccessPayload::KIND.to_owned(),
            sub: claims.user.uuid(),
            sid: claims.session.uuid(),
            account_id: claims.account.uuid(),
            tenant_id: claims.organization.uuid(),
            email: claims.email.clone(),
            role: claims.role.map(|role| role.as_str().to_owned()),
            login_provider: claims.login_provider.clone(),
            is_email_verified: claims.is_email_verified,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        })
    }

    fn refresh(&self, claims: &RefreshClaims) -> Result<SecretString, CannotSign> {
        self.sign(&RefreshPayload {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            typ: RefreshPayload::KIND.to_owned(),
            sid: claims.session.uuid(),
            jti: claims.id,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        })
    }

    fn read_access(&self, token: &str) -> Result<AccessClaims, Rejection> {
        let payload: AccessPayload = self.read(token)?;
        Ok(AccessClaims {
            session: SessionId::from_uuid(payload.sid),
            account: AccountId::from_uuid(payload.account_id),
            organization: OrgId::from_uuid(payload.tenant_id),
            user: UserId::from_uuid(payload.sub),
            email: payload.email,
            role: payload.role.as_deref().and_then(Role::parse),
            login_provider: payload.login_provider,
            is_email_verified: payload.is_email_verified,
            issued_at: time(payload.iat)?,
            expires_at: time(payload.exp)?,
        })
    }

    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Rejection> {
        let payload: RefreshPayload = self.read(token)?;
        Ok(RefreshClaims {
            session: SessionId::from_uuid(payload.sid),
            id: payload.jti,
            issued_at: time(payload.iat)?,
            expires_at: time(payload.exp)?,
        })
    }
}

#[cfg(test)]
mod tests;

//! Reading tokens of others: assertions of clients, and our own when they come back.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// A token as it was sent; nothing of it is believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    message: String,
    signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            message: message.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// `aud`, one or several.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            one => one.and_then(Value::as_str).into_iter().collect(),
        }
    }

    /// A moment. MSAL for Python sends fractions, MSAL.NET sends text.
    pub(crate) fn seconds(&self, name: &str) -> Option<f64> {
        let value = self.claims.get(name)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether it has begun and not ended, to the second.
    pub(crate) fn is_good_at(&self, now: DateTime<Utc>) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
        let now = now.timestamp() as f64;
        self.seconds("exp").is_some_and(|expires| expires > now)
            && self.seconds("nbf").is_none_or(|begins| begins <= now)
    }

    /// Whether the key of a certificate (`SubjectPublicKeyInfo`) has signed it.
    pub(crate) fn is_signed_by_key(&self, public_key: &[u8]) -> bool {
        self.algorithm().is_some_and(|algorithm| {
            UnparsedPublicKey::new(algorithm, public_key)
                .verify(self.message.as_bytes(), &self.signature)
                .is_ok()
        })
    }

    /// Whether a key of a JWKS, by modulus and exponent, has signed it.
    pub(crate) fn is_signed_by(&self, n: &str, e: &str) -> bool {
        let (Ok(n), Ok(e)) = (URL_SAFE_NO_PAD.decode(n), URL_SAFE_NO_PAD.decode(e)) else { return false };
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        self.algorithm()
            .is_some_and(|algorithm| key.verify(algorithm, self.message.as_bytes(), &self.signature).is_ok())
    }

    fn algorithm(&self) -> Option<&'static RsaParameters> {
        match self.header_text("alg")? {
            "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
            "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
            _ => None,
        }
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

//! The authority's signing keys (RFC 7517), parsed once when the document is read.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// Moduli outside of this (in bytes) are refused: RSA of 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
const EXPONENT_BYTES: std::ops::RangeInclusive<usize> = 1..=8;
/// A longer key id is nobody's, and is not worth remembering. Entra's have 27 characters.
pub(super) const MAX_KEY_ID: usize = 256;

/// A public key that may sign tokens.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub decoding: DecodingKey,
    /// `issuer`, an extension of Entra's: for which issuer the key may vouch, perhaps with the placeholder.
    pub issuer: Option<String>,
    /// `cloud_instance_name`, another extension.
    pub cloud_instance_name: Option<String>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl SigningKey {
    /// Modulus and public exponent, big-endian.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        (&self.modulus, &self.exponent)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.modulus == other.modulus
            && self.exponent == other.exponent
            && self.issuer == other.issuer
            && self.cloud_instance_name == other.cloud_instance_name
    }
}

/// Keys by their `kid`.
#[derive(Clone, Default)]
pub(super) struct KeySet(HashMap<String, SigningKey>);

impl KeySet {
    pub(super) fn get(&self, key_id: &str) -> Option<&SigningKey> {
        self.0.get(key_id)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.0.iter().all(|(id, key)| other.get(id).is_some_and(|theirs| key.is_same(theirs)))
    }
}

/// A JWK Set as it arrives. Members are read one by one, so that one that we do not understand spoils no other.
#[derive(Deserialize)]
pub(super) struct JwksDocument {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct JwkDocument {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    kid: String,
    n: String,
    e: String,
    issuer: Option<String>,
    cloud_instance_name: Option<String>,
}

impl JwksDocument {
    /// The keys that can sign our tokens; others are passed over. Of two with one id the first counts.
    pub(super) fn usable_keys(self) -> KeySet {
        let mut keys = HashMap::new();
        for (id, key) in self.keys.into_iter().filter_map(usable_key) {
            keys.entry(id).or_insert(key);
        }
        KeySet(keys)
    }
}

fn usable_key(value: Value) -> Option<(String, SigningKey)> {
    let jwk: JwkDocument = serde_json::from_value(value).ok()?;
    let signs = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
        && jwk.alg.as_deref().is_none_or(|alg| alg == "RS256");
    let named = !jwk.kid.is_empty() && jwk.kid.len() <= MAX_KEY_ID;
    if jwk.kty != "RSA" || !signs || !named {
        return None;
    }
    let modulus = number(&jwk.n).filter(|n| MODULUS_BYTES.contains(&n.len()))?;
    let exponent = number(&jwk.e).filter(|e| EXPONENT_BYTES.contains(&e.len()))?;
    let decoding = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
    let JwkDocument { kid, issuer, cloud_instance_name, .. } = jwk;
    Some((kid, SigningKey { decoding, issuer, cloud_instance_name, modulus, exponent }))
}

/// A big-endian number without leading zeros (RFC 7518 §6.3.1).
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

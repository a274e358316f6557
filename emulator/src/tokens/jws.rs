//! Compact serialization and signatures, written by hand: a library would refuse the wrong ones.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{
    directory::Version,
    keys::{KeyRing, SigningKey, rogue},
    tokens::SignWith,
};

/// Signs `payload`, which need not be JSON.
pub(crate) fn sign(
    keys: &KeyRing,
    sign_with: SignWith,
    is_personal: bool,
    kid: Option<&str>,
    version: Version,
    payload: &str,
) -> String {
    let current = if is_personal { keys.personal() } else { keys.current() };
    let rogue = rogue();
    let (own_kid, signer) = match sign_with {
        SignWith::Current => (&current.kid, Signer::Rs256(&current.key)),
        SignWith::Previous => (&keys.previous().kid, Signer::Rs256(&keys.previous().key)),
        SignWith::Personal => (&keys.personal().kid, Signer::Rs256(&keys.personal().key)),
        SignWith::Rogue => (&current.kid, Signer::Rs256(&rogue)),
        SignWith::None => (&current.kid, Signer::None),
        SignWith::Hs256 => (&current.kid, Signer::Hs256(&current.key)),
    };
    let header = header(signer.algorithm(), kid.unwrap_or(own_kid), version);
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn header(algorithm: &str, kid: &str, version: Version) -> String {
    let mut header = Map::from_iter([
        ("typ".to_owned(), Value::from("JWT")),
        ("alg".to_owned(), Value::from(algorithm)),
        ("kid".to_owned(), Value::from(kid)),
    ]);
    if version == Version::V1 {
        header.insert("x5t".to_owned(), Value::from(kid));
    }
    Value::Object(header).to_string()
}

enum Signer<'a> {
    Rs256(&'a SigningKey),
    Hs256(&'a SigningKey),
    None,
}

impl Signer<'_> {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rs256(_) => "RS256",
            Self::Hs256(_) => "HS256",
            Self::None => "none",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rs256(key) => key.sign(message),
            Self::Hs256(key) => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem.as_bytes());
                hmac::sign(&secret, message).as_ref().to_vec()
            }
            Self::None => Vec::new(),
        }
    }
}

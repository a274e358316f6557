//! The public key that a holder of an API key gives, so that tokens reach them encrypted (RFC 7517, RFC 7518).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The length of a coordinate of a point of P-256, in bytes.
const COORDINATE: usize = 32;
/// RSA moduli of 2048 to 4096 bits are taken, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// The longest public exponent, in bytes.
const EXPONENT: usize = 4;
const LONGEST_ID: usize = 200;

/// A JSON Web Key as it is written, with what a public one has and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    pub kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// A public key in a form that is understood. Whether it is a key at all, a point on its curve, is the encryption's
/// answer: [`TokenEncryption::is_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    jwk: Jwk,
    numbers: PublicNumbers,
}

/// The numbers of a public key, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicNumbers {
    /// A point of P-256, for `ECDH-ES`.
    P256 { x: Vec<u8>, y: Vec<u8> },
    /// For `RSA-OAEP-256`.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    #[error("is neither an EC key of the curve P-256 nor an RSA key")]
    Kind,
    #[error("has a member that is missing, not base64url, or of a length that is not the key's")]
    Numbers,
    #[error("is an RSA key that is not of 2048 to 4096 bits")]
    Size,
    #[error("has a kid that is empty or longer than 200 characters")]
    Id,
}

impl PublicKey {
    pub fn parse(jwk: Jwk) -> Result<Self, InvalidPublicKey> {
        if jwk.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.chars().count() > LONGEST_ID) {
            return Err(InvalidPublicKey::Id);
        }
        let numbers = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                PublicNumbers::P256 { x: coordinate(jwk.x.as_ref())?, y: coordinate(jwk.y.as_ref())? }
            }
            ("RSA", None) => rsa(&jwk)?,
            _ => return Err(InvalidPublicKey::Kind),
        };
        // What belongs to the other kind is not kept, or it would be shown as if it meant something.
        let jwk = match &numbers {
            PublicNumbers::P256 { .. } => Jwk { n: None, e: None, ..jwk },
            PublicNumbers::Rsa { .. } => Jwk { x: None, y: None, ..jwk },
        };
        Ok(Self { jwk, numbers })
    }

    /// The key as it was given.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub fn numbers(&self) -> &PublicNumbers {
        &self.numbers
    }

    /// The algorithm that a content encryption key is agreed upon or encrypted by (RFC 7518 §4.1).
    pub fn algorithm(&self) -> &'static str {
        match self.numbers {
            PublicNumbers::P256 { .. } => "ECDH-ES",
            PublicNumbers::Rsa { .. } => "RSA-OAEP-256",
        }
    }
}

fn rsa(jwk: &Jwk) -> Result<PublicNumbers, InvalidPublicKey> {
    let (modulus, exponent) = (number(jwk.n.as_ref())?, number(jwk.e.as_ref())?);
    // RFC 7518 §6.3.1.1: no leading zero, by which a small modulus would look long enough.
    let has_form = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
    if !has_form(&modulus) || !has_form(&exponent) || exponent.len() > EXPONENT {
        return Err(InvalidPublicKey::Numbers);
    }
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if !MODULUS.contains(&modulus.len()) || bits < MODULUS.start() * 8 {
        return Err(InvalidPublicKey::Size);
    }
    Ok(PublicNumbers::Rsa { modulus, exponent })
}

fn number(text: Option<&String>) -> Result<Vec<u8>, InvalidPublicKey> {
    let text = text.ok_or(InvalidPublicKey::Numbers)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPublicKey::Numbers)
}

fn coordinate(text: Option<&String>) -> Result<Vec<u8>, InvalidPublicKey> {
    number(text).and_then(|number| {
        if number.len() == COORDINATE { Ok(number) } else { Err(InvalidPublicKey::Numbers) }
    })
}

/// Encrypts tokens for whoever has the private key: JWE compact serialization (RFC 7516 §3.1) with `A256GCM`.
pub trait TokenEncryption: Send + Sync {
    /// Whether the numbers are a key: a point on the curve, or a modulus and exponent that can encrypt.
    fn is_key(&self, key: &PublicKey) -> bool;

    /// The token, encrypted. `None` for what [`TokenEncryption::is_key`] denies.
    fn encrypt(&self, key: &PublicKey, token: &SecretString) -> Option<String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ec() -> Jwk {
        let number = URL_SAFE_NO_PAD.encode([7; COORDINATE]);
        Jwk {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(number.clone()),
            y: Some(number),
            kid: Some("mine".to_owned()),
            ..Jwk::default()
        }
    }

    fn rsa(modulus: &[u8]) -> Jwk {
        Jwk {
            kty: "RSA".to_owned(),
            n: Some(URL_SAFE_NO_PAD.encode(modulus)),
            e: Some("AQAB".to_owned()),
            ..Jwk::default()
        }
    }

    #[test]
    fn a_key_of_either_kind_is_taken_and_names_its_algorithm() {
        assert_eq!(PublicKey::parse(ec()).unwrap().algorithm(), "ECDH-ES");
        assert_eq!(PublicKey::parse(rsa(&[0x80; 256])).unwrap().algorithm(), "RSA-OAEP-256");
        let mixed = Jwk { n: Some("AQAB".to_owned()), ..ec() };
        assert_eq!(PublicKey::parse(mixed).unwrap().jwk(), &ec());
    }

    #[test]
    fn what_is_no_key_or_too_small_a_one_is_refused() {
        use InvalidPublicKey::{Id, Kind, Numbers, Size};
        let text = |text: &str| Some(text.to_owned());
        let mut small = [0xff; 256];
        small[0] = 0x7f;
        for (jwk, reason) in [
            (Jwk { kty: "oct".to_owned(), ..ec() }, Kind),
            (Jwk { crv: text("P-384"), ..ec() }, Kind),
            (Jwk { crv: None, ..ec() }, Kind),
            (Jwk { x: None, ..ec() }, Numbers),
            (Jwk { x: text("AQAB"), ..ec() }, Numbers),
            (Jwk { y: text("not base64url!"), ..ec() }, Numbers),
            (Jwk { kid: text(""), ..ec() }, Id),
            (rsa(&[0xff; 128]), Size),
            (rsa(&small), Size),
            (rsa(&[0xff; 513]), Size),
            (rsa(&[0; 300]), Numbers),
            (Jwk { e: text("AAEAAQ"), ..rsa(&[0x80; 256]) }, Numbers),
            (Jwk { e: None, ..rsa(&[0x80; 256]) }, Numbers),
        ] {
            assert_eq!(PublicKey::parse(jwk.clone()), Err(reason), "{jwk:?}");
        }
    }
}

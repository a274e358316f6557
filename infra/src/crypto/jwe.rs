//! Tokens for the holder of a private key: JWE compact serialization (RFC 7516 §3.1), `ECDH-ES` or `RSA-OAEP-256` with
//! `A256GCM` (RFC 7518 §4.3, §4.6, §5.3).
//!
//! The crates that do all of this bring OpenSSL or an implementation of their own of what aws-lc-rs does already; what
//! is left beside its primitives is the derivation of §4.6.2 and five pieces of base64url.

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    digest::{Context, SHA256},
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    api_keys::{PublicKey, PublicNumbers, TokenEncryption},
    entropy::Entropy,
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde_json::{Value, json};
use std::sync::Arc;

use super::seal::GcmKey;

/// The content encryption.
const ENC: &str = "A256GCM";
const KEY_BYTES: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
/// A point of P-256, uncompressed: a byte for its form, and two coordinates.
const POINT: usize = 65;
const UNCOMPRESSED: u8 = 4;
/// Of 2³² candidates one is no private key of P-256, so that a second try is never needed, and a third one less.
const TRIES: usize = 3;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Encrypts to public keys.
#[derive(Clone)]
pub struct JweEncryption {
    entropy: Arc<dyn Entropy>,
}

/// What a header says of how the key was had, and the key's encrypted form; of an agreed one there is none.
struct Wrapped {
    key: Key,
    encrypted: Vec<u8>,
    ephemeral: Option<Value>,
}

impl JweEncryption {
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }

    fn wrapped(&self, key: &PublicKey) -> Option<Wrapped> {
        match key.numbers() {
            PublicNumbers::P256 { x, y } => self.agreed(x, y),
            PublicNumbers::Rsa { modulus, exponent } => self.transported(modulus, exponent),
        }
    }

    fn agreed(&self, x: &[u8], y: &[u8]) -> Option<Wrapped> {
        let own = (0..TRIES).find_map(|_| {
            let mut scalar = Key::default();
            self.entropy.fill(scalar.as_mut());
            PrivateKey::from_private_key(&ECDH_P256, scalar.as_ref()).ok()
        })?;
        let point = own.compute_public_key().ok()?;
        let (own_x, own_y) = point.as_ref().get(1..POINT)?.split_at_checked(KEY_BYTES)?;
        let number = |number| URL_SAFE_NO_PAD.encode(number);
        let ephemeral = json!({ "kty": "EC", "crv": "P-256", "x": number(own_x), "y": number(own_y) });
        let key = agreed_key(&own, &[&[UNCOMPRESSED][..], x, y].concat(), |shared| {
            concat_kdf(shared, ENC, b"", b"")
        })?;
        Some(Wrapped { key, encrypted: Vec::new(), ephemeral: Some(ephemeral) })
    }

    fn transported(&self, modulus: &[u8], exponent: &[u8]) -> Option<Wrapped> {
        let mut key = Key::default();
        self.entropy.fill(key.as_mut());
        let public: PublicEncryptingKey = PublicKeyComponents { n: modulus, e: exponent }.try_into().ok()?;
        let public = OaepPublicEncryptingKey::new(public).ok()?;
        let mut encrypted = vec![0; public.ciphertext_size()];
        let length = public.encrypt(&OAEP_SHA256_MGF1SHA256, key.as_ref(), &mut encrypted, None).ok()?.len();
        encrypted.truncate(length);
        Some(Wrapped { key, encrypted, ephemeral: None })
    }
}

impl TokenEncryption for JweEncryption {
    fn is_key(&self, key: &PublicKey) -> bool {
        self.wrapped(key).is_some()
    }

    fn encrypt(&self, key: &PublicKey, token: &SecretString) -> Option<String> {
        let Wrapped { key: content_key, encrypted, ephemeral } = self.wrapped(key)?;
        let mut header = json!({ "alg": key.algorithm(), "enc": ENC });
        let members = header.as_object_mut()?;
        members.extend(ephemeral.map(|point| ("epk".to_owned(), point)));
        members.extend(key.jwk().kid.as_ref().map(|kid| ("kid".to_owned(), json!(kid))));
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let mut sealed = Vec::new();
        // RFC 7516 §5.1, steps 14 and 15: the associated data is the header as it is sent.
        GcmKey::new(content_key.as_ref())?.seal(
            self.entropy.as_ref(),
            header.as_bytes(),
            token.expose_secret().as_bytes(),
            &mut sealed,
        )?;
        let (nonce, rest) = sealed.split_at_checked(NONCE)?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
        let parts = [&encrypted[..], nonce, text, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
        Some(format!("{header}.{}", parts.join(".")))
    }
}

/// A key from what two keys share; `None` when the other's is no point on the curve.
fn agreed_key(own: &PrivateKey, point: &[u8], derive: impl FnOnce(&[u8]) -> Key) -> Option<Key> {
    agree(own, UnparsedPublicKey::new(&ECDH_P256, point), (), |shared| Ok(derive(shared))).ok()
}

/// The derivation of RFC 7518 §4.6.2, with a key of SHA-256's length or less: one round.
fn concat_kdf(shared: &[u8], algorithm: &str, party_u: &[u8], party_v: &[u8]) -> Key {
    concat_kdf_of(shared, algorithm, party_u, party_v, KEY_BYTES)
}

fn concat_kdf_of(shared: &[u8], algorithm: &str, party_u: &[u8], party_v: &[u8], bytes: usize) -> Key {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let mut context = Context::new(&SHA256);
    context.update(&number(1));
    context.update(shared);
    for part in [algorithm.as_bytes(), party_u, party_v] {
        context.update(&number(part.len()));
        context.update(part);
    }
    context.update(&number(bytes * 8));
    let mut key = Key::default();
    key.iter_mut().zip(context.finish().as_ref()).for_each(|(byte, derived)| *byte = *derived);
    key
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey},
        signature::KeyPair,
    };
    use domain::api_keys::Jwk;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn private(text: &str) -> PrivateKey {
        PrivateKey::from_private_key(&ECDH_P256, &bytes(text)).unwrap()
    }

    const BOB_X: &str = "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ";
    const BOB_Y: &str = "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck";
    const BOB: &str = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";

    fn bob() -> PublicKey {
        let text = |text: &str| Some(text.to_owned());
        let jwk = Jwk {
            kty: "EC".to_owned(),
            crv: text("P-256"),
            x: text(BOB_X),
            y: text(BOB_Y),
            kid: text("bob"),
            ..Jwk::default()
        };
        PublicKey::parse(jwk).unwrap()
    }

    /// RFC 7518 appendix C.
    #[test]
    fn the_derived_key_of_the_rfc_is_reproduced() {
        let alice = private("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        let point = [&[UNCOMPRESSED][..], &bytes(BOB_X), &bytes(BOB_Y)].concat();
        let key = agreed_key(&alice, &point, |shared| concat_kdf_of(shared, "A128GCM", b"Alice", b"Bob", 16));
        assert_eq!(URL_SAFE_NO_PAD.encode(&key.unwrap()[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    fn parts(jwe: &str) -> (String, Value, [Vec<u8>; 4]) {
        let parts: Vec<&str> = jwe.split('.').collect();
        let [header, rest @ ..] = parts.as_slice() else { unreachable!("there is one") };
        let rest: [&str; 4] = rest.try_into().expect("five parts");
        ((*header).to_owned(), serde_json::from_slice(&bytes(header)).unwrap(), rest.map(bytes))
    }

    fn opened(header: &str, key: &[u8], [_, nonce, text, tag]: &[Vec<u8>; 4]) -> String {
        let sealed = [&nonce[..], text, tag].concat();
        let text = GcmKey::new(key).unwrap().open(header.as_bytes(), &sealed).expect("it opens");
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[test]
    fn a_token_reaches_who_has_the_private_key_of_a_curve() {
        let encryption = JweEncryption::new(Arc::new(SystemEntropy));
        let token = SecretString::from("eyJ0eXAi.test.token");
        let jwe = encryption.encrypt(&bob(), &token).unwrap();
        let (raw, header, rest) = parts(&jwe);
        assert_eq!(
            (&header["alg"], &header["enc"], &header["kid"]),
            (&json!("ECDH-ES"), &json!(ENC), &json!("bob"))
        );
        assert!(rest[0].is_empty(), "the key is agreed, not sent");
        let number = |name: &str| bytes(header["epk"][name].as_str().unwrap());
        let point = [&[UNCOMPRESSED][..], &number("x"), &number("y")].concat();
        let key = agreed_key(&private(BOB), &point, |shared| concat_kdf(shared, ENC, b"", b"")).unwrap();
        assert_eq!(opened(&raw, key.as_ref(), &rest), "eyJ0eXAi.test.token");
        assert_ne!(encryption.encrypt(&bob(), &token).unwrap(), jwe);
    }

    #[test]
    fn a_token_reaches_who_has_the_private_key_of_rsa() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = private.as_der().unwrap();
        let pair = aws_lc_rs::rsa::KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let number = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let public = pair.public_key();
        let jwk = Jwk {
            kty: "RSA".to_owned(),
            n: number(public.modulus().big_endian_without_leading_zero()),
            e: number(public.exponent().big_endian_without_leading_zero()),
            ..Jwk::default()
        };
        let key = PublicKey::parse(jwk).unwrap();
        let encryption = JweEncryption::new(Arc::new(SystemEntropy));
        let jwe = encryption.encrypt(&key, &SecretString::from("a token")).unwrap();
        let (raw, header, rest) = parts(&jwe);
        assert_eq!(
            (&header["alg"], header.get("epk"), header.get("kid")),
            (&json!("RSA-OAEP-256"), None, None)
        );
        let private = OaepPrivateDecryptingKey::new(private).unwrap();
        let mut content_key = vec![0; private.min_output_size()];
        let content_key =
            private.decrypt(&OAEP_SHA256_MGF1SHA256, &rest[0], &mut content_key, None).unwrap().to_vec();
        assert_eq!(opened(&raw, &content_key, &rest), "a token");
    }

    #[test]
    fn what_is_no_point_on_the_curve_is_no_key() {
        let encryption = JweEncryption::new(Arc::new(SystemEntropy));
        assert!(encryption.is_key(&bob()));
        let jwk = Jwk { y: Some(BOB_X.to_owned()), ..bob().jwk().clone() };
        let beside = PublicKey::parse(jwk).unwrap();
        assert!(!encryption.is_key(&beside));
        assert!(encryption.encrypt(&beside, &SecretString::from("a token")).is_none());
    }
}

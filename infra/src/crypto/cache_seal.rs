//! Sealing of what is cached outside the process: AES-256-GCM under a key of the ring for this use alone. What it
//! seals can be lost without harm, so there is no rotation: another key makes it unreadable, which is like not there.

use std::sync::Arc;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::entropy::Entropy;

use super::KeyRing;

/// Seals and opens cached values, and gives them names.
pub struct CacheSeal {
    keys: Vec<LessSafeKey>,
    naming: Option<hmac::Key>,
    entropy: Arc<dyn Entropy>,
}

impl CacheSeal {
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring
            .subkeys("cache")
            .filter_map(|(_, key)| UnboundKey::new(&AES_256_GCM, key.as_ref()).ok())
            .map(LessSafeKey::new)
            .collect();
        let naming = ring.subkeys("cache-names").next();
        let naming = naming.map(|(_, key)| hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()));
        Self { keys, naming, entropy }
    }

    /// A name that tells nothing of `key` to who has not our keys.
    pub fn name(&self, prefix: &str, key: &[u8]) -> String {
        let tag = self.naming.as_ref().map(|naming| hmac::sign(naming, key));
        format!("{prefix}{}", tag.map(|tag| URL_SAFE_NO_PAD.encode(tag.as_ref())).unwrap_or_default())
    }

    /// Seals a value for its key; under another one it does not open.
    pub fn seal(&self, key: &[u8], mut value: Vec<u8>) -> Option<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let first = self.keys.first()?;
        first
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(key), &mut value)
            .ok()?;
        Some([&nonce[..], &value].concat())
    }

    /// Opens what was sealed for the key; `None` for anything else.
    pub fn open(&self, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        self.keys.iter().find_map(|with| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = sealed.to_vec();
            let value = with.open_in_place(nonce, Aad::from(key), &mut text).ok()?;
            Some(value.to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn seal(key: &str) -> CacheSeal {
        let ring = KeyRing::new(("k".to_owned(), SecretString::from(key.repeat(32))), Vec::new()).unwrap();
        CacheSeal::new(&ring, Arc::new(SystemEntropy))
    }

    #[test]
    fn a_value_opens_under_its_own_key_and_with_our_ring_only() {
        let sealed = seal("a").seal(b"one", b"secret".to_vec()).unwrap();
        assert_eq!(seal("a").open(b"one", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal("a").open(b"two", &sealed), None);
        assert_eq!(seal("b").open(b"one", &sealed), None);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        for cut in 0..sealed.len() {
            assert_eq!(seal("a").open(b"one", &sealed[..cut]), None);
            let mut changed = sealed.clone();
            changed[cut] ^= 1;
            assert_eq!(seal("a").open(b"one", &changed), None);
        }
    }

    #[test]
    fn names_differ_by_key_and_by_ring() {
        let name = seal("a").name("x:", b"one");
        assert_eq!(name, seal("a").name("x:", b"one"));
        assert_ne!(name, seal("a").name("x:", b"two"));
        assert_ne!(name, seal("b").name("x:", b"one"));
    }
}

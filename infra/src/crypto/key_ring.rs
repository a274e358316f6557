//! The service's keys. Nothing is ever sealed with one of them directly: each use has a key of its own, derived by
//! HKDF-SHA-256 (RFC 5869), so that what leaks of one use tells nothing of another.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret, SecretString};

/// The least that a key's text must have, in bytes.
const LEAST_BYTES: usize = 32;

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("a key of the ring is shorter than {LEAST_BYTES} bytes; 64 random ones are advised")]
    TooShort,
}

/// Versioned keys: the first one seals, all of them open.
#[derive(Clone)]
pub struct KeyRing {
    first: (String, SecretString),
    others: Vec<(String, SecretString)>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.iter().map(|(id, _)| id).collect::<Vec<_>>()).finish()
    }
}

pub(super) struct Length32;

impl KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

impl KeyRing {
    /// A ring of keys with their ids, the sealing one first.
    pub fn new(
        first: (String, SecretString),
        others: Vec<(String, SecretString)>,
    ) -> Result<Self, KeyRingError> {
        let ring = Self { first, others };
        let long_enough = ring.iter().all(|(_, key)| key.expose_secret().len() >= LEAST_BYTES);
        if long_enough { Ok(ring) } else { Err(KeyRingError::TooShort) }
    }

    /// All keys, the sealing one first.
    fn iter(&self) -> impl Iterator<Item = &(String, SecretString)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The keys for one use, in the ring's order.
    pub(super) fn derive(&self, purpose: &str) -> Vec<[u8; 32]> {
        self.iter().filter_map(|(_, key)| derive(key, purpose)).collect()
    }
}

/// `None` cannot happen: 32 bytes are far less than what HKDF-SHA-256 can give.
fn derive(key: &SecretString, purpose: &str) -> Option<[u8; 32]> {
    let salt = Salt::new(HKDF_SHA256, b"tenantry");
    let pseudorandom = salt.extract(key.expose_secret().as_bytes());
    let mut derived = [0_u8; 32];
    pseudorandom.expand(&[purpose.as_bytes()], Length32).ok()?.fill(&mut derived).ok()?;
    Some(derived)
}

//! Digests of API keys: HMAC-SHA-256 with a pepper from the ring. A key has 192 random bits, so that one fast hash
//! is enough; the pepper makes a stolen table useless without the ring.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use domain::api_keys::{ApiKeyDigests, Peppered, RawKey};
use secrecy::ExposeSecret;

use super::KeyRing;

/// The peppers of a ring.
pub struct PepperedDigests {
    first: (String, hmac::Key),
    others: Vec<(String, hmac::Key)>,
}

impl PepperedDigests {
    /// `None` cannot happen: a ring has a first key, and from each a pepper is derived.
    pub fn new(ring: &KeyRing) -> Option<Self> {
        let mut peppers = ring
            .subkeys("api-keys")
            .map(|(id, key)| (id.to_owned(), hmac::Key::new(HMAC_SHA256, key.as_ref())));
        Some(Self { first: peppers.next()?, others: peppers.collect() })
    }

    fn pepper(&self, id: &str) -> Option<&hmac::Key> {
        std::iter::once(&self.first).chain(&self.others).find(|(other, _)| other == id).map(|(_, key)| key)
    }
}

impl ApiKeyDigests for PepperedDigests {
    fn digest(&self, key: &RawKey) -> Peppered {
        let (ring_key, pepper) = &self.first;
        let digest = hmac::sign(pepper, key.secret().expose_secret().as_bytes());
        Peppered { ring_key: ring_key.clone(), digest: digest.as_ref().to_vec() }
    }

    fn matches(&self, key: &RawKey, stored: &Peppered) -> bool {
        let Some(pepper) = self.pepper(&stored.ring_key) else {
            self.matches_nothing(key);
            return false;
        };
        // The comparison takes the same time wherever the two differ.
        hmac::verify(pepper, key.secret().expose_secret().as_bytes(), &stored.digest).is_ok()
    }

    fn matches_nothing(&self, key: &RawKey) {
        let nothing = [0_u8; 32];
        let text = key.secret().expose_secret().as_bytes();
        let _ = std::hint::black_box(hmac::verify(&self.first.1, text, &nothing));
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn digests(ids: &[&str]) -> PepperedDigests {
        let mut keys = ids.iter().map(|id| ((*id).to_owned(), SecretString::from(id.repeat(32))));
        PepperedDigests::new(&KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap()).unwrap()
    }

    #[test]
    fn a_key_matches_its_own_digest_for_as_long_as_the_ring_has_the_pepper() {
        let (key, other) = (RawKey::generate(&SystemEntropy), RawKey::generate(&SystemEntropy));
        let stored = digests(&["old"]).digest(&key);
        assert_eq!((stored.ring_key.as_str(), stored.digest.len()), ("old", 32));
        assert!(digests(&["old"]).matches(&key, &stored));
        assert!(digests(&["new", "old"]).matches(&key, &stored));
        assert!(!digests(&["new"]).matches(&key, &stored));
        assert!(!digests(&["old"]).matches(&other, &stored));
        assert_ne!(digests(&["new"]).digest(&key).digest, stored.digest);
    }

    #[test]
    fn a_digest_that_was_cut_or_is_empty_matches_nothing() {
        let key = RawKey::generate(&SystemEntropy);
        let stored = digests(&["a"]).digest(&key);
        for length in 0..32 {
            let cut = Peppered { digest: stored.digest[..length].to_vec(), ..stored.clone() };
            assert!(!digests(&["a"]).matches(&key, &cut), "{length}");
        }
        assert!(!format!("{stored:?}").contains("digest: ["), "{stored:?}");
    }
}

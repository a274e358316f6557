//! Values that show that a page is one of ours: random, and bound to a session by HMAC-SHA-256, so that a value that
//! somebody planted in a browser fits no session but their own.

use std::sync::Arc;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    entropy::Entropy,
    id::{SessionId, TypedId},
    identity::CsrfTokens,
};

use super::KeyRing;

const NONCE: usize = 16;

/// Makes and checks the values.
pub struct CsrfSigner {
    keys: Vec<Key>,
    entropy: Arc<dyn Entropy>,
}

impl CsrfSigner {
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring.derive("csrf").iter().map(|key| Key::new(HMAC_SHA256, key)).collect();
        Self { keys, entropy }
    }
}

fn signed(session: SessionId, nonce: &[u8]) -> Vec<u8> {
    [session.uuid().as_bytes(), nonce].concat()
}

impl CsrfTokens for CsrfSigner {
    fn issue(&self, session: SessionId) -> String {
        let mut nonce = [0_u8; NONCE];
        self.entropy.fill(&mut nonce);
        // A ring has at least one key; without one the value would fit nothing.
        let tag = self.keys.first().map(|key| hmac::sign(key, &signed(session, &nonce)));
        let tag = tag.as_ref().map(AsRef::as_ref).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&nonce[..], tag].concat())
    }

    fn is_of(&self, session: SessionId, value: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(value) else { return false };
        let Some((nonce, tag)) = bytes.split_at_checked(NONCE) else { return false };
        let signed = signed(session, nonce);
        self.keys.iter().any(|key| hmac::verify(key, &signed, tag).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use uuid::Uuid;

    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_value_fits_the_session_that_it_was_issued_for_and_no_other() {
        let csrf = |key: &str| {
            let ring =
                KeyRing::new(("k".to_owned(), SecretString::from(key.repeat(32))), Vec::new()).unwrap();
            CsrfSigner::new(&ring, Arc::new(SystemEntropy))
        };
        let here = csrf("a");
        let session = SessionId::from_uuid(Uuid::from_u128(1));
        let value = here.issue(session);
        assert!(here.is_of(session, &value));
        assert!(!here.is_of(SessionId::from_uuid(Uuid::from_u128(2)), &value));
        assert!(!csrf("b").is_of(session, &value));
        for wrong in ["", "AAAA", &value[1..], &format!("{value}A"), "💥"] {
            assert!(!here.is_of(session, wrong), "{wrong}");
        }
        assert_ne!(here.issue(session), value);
    }
}

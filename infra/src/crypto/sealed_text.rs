//! Sealed texts: AES-256-GCM with the purpose as associated data.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{entropy::Entropy, sealed_text::TextSeal};

use super::KeyRing;

/// Seals and opens texts that browsers keep.
pub struct SealedTexts {
    keys: Vec<LessSafeKey>,
    entropy: Arc<dyn Entropy>,
}

impl SealedTexts {
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring
            .derive("cookies")
            .iter()
            .filter_map(|key| UnboundKey::new(&AES_256_GCM, key).ok())
            .map(LessSafeKey::new)
            .collect();
        Self { keys, entropy }
    }
}

impl TextSeal for SealedTexts {
    fn seal(&self, purpose: &str, text: &[u8]) -> String {
        let mut nonce = [0_u8; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let mut text = text.to_vec();
        let sealed = self.keys.first().is_some_and(|key| {
            let aad = Aad::from(purpose.as_bytes());
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).is_ok()
        });
        // Sealing a short text with a good key does not fail; if it ever did, an empty one opens for nobody.
        if sealed { URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()) } else { String::new() }
    }

    fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        self.keys.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = sealed.to_vec();
            let aad = Aad::from(purpose.as_bytes());
            key.open_in_place(nonce, aad, &mut text).ok().map(|text| text.to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_text_opens_for_its_purpose_unchanged_and_for_nothing_else() {
        let ring = KeyRing::new(("k".to_owned(), SecretString::from("a".repeat(32))), Vec::new()).unwrap();
        let texts = SealedTexts::new(&ring, Arc::new(SystemEntropy));
        let sealed = texts.seal("sign-in", b"a text");
        assert_eq!(texts.open("sign-in", &sealed).as_deref(), Some(&b"a text"[..]));
        assert_eq!(texts.open("onboarding", &sealed), None);
        for wrong in ["", "AAAA", &sealed[1..], &sealed[..sealed.len() - 2]] {
            assert_eq!(texts.open("sign-in", wrong), None, "{wrong}");
        }
        assert_ne!(texts.seal("sign-in", b"a text"), sealed);
    }
}

//! Signed cookies: HMAC-SHA-256 with a key of their own, so that what comes back is what we gave.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::organizations::onboarding::Signer;

use super::KeyRing;

/// Signs for one purpose; what was signed for another is not known again.
pub struct SignedCookies {
    keys: Vec<Key>,
}

impl SignedCookies {
    pub fn new(ring: &KeyRing, purpose: &str) -> Self {
        let keys = ring.derive(&format!("cookie/{purpose}"));
        Self { keys: keys.iter().map(|key| Key::new(HMAC_SHA256, key)).collect() }
    }
}

impl Signer for SignedCookies {
    fn sign(&self, text: &str) -> String {
        let payload = URL_SAFE_NO_PAD.encode(text);
        // Without a key nothing is signed, and nothing opens.
        let tag = self.keys.first().map(|key| sign(key, payload.as_bytes()));
        format!("{payload}.{}", tag.map(|tag| URL_SAFE_NO_PAD.encode(tag)).unwrap_or_default())
    }

    fn open(&self, signed: &str) -> Option<String> {
        let (payload, tag) = signed.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let is_ours = self.keys.iter().any(|key| verify(key, payload.as_bytes(), &tag).is_ok());
        let text = URL_SAFE_NO_PAD.decode(payload).ok().filter(|_| is_ours)?;
        String::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn cookies(key: &str, purpose: &str) -> SignedCookies {
        let ring = KeyRing::new(("1".to_owned(), SecretString::from(key.repeat(32))), Vec::new()).unwrap();
        SignedCookies::new(&ring, purpose)
    }

    #[test]
    fn only_what_was_signed_for_the_same_purpose_is_known_again() {
        let ours = cookies("a", "onboarding");
        let signed = ours.sign("text, with ünicode");
        assert_eq!(ours.open(&signed).as_deref(), Some("text, with ünicode"));
        assert_eq!(cookies("b", "onboarding").open(&signed), None);
        assert_eq!(cookies("a", "session").open(&signed), None);
        let (payload, tag) = signed.split_once('.').unwrap();
        for forged in [
            payload.to_owned(),
            format!("{payload}."),
            format!("{payload}x.{tag}"),
            String::new(),
            ".".to_owned(),
        ] {
            assert_eq!(ours.open(&forged), None, "{forged}");
        }
    }
}

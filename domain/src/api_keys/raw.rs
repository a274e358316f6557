//! The key itself, as its holder has it.

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use super::Peppered;
use crate::entropy::Entropy;

const BEGINNING: &str = "ak_";
const RANDOM_BYTES: usize = 24;
const LENGTH: usize = BEGINNING.len() + 2 * RANDOM_BYTES;
const PREFIX_LENGTH: usize = 11;

/// `ak_` and 48 hexadecimal digits: 192 random bits. It is shown once and never stored.
#[derive(Clone, Debug)]
pub struct RawKey(SecretString);

impl RawKey {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut random = Zeroizing::new([0_u8; RANDOM_BYTES]);
        entropy.fill(random.as_mut());
        // Of its full length from the start: a growing one would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(BEGINNING);
        for byte in random.iter() {
            for digit in [byte >> 4, byte & 0xf] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        Self(SecretString::from(text.as_str()))
    }

    /// Whether a text says of itself that it is an API key, good or not.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(BEGINNING)
    }

    /// A text that has the form of a key; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(BEGINNING)?;
        let is_key =
            text.len() == LENGTH && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_key.then(|| Self(SecretString::from(text)))
    }

    /// What it is looked up by: its first 11 characters. Not unique, and no secret.
    pub fn prefix(&self) -> &str {
        self.0.expose_secret().get(..PREFIX_LENGTH).unwrap_or_default()
    }

    /// The same bits for another use: a key of the wire format, whose form nobody looks at.
    pub(super) fn into_wire_key(self) -> SecretString {
        SecretString::from(self.0.expose_secret().strip_prefix(BEGINNING).unwrap_or_default())
    }

    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Digests of keys, with a pepper from the service's ring.
pub trait ApiKeyDigests: Send + Sync {
    /// The digest that is stored.
    fn digest(&self, key: &RawKey) -> Peppered;

    /// Compares in constant time. A digest whose pepper was retired matches nothing, and takes as long to say so.
    fn matches(&self, key: &RawKey, stored: &Peppered) -> bool;

    /// Does the work of a comparison that fails, for a key that nothing is stored of.
    fn matches_nothing(&self, key: &RawKey);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(0xa0..).for_each(|(byte, number)| *byte = number);
        }
    }

    #[test]
    fn a_key_has_a_prefix_and_192_random_bits_and_does_not_print() {
        let key = RawKey::generate(&Counting);
        let text = key.secret().expose_secret();
        assert_eq!(text, "ak_a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7");
        assert_eq!(key.prefix(), "ak_a0a1a2a3");
        assert_eq!(RawKey::parse(text).unwrap().prefix(), key.prefix());
        assert!(!format!("{key:?}").contains("a0a1"));
    }

    #[test]
    fn nothing_else_is_a_key() {
        let good = format!("ak_{}", "0".repeat(48));
        assert!(RawKey::parse(&good).is_some());
        for bad in [
            "",
            "ak_",
            &good[1..],
            &good[..50],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace("ak_0", "ak_g"),
            &good.replace("ak_000", "ak_0é"),
        ] {
            assert!(RawKey::parse(bad).is_none(), "{bad}");
        }
    }
}

//! The compatible form of tokens on the wire: `IV (16) ‖ AES-256-CBC with PKCS#7 padding`, under the SHA-256 of a wire
//! key. It is what an automation's published decoder expects, and it has no integrity of its own: it protects a token
//! in the automation's stored execution data, while TLS protects the answer. Nothing is ever stored in this form.

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    digest::{SHA256, digest},
    iv::FixedLength,
};
use domain::entropy::Entropy;
use secrecy::{ExposeSecret, SecretString};

const IV: usize = 16;
const BLOCK: usize = 16;

/// A key that both ends know, ready for use.
pub struct WireKey(PaddedBlockEncryptingKey);

impl std::fmt::Debug for WireKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireKey").finish_non_exhaustive()
    }
}

impl WireKey {
    /// `None` cannot happen: a SHA-256 has the length of the cipher's key.
    pub fn new(key: &SecretString) -> Option<Self> {
        let digest = digest(&SHA256, key.expose_secret().as_bytes());
        let key = UnboundCipherKey::new(&AES_256, digest.as_ref()).ok()?;
        PaddedBlockEncryptingKey::cbc_pkcs7(key).ok().map(Self)
    }

    /// The bytes of a token, different each time. `None` cannot happen either: the padding fits any text.
    pub fn encrypt(&self, entropy: &dyn Entropy, token: &SecretString) -> Option<Vec<u8>> {
        let mut iv = [0_u8; IV];
        entropy.fill(&mut iv);
        let text = token.expose_secret().as_bytes();
        // Of its full size from the start: a growing one would leave copies of the token behind.
        let mut encrypted = Vec::with_capacity(text.len() + BLOCK);
        encrypted.extend_from_slice(text);
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        self.0.less_safe_encrypt(&mut encrypted, context).ok()?;
        Some([&iv[..], &encrypted].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    /// The bytes 0, 1, 2, … 15.
    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(0..).for_each(|(byte, number)| *byte = number);
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Made with the `crypto` module of Node.js, as the published decoder uses it.
    #[test]
    fn the_test_vector_is_reproduced_exactly() {
        let key = SecretString::from("s0-compat-test-key");
        assert_eq!(
            hex(digest(&SHA256, key.expose_secret().as_bytes()).as_ref()),
            "992c4e447b69fc4e04977ee07fa76edc8e3ab9b4efef97cb18a8b6068a47af2d"
        );
        let token = SecretString::from("eyJ0eXAi.test.token");
        let encrypted = WireKey::new(&key).unwrap().encrypt(&Counting, &token).unwrap();
        assert_eq!(
            hex(&encrypted),
            "000102030405060708090a0b0c0d0e0fba7f029853e41e3d4370424d655d97f6022a9f75be72ec8b8acc1d7bbdc9e8b3"
        );
    }

    #[test]
    fn each_answer_has_an_iv_of_its_own_and_whole_blocks() {
        let key = WireKey::new(&SecretString::from("key")).unwrap();
        for length in [0, 1, 15, 16, 17, 4_000] {
            let token = SecretString::from("t".repeat(length));
            let [one, other] = std::array::from_fn(|_| key.encrypt(&SystemEntropy, &token).unwrap());
            assert_ne!(one[..IV], other[..IV]);
            assert_eq!(one.len(), IV + (length / BLOCK + 1) * BLOCK);
        }
        assert_eq!(format!("{key:?}"), "WireKey { .. }");
    }
}

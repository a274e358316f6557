//! Sealed positions in a list: AES-256-GCM with what the cursor belongs to as associated data, so that a cursor of
//! another organization, operation or filter does not open.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{entropy::Entropy, graph::Link, page::CursorSeal};
use uuid::Uuid;

use super::KeyRing;

/// Seals and opens cursors.
pub struct SealedCursors {
    keys: Vec<LessSafeKey>,
    entropy: Arc<dyn Entropy>,
}

impl SealedCursors {
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring
            .subkeys("cursor")
            .filter_map(|(_, key)| UnboundKey::new(&AES_256_GCM, key.as_ref()).ok())
            .map(LessSafeKey::new)
            .collect();
        Self { keys, entropy }
    }
}

impl SealedCursors {
    fn seal_bytes(&self, context: &str, bytes: &[u8]) -> String {
        let mut nonce = [0_u8; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let mut text = bytes.to_vec();
        let sealed = self.keys.first().is_some_and(|key| {
            let aad = Aad::from(context.as_bytes());
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).is_ok()
        });
        // Sealing a few bytes with a good key does not fail; if it ever did, an empty cursor opens for nobody.
        if sealed { URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()) } else { String::new() }
    }

    fn open_bytes(&self, context: &str, cursor: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        self.keys.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = sealed.to_vec();
            let opened = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut text).ok()?;
            Some(opened.to_vec())
        })
    }
}

/// What a link is sealed for: never the same as what a position is, so that neither opens as the other.
fn of_links(context: &str) -> String {
    format!("link\n{context}")
}

impl CursorSeal for SealedCursors {
    fn seal(&self, context: &str, position: Uuid) -> String {
        self.seal_bytes(context, position.as_bytes())
    }

    fn open(&self, context: &str, cursor: &str) -> Option<Uuid> {
        Uuid::from_slice(&self.open_bytes(context, cursor)?).ok()
    }

    fn seal_link(&self, context: &str, link: &Link) -> String {
        self.seal_bytes(&of_links(context), link.as_str().as_bytes())
    }

    fn open_link(&self, context: &str, cursor: &str) -> Option<Link> {
        String::from_utf8(self.open_bytes(&of_links(context), cursor)?).ok().map(Link::new)
    }
}

/// Cursors of strangers, for the property tests below and `tests/fuzz`: none opens that was not sealed, and one that was
/// opens for its own context only. Panics when that does not hold; nothing in the service calls it.
#[doc(hidden)]
pub fn fuzzing(cursors: &SealedCursors, context: &str, text: &str) {
    assert_eq!(cursors.open(context, text), None, "a forged cursor opens");
    let position =
        Uuid::from_u128(text.bytes().fold(1, |sum, byte| sum * 31 % (u128::MAX >> 8) + u128::from(byte)));
    let sealed = cursors.seal(context, position);
    assert_eq!(cursors.open(context, &sealed), Some(position), "what was sealed does not open");
    assert_eq!(cursors.open(&format!("{context}{text}."), &sealed), None, "it opens for another context");
    assert_eq!(cursors.open(context, &format!("{sealed}{text}A")), None, "it opens with something behind it");
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn ring(keys: &[&str]) -> KeyRing {
        let mut keys = keys.iter().map(|key| ((*key).to_owned(), SecretString::from(key.repeat(32))));
        KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap()
    }

    fn cursors(keys: &[&str]) -> SealedCursors {
        SealedCursors::new(&ring(keys), Arc::new(SystemEntropy))
    }

    #[test]
    fn a_cursor_opens_for_what_it_was_sealed_for_and_for_nothing_else() {
        let cursors = cursors(&["a"]);
        let cursor = cursors.seal("listTaxonomies of acme", Uuid::max());
        assert_eq!(cursors.open("listTaxonomies of acme", &cursor), Some(Uuid::max()));
        assert_eq!(cursors.open("listTaxonomies of globex", &cursor), None);
        assert_eq!(cursors.open("listTaxonomies of acme", &cursor[1..]), None);
        assert_eq!(cursors.open("listTaxonomies of acme", ""), None);
        assert_eq!(cursors.open("listTaxonomies of acme", "💥"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_other_text_opens(context in ".*", text in ".*", near in "[A-Za-z0-9_-]{40,64}") {
            let cursors = cursors(&["a", "b"]);
            fuzzing(&cursors, &context, &text);
            fuzzing(&cursors, &context, &near);
        }
    }

    #[test]
    fn a_link_opens_for_what_it_was_sealed_for_and_neither_is_the_other() {
        let cursors = cursors(&["a"]);
        let link = Link::new("/v1.0/sites?$skiptoken=sixteen bytes!!!");
        let cursor = cursors.seal_link("searchSites of adele", &link);
        assert_eq!(cursors.open_link("searchSites of adele", &cursor), Some(link));
        assert_eq!(cursors.open_link("searchSites of alex", &cursor), None);
        assert_eq!(cursors.open("searchSites of adele", &cursor), None);
        let position = cursors.seal("searchSites of adele", Uuid::max());
        assert_eq!(cursors.open_link("searchSites of adele", &position), None);
    }

    #[test]
    fn a_cursor_survives_a_new_key_and_ends_with_the_retirement_of_its_own() {
        let cursor = cursors(&["old"]).seal("list", Uuid::max());
        assert_eq!(cursors(&["new", "old"]).open("list", &cursor), Some(Uuid::max()));
        assert_eq!(cursors(&["new"]).open("list", &cursor), None);
    }
}

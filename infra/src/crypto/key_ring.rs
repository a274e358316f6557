//! The service's keys. Nothing is ever sealed with one of them directly: each use has a key of its own, derived by
//! HKDF-SHA-256 (RFC 5869), so that what leaks of one use tells nothing of another.

use std::path::{Path, PathBuf};

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use domain::entropy::Entropy;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use super::key_file;

/// The least that a key's text must have, in bytes.
const LEAST_BYTES: usize = 32;

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("a key of the ring is shorter than {LEAST_BYTES} bytes; 64 random ones are advised")]
    TooShort,
    #[error("the file of the keys {file} cannot be used")]
    File {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// A key for one use, wiped from memory when it is dropped.
pub(crate) type Subkey = Zeroizing<[u8; 32]>;

/// Versioned keys: the first one seals, all of them open.
#[derive(Clone)]
pub struct KeyRing {
    first: (String, SecretString),
    others: Vec<(String, SecretString)>,
    /// Where the keys are kept, if the service keeps them itself.
    file: Option<PathBuf>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.ids().collect::<Vec<_>>()).finish_non_exhaustive()
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
        let ring = Self { first, others, file: None };
        let long_enough = ring.iter().all(|(_, key)| key.expose_secret().len() >= LEAST_BYTES);
        if long_enough { Ok(ring) } else { Err(KeyRingError::TooShort) }
    }

    /// The ring that is kept in a file; a file with one key is made when there is none.
    pub fn in_file(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyRingError> {
        let failed = |source| KeyRingError::File { file: path.to_owned(), source };
        let text = key_file::read_or_create(path, entropy).map_err(failed)?;
        let (first, others) = key_file::parse(&text).map_err(failed)?;
        Ok(Self { file: Some(path.to_owned()), ..Self::new(first, others)? })
    }

    /// A ring for as long as the process lives, such as with a database in memory.
    pub fn of_process(entropy: &dyn Entropy) -> Result<Self, KeyRingError> {
        Self::new((key_file::ALONE.to_owned(), key_file::make(entropy)), Vec::new())
    }

    /// The file in which the service keeps its keys; `None` when somebody else does.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What the file holds now; `None` without a file.
    pub(super) fn read_again(&self) -> Option<Result<Self, KeyRingError>> {
        let path = self.file.as_deref()?;
        let failed = |source| KeyRingError::File { file: path.to_owned(), source };
        let read = || {
            let text = key_file::read(path).map_err(failed)?;
            let (first, others) = key_file::parse(&text).map_err(failed)?;
            Ok(Self { file: Some(path.to_owned()), ..Self::new(first, others)? })
        };
        Some(read())
    }

    /// The ring without keys that were retired. The first one stays whatever it is: without it there is no ring.
    #[must_use]
    pub(crate) fn without(mut self, retired: &[String]) -> Self {
        self.others.retain(|(id, _)| !retired.contains(id));
        self
    }

    /// The id of the key that seals.
    pub fn first_id(&self) -> &str {
        &self.first.0
    }

    /// The ids of all keys, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(id, _)| id.as_str())
    }

    /// All keys, the sealing one first.
    fn iter(&self) -> impl Iterator<Item = &(String, SecretString)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The keys for one use, in the ring's order. The word for the use is HKDF's `info`: changing one makes unreadable
    /// what was made with it.
    pub(super) fn derive(&self, purpose: &str) -> Vec<[u8; 32]> {
        self.subkeys(purpose).map(|(_, key)| *key).collect()
    }

    /// The same with the ids of the keys that they come from, wiped from memory when they are dropped.
    pub(crate) fn subkeys(&self, purpose: &str) -> impl Iterator<Item = (&str, Subkey)> {
        self.iter().filter_map(move |(id, key)| Some((id.as_str(), derive(key, purpose)?)))
    }

    /// The key for one use that comes from one of the ring.
    pub(crate) fn subkey(&self, id: &str, purpose: &str) -> Option<Subkey> {
        self.iter().find(|(other, _)| other == id).and_then(|(_, key)| derive(key, purpose))
    }
}

/// `None` cannot happen: 32 bytes are far less than what HKDF-SHA-256 can give.
fn derive(key: &SecretString, purpose: &str) -> Option<Subkey> {
    let salt = Salt::new(HKDF_SHA256, b"tenantry");
    let pseudorandom = salt.extract(key.expose_secret().as_bytes());
    let mut derived = Zeroizing::new([0_u8; 32]);
    pseudorandom.expand(&[purpose.as_bytes()], Length32).ok()?.fill(derived.as_mut()).ok()?;
    Some(derived)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ALL: [&str; 4] = ["data-keys", "api-keys", "cursor", "fingerprint"];

    fn ring() -> KeyRing {
        let key = |id: &str, letter: &str| (id.to_owned(), SecretString::from(letter.repeat(32)));
        KeyRing::new(key("new", "n"), vec![key("old", "o")]).unwrap()
    }

    #[test]
    fn each_use_of_each_key_has_a_key_of_its_own() {
        let ring = ring();
        let derived: HashSet<[u8; 32]> = ALL.iter().flat_map(|purpose| ring.derive(purpose)).collect();
        assert_eq!(derived.len(), 2 * ALL.len());
    }

    #[test]
    fn a_key_is_derived_by_its_id() {
        let ring = ring();
        let old = ring.subkeys("cookies").find(|(id, _)| *id == "old").unwrap().1;
        assert_eq!(ring.subkey("old", "cookies"), Some(old));
        assert_eq!(ring.subkey("unknown", "cookies"), None);
    }

    #[test]
    fn a_retired_key_leaves_the_ring_and_nothing_of_a_key_is_printed() {
        let ring = ring().without(&["old".to_owned()]);
        assert_eq!(ring.ids().collect::<Vec<_>>(), ["new"]);
        assert_eq!(format!("{ring:?}"), r#"KeyRing { keys: ["new"], .. }"#);
    }
}

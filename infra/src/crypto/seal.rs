//! Sealing a value for the place where it stands: AES-256-GCM under a data key of the organization.
//!
//! A record is `version (1) ‖ id of the data key (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The associated data is
//! `version ‖ organization ‖ table ‖ row ‖ column`, with the lengths of the names, so that no two places share one. The
//! nonce is random: at 2³² values under one data key the odds of a repeat are still below 2⁻³² (NIST SP 800-38D §8.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use domain::{
    entropy::Entropy,
    id::{OrgId, TypedId},
    secret::{Place, SealError},
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use uuid::Uuid;

/// The form of the record and of its associated data.
const VERSION: u8 = 1;
const KEY_ID: usize = size_of::<Uuid>();
const HEADER: usize = 1 + KEY_ID + NONCE_LEN;

/// A key for AES-256-GCM. The library wipes it when it is dropped.
pub(super) struct GcmKey(LessSafeKey);

impl GcmKey {
    /// `None` unless there are 32 bytes.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Appends `nonce ‖ ciphertext ‖ tag` to what is there. `None` only for texts of many gigabytes.
    pub(super) fn seal(
        &self,
        entropy: &dyn Entropy,
        aad: &[u8],
        text: &[u8],
        record: &mut Vec<u8>,
    ) -> Option<()> {
        let mut nonce = [0_u8; NONCE_LEN];
        entropy.fill(&mut nonce);
        // Of its full size from the start: a growing one would leave copies of the text behind.
        record.reserve_exact(NONCE_LEN + text.len() + MAX_TAG_LEN);
        record.extend_from_slice(&nonce);
        let begin = record.len();
        record.extend_from_slice(text);
        let place = record.get_mut(begin..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), place).ok()?;
        record.extend_from_slice(tag.as_ref());
        Some(())
    }

    /// The text of `nonce ‖ ciphertext ‖ tag`; `None` when it was sealed otherwise.
    pub(super) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(sealed.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(aad), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// An organization's data key, unwrapped.
pub(crate) struct DataKey {
    org_id: OrgId,
    id: Uuid,
    key: GcmKey,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl DataKey {
    pub(super) fn new(org_id: OrgId, id: Uuid, key: GcmKey) -> Self {
        Self { org_id, id, key }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The record to store in the place.
    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        place: Place,
        secret: &SecretString,
    ) -> Result<Vec<u8>, SealError> {
        let text = secret.expose_secret().as_bytes();
        let mut record = Vec::with_capacity(HEADER + text.len() + MAX_TAG_LEN);
        record.push(VERSION);
        record.extend_from_slice(self.id.as_bytes());
        self.key
            .seal(entropy, &associated_data(self.org_id, place), text, &mut record)
            .ok_or(SealError::Refused)?;
        Ok(record)
    }

    /// The secret of a record that stands in the place.
    pub(crate) fn open(&self, place: Place, record: &[u8]) -> Result<SecretString, SealError> {
        if key_id(record) != Some(self.id) {
            return Err(SealError::Refused);
        }
        let sealed = record.get(1 + KEY_ID..).ok_or(SealError::Refused)?;
        let text = self.key.open(&associated_data(self.org_id, place), sealed).ok_or(SealError::Refused)?;
        std::str::from_utf8(&text).map(SecretString::from).map_err(|_| SealError::Refused)
    }
}

/// The data key that a record names; `None` for what is no record of a form that we know.
pub(crate) fn key_id(record: &[u8]) -> Option<Uuid> {
    let (version, rest) = record.split_first()?;
    let id = rest.first_chunk::<KEY_ID>()?;
    (*version == VERSION).then(|| Uuid::from_bytes(*id))
}

fn associated_data(org_id: OrgId, place: Place) -> Vec<u8> {
    let name = |text: &str| {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&length[..], text.as_bytes()].concat()
    };
    [&[VERSION][..], org_id.uuid().as_bytes(), &name(place.table), place.row.as_bytes(), &name(place.column)]
        .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const TOKEN: &str = "a planted secret";
    const ORG: u128 = 1;
    const KEY: u128 = 2;
    const PLACE: Place = Place { table: "connections", column: "refresh_token", row: Uuid::from_u128(3) };

    fn key(org: u128, id: u128, bytes: u8) -> DataKey {
        let org_id = OrgId::from_uuid(Uuid::from_u128(org));
        DataKey::new(org_id, Uuid::from_u128(id), GcmKey::new(&[bytes; 32]).unwrap())
    }

    fn sealed() -> Vec<u8> {
        key(ORG, KEY, 7).seal(&SystemEntropy, PLACE, &SecretString::from(TOKEN)).unwrap()
    }

    fn opens(key: &DataKey, place: Place, record: &[u8]) -> bool {
        match key.open(place, record) {
            Ok(secret) => {
                assert_eq!(secret.expose_secret(), TOKEN);
                true
            }
            Err(error) => {
                assert!(matches!(error, SealError::Refused), "{error}");
                false
            }
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        assert!(opens(&key(ORG, KEY, 7), PLACE, &sealed()));
        assert_ne!(sealed(), sealed(), "each has a nonce of its own");
        assert_eq!(key_id(&sealed()), Some(Uuid::from_u128(KEY)));
        assert!(!sealed().windows(7).any(|part| part == b"planted"));
    }

    #[test]
    fn it_opens_in_no_other_place_and_in_no_other_organization() {
        let (right, record) = (key(ORG, KEY, 7), sealed());
        for place in [
            Place { table: "connection_tokens", ..PLACE },
            Place { column: "access_token", ..PLACE },
            Place { row: Uuid::from_u128(4), ..PLACE },
            // The same letters, cut elsewhere.
            Place { table: "connectionsr", column: "efresh_token", ..PLACE },
        ] {
            assert!(!opens(&right, place, &record), "{place:?}");
        }
        assert!(!opens(&key(9, KEY, 7), PLACE, &record), "another organization with the very same key");
        assert!(!opens(&key(ORG, KEY, 8), PLACE, &record), "another key under the same id");
        assert!(!opens(&key(ORG, 9, 7), PLACE, &record), "a record that names another key");
    }

    #[test]
    fn a_record_that_was_changed_anywhere_or_cut_does_not_open() {
        let (right, record) = (key(ORG, KEY, 7), sealed());
        for at in 0..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert!(!opens(&right, PLACE, &changed), "byte {at}");
            assert!(!opens(&right, PLACE, &record[..at]), "{at} bytes");
        }
        assert!(!opens(&right, PLACE, &[record, vec![0]].concat()));
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let text = format!("{:?}", key(ORG, KEY, 7));
        assert_eq!(text, format!("DataKey {{ id: {}, .. }}", Uuid::from_u128(KEY)));
        let sealed = domain::secret::Sealed::in_place(PLACE, b"planted".to_vec());
        assert!(!format!("{sealed:?}").contains("112"), "{sealed:?}");
    }
}

//! The ring in use, and the data keys that were unwrapped with it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::{
    access::{Epochs, Mark, Subject},
    entropy::Entropy,
    id::{OrgId, TypedId},
    secret::SealError,
    store::StoreError,
};
use moka::future::Cache;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::{
    KeyRing,
    seal::{DataKey, GcmKey},
};
use crate::epochs::EpochWatch;

/// How many data keys are kept in memory; one takes about 600 bytes.
const MOST_DATA_KEYS: u64 = 20_000;

/// Wraps and unwraps data keys, and remembers them until their organization changes.
pub(crate) struct Vault {
    ring: ArcSwap<KeyRing>,
    entropy: Arc<dyn Entropy>,
    epochs: EpochWatch,
    data_keys: Cache<(OrgId, Uuid), Held>,
}

#[derive(Clone)]
struct Held {
    key: Arc<DataKey>,
    mark: Mark,
}

/// A data key that was made, and its wrapped form.
pub(crate) struct NewDataKey {
    pub ring_key_id: String,
    pub wrapped: Vec<u8>,
}

impl Vault {
    pub(crate) fn new(ring: KeyRing, entropy: Arc<dyn Entropy>, epochs: EpochWatch) -> Self {
        let ring = ArcSwap::from_pointee(ring);
        Self { ring, entropy, epochs, data_keys: Cache::new(MOST_DATA_KEYS) }
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// Reads the file of the ring again, where there is one: another process may have added a key to it.
    pub(crate) fn read_ring_again(&self) {
        match self.ring.load().read_again() {
            Some(Ok(ring)) => self.ring.store(Arc::new(ring)),
            Some(Err(error)) => tracing::warn!(%error, "the file of the keys cannot be read again"),
            None => {}
        }
    }

    /// The present moment; to be taken before a data key is read.
    pub(crate) fn mark(&self) -> Mark {
        self.epochs.mark()
    }

    /// A data key that is in memory, unless its organization has changed since: it may have been destroyed.
    pub(crate) async fn held(&self, org_id: OrgId, id: Uuid) -> Result<Option<Arc<DataKey>>, SealError> {
        let Some(held) = self.data_keys.get(&(org_id, id)).await else { return Ok(None) };
        let subjects = [Subject::Organization(org_id)];
        let unchanged = self
            .epochs
            .unchanged_since(held.mark, &subjects)
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(unchanged.then_some(held.key))
    }

    /// Makes a data key under the ring's first key.
    pub(crate) fn make(&self, org_id: OrgId, id: Uuid) -> Result<NewDataKey, SealError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        self.entropy.fill(key.as_mut());
        self.wrap(org_id, id, key.as_ref())
    }

    fn wrap(&self, org_id: OrgId, id: Uuid, key: &[u8]) -> Result<NewDataKey, SealError> {
        let ring = self.ring();
        let ring_key_id = ring.first_id().to_owned();
        let wrapping = wrapping_key(&ring, &ring_key_id)?;
        let mut wrapped = Vec::new();
        wrapping
            .seal(self.entropy(), &associated_data(org_id, id), key, &mut wrapped)
            .ok_or(SealError::Refused)?;
        Ok(NewDataKey { ring_key_id, wrapped })
    }

    /// Wraps a data key by the ring's first key instead of the one that it is wrapped by.
    pub(crate) fn rewrap(
        &self,
        org_id: OrgId,
        id: Uuid,
        ring_key_id: &str,
        wrapped: &[u8],
    ) -> Result<NewDataKey, SealError> {
        let key = self.unwrap_bytes(org_id, id, ring_key_id, wrapped)?;
        self.wrap(org_id, id, &key)
    }

    /// Unwraps a data key and remembers it.
    pub(crate) async fn unwrap(
        &self,
        org_id: OrgId,
        id: Uuid,
        ring_key_id: &str,
        wrapped: &[u8],
        mark: Mark,
    ) -> Result<Arc<DataKey>, SealError> {
        let bytes = self.unwrap_bytes(org_id, id, ring_key_id, wrapped)?;
        let key = GcmKey::new(&bytes).ok_or(SealError::Refused)?;
        let key = Arc::new(DataKey::new(org_id, id, key));
        self.data_keys.insert((org_id, id), Held { key: Arc::clone(&key), mark }).await;
        Ok(key)
    }

    fn unwrap_bytes(
        &self,
        org_id: OrgId,
        id: Uuid,
        ring_key_id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let wrapping = wrapping_key(&self.ring(), ring_key_id).or_else(|_| {
            self.read_ring_again();
            wrapping_key(&self.ring(), ring_key_id)
        })?;
        wrapping.open(&associated_data(org_id, id), wrapped).ok_or(SealError::Refused)
    }
}

fn wrapping_key(ring: &KeyRing, id: &str) -> Result<GcmKey, SealError> {
    let subkey = ring.subkey(id, "data-keys");
    subkey.and_then(|key| GcmKey::new(key.as_ref())).ok_or_else(|| SealError::RingKeyGone(id.to_owned()))
}

/// A wrapped key belongs to its row and its organization, as every sealed value does.
fn associated_data(org_id: OrgId, id: Uuid) -> Vec<u8> {
    [&[1][..], org_id.uuid().as_bytes(), b"data_keys", id.as_bytes()].concat()
}

//! Secrets at rest: sealed for the place where they stand, under a data key of the organization's own.
//!
//! A data key is made when an organization first has something to seal. It is stored wrapped by a key of the
//! service's ring, and every sealed value names the data key that it was sealed with, so that keys can be replaced
//! while the service runs. The one thing a reader would get wrong: a sealed value is bound to its organization,
//! table, column and row; copied anywhere else it does not open.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{access::OrgScope, store::StoreError};

/// Where a sealed value stands. The organization is not here: it comes from the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub table: &'static str,
    pub column: &'static str,
    /// The row's own id.
    pub row: Uuid,
}

/// A value that was sealed. It may be cached and passed around; what it holds is had from [`Secrets::open`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    place: Place,
    bytes: Vec<u8>,
}

impl Sealed {
    /// What the store has in a place. Nothing is checked: whether it opens is [`Secrets::open`]'s answer.
    pub fn in_place(place: Place, bytes: Vec<u8>) -> Self {
        Self { place, bytes }
    }

    pub fn place(&self) -> Place {
        self.place
    }

    /// The record, as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was changed, or it comes from another place or another organization.
    #[error("a sealed value does not open where it stands")]
    Refused,
    /// Its data key was destroyed with its organization, or was superseded and forgotten.
    #[error("the data key of a sealed value is gone")]
    DataKeyGone,
    /// The key of the ring that its data key needs is not configured, or was retired.
    #[error("the key {0:?} of the ring is not configured or was retired")]
    RingKeyGone(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens what was sealed, where there is no unit of work to do it in: such as of a cache that keeps ciphertext.
/// Repositories seal and open inside their unit of work and need no port for it.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret itself. The data key is kept in memory; until the organization changes this asks no database.
    async fn open(&self, scope: &OrgScope, sealed: &Sealed) -> Result<SecretString, SealError>;
}

/// A data key of an organization and what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyUsage {
    /// 1 for the first one; the greatest seals.
    pub generation: i64,
    /// The key of the ring that wraps it.
    pub ring_key: String,
    /// How many rows are sealed with it.
    pub rows: u64,
    pub is_destroyed: bool,
}

/// What [`DataKeyRepository::renew`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Data keys that are now wrapped by the ring's first key and were not before.
    pub rewrapped: u64,
    /// Whether there is a new data key, which seals from now on.
    pub made: bool,
}

/// How far a walk through the sealed rows of an organization has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResealCursor {
    /// The place in the closed list of tables with sealed columns.
    pub table: usize,
    /// The last row that was looked at there.
    pub after: Option<Uuid>,
}

/// What one step of a walk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows that are sealed with the newest data key now.
    pub rows: u64,
    /// Rows that did not open and were left as they are.
    pub failed: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<ResealCursor>,
}

/// The data keys of one organization. Reading and sealing are done by the repositories of what is sealed.
#[async_trait]
pub trait DataKeyRepository: Send + Sync {
    /// Wraps every data key by the ring's first key. If the newest one was wrapped by another, a new one is made as
    /// well, since whoever had the old key may have had the data key. Does nothing where nothing was ever sealed,
    /// and nothing when it is repeated.
    async fn renew(&self) -> Result<Renewed, SealError>;

    /// Seals up to `limit` rows again that are not sealed with the newest data key. The rows keep their version: what
    /// they hold has not changed.
    async fn reseal(&self, from: ResealCursor, limit: u64) -> Result<Resealed, SealError>;

    /// Every data key with its number of rows, the newest first.
    async fn usage(&self) -> Result<Vec<DataKeyUsage>, StoreError>;

    /// Deletes data keys that were superseded and have no rows any more; gives how many.
    async fn forget_superseded(&self) -> Result<u64, StoreError>;

    /// Destroys all key material of the organization: nothing that was sealed opens again, and nothing can be sealed.
    /// This is what deleting an organization begins with.
    async fn destroy(&self) -> Result<u64, StoreError>;
}

/// A key of the ring, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingKey {
    pub id: String,
    pub state: RingKeyState,
    /// When a process first came with it.
    pub first_used_at: DateTime<Utc>,
    pub retired_at: Option<DateTime<Utc>>,
}

/// What a key of the ring may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingKeyState {
    /// Wraps if it is the first, and unwraps.
    Active,
    /// Unwraps, while it is looked whether anything still needs it.
    Retiring,
    /// Refused.
    Retired,
}

impl RingKeyState {
    /// The word for it, in the database and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    /// The state of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Retiring, Self::Retired].into_iter().find(|state| state.as_str() == word)
    }
}

/// The keys of the ring, which belong to no organization.
#[async_trait]
pub trait RingKeys: Send + Sync {
    /// The id of the ring's first key, which wraps.
    fn first(&self) -> String;

    /// Every key that any process ever came with, oldest first.
    async fn list(&self) -> Result<Vec<RingKey>, StoreError>;

    /// Changes a key's state; `false` when no such key is known. Once this returns, no transaction that began before
    /// it can still wrap something with a key that is not active.
    async fn set_state(&self, id: &str, state: RingKeyState) -> Result<bool, StoreError>;
}

//! Idempotency keys: a request that makes something may be sent again and makes it once.
//!
//! A key belongs to organization, caller and operation. Its row is written in the transaction that makes the thing,
//! so a write that fails leaves no row and the next attempt runs. What a reader would get wrong: a repeat is not
//! answered with a stored response but with the thing as it is now, read from the store. So a secret that is shown
//! once can not be shown again, and nothing of the first response is kept.

use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    id::TypedId,
    store::{OrgReader, OrgTx, StoreError},
};

/// How long a key is remembered.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A key that a client chose, with the digest of the request that it came with.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: String,
    digest: [u8; 32],
}

/// Not 1 to 255 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 255 visible ASCII characters")]
pub struct InvalidKey;

impl IdempotencyKey {
    /// The most characters that a key may have.
    pub const MAX_LENGTH: usize = 255;

    /// `digest` is of all that the client sent which decides what is made: a key that comes with another digest is
    /// refused.
    pub fn new(key: &str, digest: [u8; 32]) -> Result<Self, InvalidKey> {
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=Self::MAX_LENGTH).contains(&key.len()) {
            Ok(Self { key: key.to_owned(), digest })
        } else {
            Err(InvalidKey)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.key
    }

    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// Why a request with a key makes nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    #[error("the key was used for another request")]
    Reused,
    #[error("a request with the key is still running")]
    Running,
    /// Making it again would undo the deletion, which a request that is merely repeated cannot mean.
    #[error("what the first request with the key made has been deleted")]
    Deleted,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys of one organization and of the caller for whom they are read.
#[async_trait]
pub trait IdempotencyReader: Send + Sync {
    /// The id that was made by a request with the key which has committed within [`LIFETIME`]. `None` promises
    /// nothing: such a request may still run.
    async fn earlier(&self, operation: &str, key: &IdempotencyKey) -> Result<Option<Uuid>, IdempotencyError>;
}

/// The keys of one organization and of the caller for whom the unit of work was opened.
#[async_trait]
pub trait IdempotencyRepository: Send + Sync {
    /// Writes the key with the id of what is about to be made: `None`. If a request with it has committed within
    /// [`LIFETIME`]: the id that was made then. If one has not ended it waits a moment, then it is
    /// [`IdempotencyError::Running`]; where the database has one writer at a time, it waits for that one's end.
    ///
    /// It comes before every other write of the transaction: whoever waits here must not hold what the other waits
    /// for.
    async fn claim(
        &self,
        operation: &str,
        key: &IdempotencyKey,
        id: Uuid,
    ) -> Result<Option<Uuid>, IdempotencyError>;
}

/// Whether the thing is to be made.
#[must_use]
#[derive(Debug)]
pub enum Claim<I> {
    /// It is, by this request: there is no key, or nobody used it.
    First(First),
    /// It is not: an earlier request made it.
    Repeat(Repeat<I>),
}

/// The request that makes the thing.
#[must_use]
#[derive(Debug)]
pub struct First(());

/// A request whose thing was made by an earlier one.
#[must_use]
#[derive(Debug)]
pub struct Repeat<I>(I);

/// Something that was made, by this request or by an earlier one with the same key. Only a [`Claim`] makes it, so
/// that a use-case that creates cannot forget about keys.
#[derive(Debug)]
pub struct Made<T> {
    thing: T,
    replayed: bool,
}

/// Claims the key, if there is one, for a thing that will have this id. `operation` is the operation's id in the
/// API; keys of different operations know nothing of each other.
pub async fn claim<I: TypedId>(
    tx: &dyn OrgTx,
    operation: &'static str,
    key: Option<&IdempotencyKey>,
    id: I,
) -> Result<Claim<I>, IdempotencyError> {
    let Some(key) = key else { return Ok(Claim::First(First(()))) };
    let earlier = tx.idempotency().claim(operation, key, id.uuid()).await?;
    Ok(match earlier {
        Some(earlier) => Claim::Repeat(Repeat(I::from_uuid(earlier))),
        None => Claim::First(First(())),
    })
}

/// What an earlier request with the key made, if there is a key and such a request. Whoever has to ask somebody else
/// whether the thing may be made looks here first: a repeat asks nobody, and holds no transaction meanwhile. Whatever
/// it says, [`claim`] decides.
pub async fn earlier<I: TypedId>(
    reader: &dyn OrgReader,
    operation: &'static str,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Repeat<I>>, IdempotencyError> {
    let Some(key) = key else { return Ok(None) };
    let earlier = reader.idempotency().earlier(operation, key).await?;
    Ok(earlier.map(|earlier| Repeat(I::from_uuid(earlier))))
}

impl First {
    /// It was made now.
    pub fn made<T>(self, thing: T) -> Made<T> {
        Made { thing, replayed: false }
    }
}

impl<I: TypedId> Repeat<I> {
    /// What the earlier request made.
    pub fn id(&self) -> I {
        self.0
    }

    /// What the store has under that id now.
    pub fn made<T>(&self, found: Option<T>) -> Result<Made<T>, IdempotencyError> {
        found.map(|thing| Made { thing, replayed: true }).ok_or(IdempotencyError::Deleted)
    }
}

impl<T> Made<T> {
    /// Whether an earlier request made it.
    pub fn is_replayed(&self) -> bool {
        self.replayed
    }

    pub fn into_inner(self) -> T {
        self.thing
    }
}

impl<T> std::ops::Deref for Made<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        let key = |text: &str| IdempotencyKey::new(text, [0; 32]).map(|key| key.as_str().to_owned());
        for good in ["!", "~", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"k".repeat(255)] {
            assert_eq!(key(good).as_deref(), Ok(good));
        }
        for bad in ["", " ", "a b", "a\t", "\u{7f}", "é", "\0", &"k".repeat(256)] {
            assert_eq!(key(bad), Err(InvalidKey), "{bad:?}");
        }
    }
}

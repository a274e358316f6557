//! Revocation: how what was cached learns that what it depends on has changed.
//!
//! Each organization and each user has an epoch, a row that is written in the transaction of the change. Whoever
//! loads something to be cached takes a [`Mark`] **before** it reads and keeps the mark in the entry: a load that
//! overlaps a change is stale at birth. On each hit the entry asks whether anything it depends on has changed since.

use async_trait::async_trait;

use crate::id::{AccountId, ApiKeyId, ConnectionId, OrgId, SessionId, UserId};

/// Something that cached things depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Its status, name, settings.
    Organization(OrgId),
    /// Its status, role, profile.
    User(UserId),
    /// Whether it is revoked, and what it answers to.
    ApiKey(ApiKeyId),
    /// That it has not ended.
    Session(SessionId),
    /// How it is, and whose.
    Connection(ConnectionId),
    /// Whether it is one of the service's staff.
    Account(AccountId),
    /// Which connections an organization has: that one was added.
    Connections(OrgId),
}

/// A moment in the sequence of changes that this process knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// No replica could say whether something was revoked, for longer than stale answers are allowed.
#[derive(Debug, thiserror::Error)]
#[error("revocations cannot be learned at the moment")]
pub struct EpochsUnavailable;

/// Knows which subjects changed, in this process and in the others.
#[async_trait]
pub trait Epochs: Send + Sync {
    /// The present moment. Take it before the first read of what will be cached.
    fn mark(&self) -> Mark;

    /// The epoch of a subject, as far as this process knows: it is another one after each change, and the same in
    /// every process that has heard of the last one. Reads memory only.
    fn known(&self, subject: Subject) -> i64;

    /// Whether none of the subjects has changed since the mark. While changes of other processes are heard of, this
    /// reads memory only; when they are not, it asks the database.
    async fn unchanged_since(&self, mark: Mark, subjects: &[Subject]) -> Result<bool, EpochsUnavailable>;
}

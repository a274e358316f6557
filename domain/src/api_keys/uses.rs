//! The log of a key's uses. Every attempt counts, those that were refused too.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    access::OrgScope,
    id::{ApiKeyId, ApiKeyUseId},
    store::StoreError,
};

/// How an attempt ended at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Allowed,
    Revoked,
    Expired,
    AddressBlocked,
    InsufficientScope,
    RateLimited,
    /// Its owner or its organization is suspended.
    Suspended,
    /// Its tokens are to be encrypted, and plain ones were asked for.
    EncryptionRequired,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::AddressBlocked => "ip_blocked",
            Self::InsufficientScope => "insufficient_scope",
            Self::RateLimited => "rate_limited",
            Self::Suspended => "suspended",
            Self::EncryptionRequired => "encryption_required",
        }
    }

    /// The outcome of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Allowed,
            Self::Revoked,
            Self::Expired,
            Self::AddressBlocked,
            Self::InsufficientScope,
            Self::RateLimited,
            Self::Suspended,
            Self::EncryptionRequired,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == word)
    }
}

/// Attempts that differ in nothing but their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyUse {
    pub id: ApiKeyUseId,
    pub key_id: ApiKeyId,
    pub method: String,
    pub path: String,
    pub outcome: Outcome,
    pub ip: Option<String>,
    pub count: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// Where uses are written, late and many at once. It is a log and not a change, so no event tells of it.
#[async_trait]
pub trait ApiKeyUseLog: Send + Sync {
    /// Writes uses of the organization's keys, and when each was used last. Of keys that were removed meanwhile
    /// nothing is written.
    async fn write(&self, scope: &OrgScope, uses: &[ApiKeyUse]) -> Result<(), StoreError>;
}

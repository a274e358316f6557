//! Keys, their secrets, and where they are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{AllowedAddresses, ApiKeyError, ApiKeyUse, ProxyRule, PublicKey};
use crate::{
    id::{ApiKeyId, ApiKeySecretId, ConnectionId, UserId},
    page::{Page, PageRequest},
    secret::Sealed,
    store::StoreError,
};

/// Whose things a key sees, where things belong to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Its owner's.
    Own,
    /// Everybody's in the organization.
    Organization,
}

impl Reach {
    /// The word for it in the database and in the API, where it is called a role.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "user",
            Self::Organization => "admin",
        }
    }

    /// The reach of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Own, Self::Organization].into_iter().find(|reach| reach.as_str() == word)
    }
}

/// An API key, without anything that is secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    /// Who made it. What it makes is theirs, and it ends with their membership.
    pub owner_id: UserId,
    pub name: String,
    /// The automation that uses it, in the organization's own words.
    pub service_id: Option<String>,
    pub reach: Reach,
    /// What it may do: words of permissions, sorted.
    pub scopes: Vec<String>,
    pub allowed_ips: AllowedAddresses,
    /// Whose things it may see; `None` where its reach alone decides.
    pub allowed_user_ids: Option<Vec<UserId>>,
    /// The resources it may get tokens for (`graph`, `sharepoint`, …); `None` for any.
    pub allowed_resources: Option<Vec<String>>,
    /// The connections it may get tokens of; `None` where whose they are alone decides.
    pub allowed_connections: Option<Vec<ConnectionId>>,
    /// Whether the compatible answer has refresh tokens for it.
    pub include_refresh_token: bool,
    /// Tokens reach its holder encrypted to this; `None` for plain ones, over TLS.
    pub public_key: Option<PublicKey>,
    /// What it may ask for through the credential proxy; `None` for anything that its scopes allow.
    pub proxy_rules: Option<Vec<ProxyRule>>,
    /// How often it may be used in a minute; `None` where the general limit alone holds.
    pub requests_per_minute: Option<u32>,
    /// The first characters of its newest secret.
    pub prefix: String,
    /// Not revoked.
    pub is_active: bool,
    pub expires_at: Option<DateTime<Utc>>,
    /// Written late: it may lag behind by the time between two flushes.
    pub last_used_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A digest, and the key of the ring that its pepper comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Peppered {
    pub ring_key: String,
    pub digest: Vec<u8>,
}

impl std::fmt::Debug for Peppered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peppered").field("ring_key", &self.ring_key).finish_non_exhaustive()
    }
}

/// One of the secrets that a key answers to.
#[derive(Clone, Debug)]
pub struct ApiKeySecret {
    pub id: ApiKeySecretId,
    pub key_id: ApiKeyId,
    pub prefix: String,
    pub digest: Peppered,
    /// The end of its overlap; `None` for the newest one.
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What a lookup finds.
#[derive(Clone, Debug)]
pub struct ApiKeyWithSecret {
    pub key: ApiKey,
    pub secret: ApiKeySecret,
    /// The key of the compatible wire format that goes with this secret.
    pub wire_key: Sealed,
}

/// The keys of one organization, for reading.
#[async_trait]
pub trait ApiKeyReader: Send + Sync {
    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// Newest first; of one owner, or all.
    async fn list(&self, owner: Option<UserId>, page: PageRequest) -> Result<Page<ApiKey>, StoreError>;

    async fn find_by_secret(&self, id: ApiKeySecretId) -> Result<Option<ApiKeyWithSecret>, StoreError>;

    /// What is in its log, newest first.
    async fn list_uses(&self, id: ApiKeyId, page: PageRequest) -> Result<Page<ApiKeyUse>, StoreError>;
}

/// The keys of one organization, for writing. What is cached of a key is stale with each of these.
#[async_trait]
pub trait ApiKeyRepository: ApiKeyReader {
    async fn add(&self, key: &ApiKey) -> Result<(), ApiKeyError>;

    /// Adds a secret that the key answers to, with the key of its wire format, and what it is looked up by.
    async fn add_secret(&self, secret: &ApiKeySecret, wire_key: &SecretString) -> Result<(), ApiKeyError>;

    /// Lets the key's secrets end, those that do not end earlier; the one with this id stays as it is.
    async fn end_secrets(
        &self,
        id: ApiKeyId,
        but: ApiKeySecretId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Gives the key the prefix of a new secret.
    async fn set_prefix(&self, id: ApiKeyId, prefix: &str) -> Result<(), StoreError>;

    /// Stores a secret's digest with another pepper. What is cached of the key stays good.
    async fn set_digest(&self, id: ApiKeySecretId, digest: &Peppered) -> Result<(), StoreError>;

    /// Ends the key; `false` when there is none.
    async fn revoke(&self, id: ApiKeyId) -> Result<bool, StoreError>;

    /// Removes it with its secrets and its log; `false` when there is none.
    async fn remove(&self, id: ApiKeyId) -> Result<bool, StoreError>;

    /// How many secrets have a digest with the pepper of a key of the ring, and belong to a key that is not revoked.
    async fn count_peppered(&self, ring_key: &str) -> Result<u64, StoreError>;

    /// Revokes the keys with such a secret; gives how many.
    async fn revoke_peppered(&self, ring_key: &str) -> Result<u64, StoreError>;
}

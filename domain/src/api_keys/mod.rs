//! API keys: credentials of an organization's automations.
//!
//! A key belongs to the member who made it and can do what its scopes say, which are words of the same permissions
//! that roles have. The one thing a reader would get wrong: a key has *secrets* of its own, more than one while it is
//! rotated; what is looked up by its prefix is a secret, and what everything else refers to is the key.

mod address;
mod api_key;
mod issue;
mod proxy_rules;
mod public_key;
mod raw;
mod uses;

pub use address::{AllowedAddresses, InvalidAddress};
pub use api_key::{ApiKey, ApiKeyReader, ApiKeyRepository, ApiKeySecret, ApiKeyWithSecret, Peppered, Reach};
pub use issue::{ApiKeyError, ApiKeys, Issued, IssuedSecret, LONGEST_OVERLAP, NewApiKey};
pub use proxy_rules::{InvalidRule, PROXY_METHODS, ProxyRule, permitted};
pub use public_key::{InvalidPublicKey, Jwk, PublicKey, PublicNumbers, TokenEncryption};
pub use raw::{ApiKeyDigests, RawKey};
pub use uses::{ApiKeyUse, ApiKeyUseLog, Outcome};

use crate::access::permission;

permission!(
    /// May make API keys and see, rotate and end those that are their own.
    Own = "api-keys:own"
);
permission!(
    /// May do so with everybody's.
    Manage = "api-keys:manage"
);

/// Permissions that no API key has: a key makes no keys, or one that leaked would survive its revocation; and what takes
/// a person who has just signed in is not for one.
pub const NOT_FOR_KEYS: &[&str] = &["api-keys:manage", "api-keys:own", "organization:delete"];

//! Entra ID: verification of its bearer tokens, and the authority's metadata and signing keys behind that.
//!
//! [`BearerVerifier`] is the only place that turns a token string into claims. What it trusts comes from
//! [`AuthorityKeys`], which fetches, keeps and refreshes the authority's documents; nothing in a token (`jku`, `x5u`,
//! `x5c`, `jwk`) can point to another key.

mod allowed_tenants;
mod audience;
mod authority;
mod claims;
mod compact;
mod device_codes;
mod fetch;
#[doc(hidden)]
pub mod fuzzing;
mod id_tokens;
mod issuer;
mod jwks;
mod keys;
mod metadata;
mod person;
mod probe;
mod schedule;
mod sign_in;
pub mod token_client;
mod unknown_keys;
mod verify;

#[cfg(test)]
mod tests;

pub use allowed_tenants::EntraAllowedTenants;
pub use audience::AudienceError;
pub use authority::Authority;
pub use device_codes::EntraDeviceCodes;
pub use keys::{AuthorityKeys, KeysState};
pub use probe::{ProbeError, probe};
pub use sign_in::{EntraSignIn, SignInSettings};
pub use verify::{BearerSettings, BearerVerifier};

/// A GUID in the only form that Entra writes: 36 characters with hyphens. The other forms that the `uuid` crate reads
/// (braces, URN, no hyphens) would make one tenant look like several.
fn parse_guid(text: &str) -> Option<uuid::Uuid> {
    (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok()).flatten()
}

//! The other side of the ports of `domain`: database, cache, Entra ID, keys, clock and randomness.

mod accounts;
mod annotations;
mod api_keys;
pub mod cache;
pub mod clock;
pub mod connections;
pub mod crypto;
pub mod db;
pub mod entra;
pub mod entropy;
pub mod epochs;
pub mod graph;
pub mod http;
mod idempotency;
mod identity;
mod jobs;
pub mod key_vault;
pub mod leaving;
pub mod onboarding;
mod organizations;
mod secret;
mod sessions;
mod tidy;

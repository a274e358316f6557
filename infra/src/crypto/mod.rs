//! Keys and what is sealed with them.

mod api_key;
mod cache_seal;
mod cursor;
pub mod key_file;
mod key_ring;
mod seal;
mod vault;
pub mod wire_format;

pub use api_key::PepperedDigests;
pub use cache_seal::CacheSeal;
pub use cursor::SealedCursors;
#[doc(hidden)]
pub use cursor::fuzzing;
pub use key_ring::{KeyRing, KeyRingError, Purpose};
pub(crate) use seal::{DataKey, key_id};
pub(crate) use vault::Vault;

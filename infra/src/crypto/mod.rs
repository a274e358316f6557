//! Keys and what is sealed with them.

mod api_key;
mod cache_seal;
mod compatible;
mod csrf;
mod cursor;
mod jwe;
pub mod key_file;
mod key_ring;
mod seal;
mod sealed_text;
mod signer;
mod vault;
pub mod wire_format;

pub use api_key::PepperedDigests;
pub use cache_seal::CacheSeal;
pub use compatible::CompatibleWire;
pub use csrf::CsrfSigner;
pub use cursor::SealedCursors;
#[doc(hidden)]
pub use cursor::fuzzing;
pub use jwe::JweEncryption;
pub use key_ring::{KeyRing, KeyRingError};
pub(crate) use seal::{DataKey, key_id};
pub use sealed_text::SealedTexts;
pub use signer::{SessionSigner, SignerError};
pub(crate) use vault::Vault;

//! Keys and what is sealed with them.

mod cache_seal;
mod cookie;
mod csrf;
mod cursor;
pub mod key_file;
mod key_ring;
mod sealed_text;
mod signer;

pub use cache_seal::CacheSeal;
pub use cookie::SignedCookies;
pub use csrf::CsrfSigner;
pub use cursor::SealedCursors;
#[doc(hidden)]
pub use cursor::fuzzing;
pub use key_ring::{KeyRing, KeyRingError};
pub use sealed_text::SealedTexts;
pub use signer::{SessionSigner, SignerError};

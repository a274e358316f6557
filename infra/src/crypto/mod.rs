//! Keys and what is sealed with them.

mod cache_seal;
mod cursor;
pub mod key_file;
mod key_ring;

pub use cache_seal::CacheSeal;
pub use cursor::SealedCursors;
#[doc(hidden)]
pub use cursor::fuzzing;
pub use key_ring::{KeyRing, KeyRingError};

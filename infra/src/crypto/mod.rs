//! Keys and what is sealed with them.

mod cookie;
mod cursor;
pub mod key_file;
mod key_ring;

pub use cookie::SignedCookies;
pub use cursor::SealedCursors;
pub use key_ring::{KeyRing, KeyRingError};

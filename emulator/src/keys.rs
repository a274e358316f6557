//! The keys that sign tokens, and which of them the world is told about.

mod ring;
mod signing_key;

pub use self::ring::Rotation;
pub(crate) use self::{
    ring::{KeyRing, NamedKey},
    signing_key::{SigningKey, rogue},
};

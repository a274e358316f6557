//! Tokens: what is asked for, the claims that follow from it, the signature.

pub(crate) mod claims;
pub(crate) mod jws;
mod mint;
mod request;
pub(crate) mod user;

pub use self::{
    mint::MintError,
    request::{SignWith, TokenKind, TokenRequest},
};

//! Tokens for a downstream resource: in the caller's name, or for the service itself.
//!
//! What a reader would get wrong: the caller's own token (the assertion) belongs to one request. It travels in
//! [`crate::access::OnBehalfOf`], which only authentication makes, and no cache holds it; what is cached is the
//! resource's token, under a digest of the assertion, so that it is never served to another one. Who is in a session has
//! no such token: theirs come from their own connection ([`crate::connections::CallersTokens`]).

mod app_only;
mod claims_challenge;
mod delegated_token;
mod on_behalf_of;
mod resource;

pub use app_only::{AppToken, AppTokenError, AppTokens};
pub use claims_challenge::{ClaimsChallenge, NotAChallenge};
pub use delegated_token::DelegatedToken;
pub use on_behalf_of::{DelegatedTokens, DelegationError, OwnFailure, SignInPlace};
pub use resource::{InvalidHost, Resource, SharePointHost};

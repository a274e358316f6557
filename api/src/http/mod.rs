//! The forms that requests and responses share.

mod body;
pub(crate) mod cookie;
mod direct;
mod idempotency;
mod json;
mod merge_patch;
mod methods;
mod page;
mod respond;
mod sealed_cookie;
mod state_cookie;
mod version;

pub(crate) use body::{Body, BodySchemas, OptionalBody};
pub(crate) use direct::{Direct, Text};
pub(crate) use idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, IdempotencyHeader};
pub(crate) use merge_patch::Nullable;
pub(crate) use methods::PathMethods;
pub(crate) use page::PageQuery;
pub(crate) use respond::{Created, Data, Found, Listed, NoContent, WithSecret};
pub(crate) use sealed_cookie::SealedCookies;
#[cfg(test)]
pub(crate) use sealed_cookie::testing;
pub(crate) use state_cookie::StateCookies;
pub(crate) use version::{IfMatch, if_none_match_names, is_known};

pub mod fuzzing;

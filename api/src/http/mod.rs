//! The forms that requests and responses share.

mod body;
mod idempotency;
mod json;
mod merge_patch;
mod methods;
mod page;
mod respond;
mod version;

pub(crate) use body::{Body, BodySchemas};
pub(crate) use idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, IdempotencyHeader};
pub(crate) use merge_patch::Nullable;
pub(crate) use methods::PathMethods;
pub(crate) use page::PageQuery;
pub(crate) use respond::{Created, Data, Found, Listed, NoContent, WithSecret};
pub(crate) use version::{IfMatch, is_known};

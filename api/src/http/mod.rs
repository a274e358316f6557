//! The forms that requests and responses share.

mod body;
mod page;
mod respond;
mod version;

pub(crate) use body::{Body, BodySchemas};
pub(crate) use page::PageQuery;
pub(crate) use respond::{Created, Data, Found, Listed, NoContent};
pub(crate) use version::IfMatch;

//! Organizations, their members, and who the caller is in them.

mod me;
mod members;
mod organization;

pub(crate) use me::MeApi;
pub(crate) use members::MembersApi;
pub(crate) use organization::OrganizationApi;

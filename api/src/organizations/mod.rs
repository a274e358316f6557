//! Organizations, their members, and who the caller is in them.

mod initials;
mod me;
mod members;
mod organization;
mod photo;

pub(crate) use me::MeApi;
pub(crate) use members::MembersApi;
pub(crate) use organization::OrganizationApi;
pub(crate) use photo::PhotoApi;

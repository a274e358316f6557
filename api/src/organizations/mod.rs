//! Organizations, their members, and who the caller is in them.

mod export;
mod import;
mod initials;
mod leaving;
mod me;
mod members;
mod organization;
mod photo;

pub(crate) use export::lines as export_lines;
pub(crate) use import::ImportApi;
pub(crate) use leaving::LeavingApi;
pub(crate) use me::MeApi;
pub(crate) use members::MembersApi;
pub(crate) use organization::OrganizationApi;
pub(crate) use photo::PhotoApi;

//! Drives: the document libraries of sites, and `OneDrive`s.

use super::DriveId;

/// A place for files.
#[derive(Clone, Debug)]
pub struct Drive {
    pub id: DriveId,
    pub name: Option<String>,
    pub description: Option<String>,
    /// `documentLibrary`, `business` or `personal`.
    pub drive_type: Option<String>,
    /// Where a person sees it; `http` or `https`.
    pub web_url: Option<String>,
}

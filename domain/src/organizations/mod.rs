//! Organizations: the customers of the product, their settings and their members.

mod export;
mod import;
mod leaving;
mod membership;
pub mod onboarding;
mod organization;
mod settings;

pub use export::{ExportPage, ExportPosition, ExportReader, KeyPart};
pub use import::{ImportReader, ImportRepository, ImportState, Imports, UserImport};
pub(crate) use leaving::delete;
pub use leaving::{Leaving, LeavingError, PURGE_AFTER, PurgeKey, Purger};
pub use membership::{MembershipError, Memberships};
pub use organization::{
    NameSource, NewOrganization, Organization, OrganizationCounts, OrganizationOrigin, OrganizationReader,
    OrganizationRepository, OrganizationStatus, OrganizationSummary,
};
pub use settings::{Error, MAX_CONFIG_BYTES, OrganizationPatch, Settings};

use crate::access::permission;

permission!(
    /// Sees the organization and its settings.
    Read = "organization:read"
);
permission!(
    /// Changes the organization's name and settings.
    Manage = "organization:manage"
);

permission!(
    /// Takes a copy of all that the organization owns.
    Export = "organization:export"
);
permission!(
    /// Deletes the organization.
    Delete = "organization:delete"
);

/// Permissions over an organization's members.
pub mod members {
    use crate::access::permission;

    permission!(
        /// Sees who belongs to the organization.
        Read = "members:read"
    );
    permission!(
        /// Brings the people of the tenant in.
        Import = "members:import"
    );
    permission!(
        /// Suspends and reactivates members.
        Manage = "members:manage"
    );
}

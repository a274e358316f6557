//! Organizations: the customers of the product, their settings and their members.

mod membership;
mod organization;
mod settings;

pub use membership::{MembershipError, Memberships};
pub use organization::{
    NameSource, NewOrganization, Organization, OrganizationOrigin, OrganizationReader,
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

/// Permissions over an organization's members.
pub mod members {
    use crate::access::permission;

    permission!(
        /// Sees who belongs to the organization.
        Read = "members:read"
    );
    permission!(
        /// Suspends and reactivates members.
        Manage = "members:manage"
    );
}

//! Whose accounts an authority speaks for, and which of its tenants are wanted.

use std::fmt;

use uuid::Uuid;

/// Whose accounts may sign in (Microsoft identity platform, "OAuth 2.0 and `OpenID` Connect protocols", endpoints).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantSelector {
    /// `common`: work, school and personal accounts.
    Common,
    /// `organizations`: work and school accounts of any tenant.
    Organizations,
    /// `consumers`: personal accounts only.
    Consumers,
    /// One tenant, by its id.
    Tenant(Uuid),
    /// One tenant, by a domain that it has verified. The authority's metadata says which tenant that is.
    Domain(String),
}

impl TenantSelector {
    /// Whether it names one tenant.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Tenant(_) | Self::Domain(_))
    }
}

/// As the first segment of the authority's paths.
impl fmt::Display for TenantSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Common => f.write_str("common"),
            Self::Organizations => f.write_str("organizations"),
            Self::Consumers => f.write_str("consumers"),
            Self::Tenant(tenant) => tenant.fmt(f),
            Self::Domain(domain) => f.write_str(domain),
        }
    }
}

/// An entry of the list of tenants that may become organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedTenant {
    Id(Uuid),
    /// A domain that the tenant has verified, lower case.
    Domain(String),
}

//! What the first path segment of a request names.

use std::fmt;

use uuid::{Uuid, uuid};

use super::{Directory, Tenant};

/// The tenant of all personal accounts.
pub(crate) const PERSONAL: Uuid = uuid!("9188040d-6c67-4c5b-b112-36a304b66dad");

/// An alias, or a tenant. Its text is the segment as it stands in the endpoints of the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// Work and personal accounts.
    Common,
    /// Work accounts.
    Organizations,
    /// Personal accounts.
    Consumers,
    Tenant(Uuid),
}

impl Authority {
    /// Reads a path segment; MSAL lower-cases it, so case does not matter.
    pub(crate) fn parse(segment: &str, directory: &Directory) -> Option<Self> {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Some(Self::Common),
            "organizations" => Some(Self::Organizations),
            "consumers" => Some(Self::Consumers),
            tenant => directory.addressed_tenant(tenant).map(|tenant| Self::Tenant(tenant.id)),
        }
    }

    /// Whether only personal accounts are behind it.
    pub(crate) fn is_personal(self) -> bool {
        matches!(self, Self::Consumers | Self::Tenant(PERSONAL))
    }

    /// The tenant, when it is one that is an organization.
    pub(crate) fn organization(self, directory: &Directory) -> Option<&Tenant> {
        match self {
            Self::Tenant(id) if id != PERSONAL => directory.tenants.iter().find(|tenant| tenant.id == id),
            Self::Common | Self::Organizations | Self::Consumers | Self::Tenant(_) => None,
        }
    }

    /// What the issuer in the metadata has in the tenant's place.
    pub(crate) fn issuer_segment(self) -> String {
        match self {
            Self::Common | Self::Organizations => "{tenantid}".to_owned(),
            Self::Consumers => PERSONAL.to_string(),
            Self::Tenant(id) => id.to_string(),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Common => formatter.write_str("common"),
            Self::Organizations => formatter.write_str("organizations"),
            Self::Consumers => formatter.write_str("consumers"),
            Self::Tenant(id) => id.fmt(formatter),
        }
    }
}

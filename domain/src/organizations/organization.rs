//! An organization, and what the store does with the one that a unit of work belongs to.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{onboarding::Consent, settings::Error};
use crate::{
    id::{OrgId, TaxonomyId},
    store::StoreError,
};

/// Where an organization comes from; there is one organization for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrganizationOrigin {
    /// An Entra ID tenant.
    Tenant(Uuid),
    /// A personal Microsoft account, where those are admitted: an organization of its own, by `oid`.
    PersonalAccount(Uuid),
    /// The development identity's label.
    Development(String),
}

impl OrganizationOrigin {
    /// The unique text that the store finds it by.
    pub fn key(&self) -> String {
        match self {
            Self::Tenant(tenant) => format!("entra:{tenant}"),
            Self::PersonalAccount(object_id) => format!("personal:{object_id}"),
            Self::Development(label) => format!("development:{label}"),
        }
    }
}

/// Whether the organization may use the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationStatus {
    Active,
    /// By an operator; everybody in it is refused with `403 ORGANIZATION_SUSPENDED`.
    Suspended,
    /// It can be restored for a while; then it is purged. Everybody is refused with `403 ORGANIZATION_DELETED`.
    Deleted,
}

impl OrganizationStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "suspended" => Some(Self::Suspended),
            "deleted" => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// Where an organization's name was taken from, worst first: a better source replaces the name, a worse one does
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameSource {
    TenantId,
    EmailDomain,
    /// Microsoft Graph's `/organization`.
    Graph,
    /// An administrator's choice, which nothing replaces.
    Administrator,
}

impl NameSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TenantId => "tenant_id",
            Self::EmailDomain => "email_domain",
            Self::Graph => "graph",
            Self::Administrator => "administrator",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "tenant_id" => Some(Self::TenantId),
            "email_domain" => Some(Self::EmailDomain),
            "graph" => Some(Self::Graph),
            "administrator" => Some(Self::Administrator),
            _ => None,
        }
    }
}

/// A customer of the product.
#[derive(Clone, Debug)]
pub struct Organization {
    pub id: OrgId,
    /// The Entra ID tenant; `None` for an organization that has none.
    pub azure_tenant_id: Option<Uuid>,
    pub name: String,
    pub name_source: NameSource,
    pub status: OrganizationStatus,
    /// Why it was suspended or deleted, as the operator said it.
    pub status_reason: Option<String>,
    /// The domain that its tenant has verified and uses first; `None` before anybody could ask.
    pub default_domain: Option<String>,
    /// How far the consent of its tenant has come.
    pub consent: Consent,
    /// When an administrator of the tenant consented; `None` before.
    pub consented_at: Option<DateTime<Utc>>,
    /// When it was deleted; `None` while it is not.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The taxonomy that annotations use when none is chosen.
    pub default_taxonomy_id: Option<TaxonomyId>,
    /// Free JSON of the organization's own: branding, feature flags.
    pub config: Value,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is remembered of an organization with each of its principals.
#[derive(Clone, Debug)]
pub struct OrganizationSummary {
    pub id: OrgId,
    pub name: String,
    /// The Entra ID tenant; `None` for an organization that has none.
    pub azure_tenant_id: Option<Uuid>,
}

impl From<&Organization> for OrganizationSummary {
    fn from(organization: &Organization) -> Self {
        let Organization { id, name, azure_tenant_id, .. } = organization;
        Self { id: *id, name: name.clone(), azure_tenant_id: *azure_tenant_id }
    }
}

/// An organization to be made.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    pub id: OrgId,
    pub origin: OrganizationOrigin,
    pub name: String,
    pub name_source: NameSource,
}

/// The organization of the unit of work, for reading.
#[async_trait]
pub trait OrganizationReader: Send + Sync {
    /// `None` when it has been purged since the scope was made.
    async fn get(&self) -> Result<Option<Organization>, StoreError>;

    /// How much it has.
    async fn counts(&self) -> Result<OrganizationCounts, StoreError>;
}

/// How much an organization has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrganizationCounts {
    /// People and applications.
    pub members: u64,
    pub connections: u64,
    /// Those that were not revoked.
    pub api_keys: u64,
}

/// The organization of the unit of work, for writing.
#[async_trait]
pub trait OrganizationRepository: OrganizationReader {
    /// Adds the organization unless there is one of the same origin. `false` when there is: another request was
    /// first, and the transaction should be dropped, since it belongs to an organization that does not exist.
    async fn add_if_absent(&self, organization: &NewOrganization) -> Result<bool, StoreError>;

    /// Makes later transactions that lock the same organization wait until this one ends.
    async fn lock(&self) -> Result<(), StoreError>;

    /// Writes name and settings if the row still has the version that `organization` was read with.
    async fn update(&self, organization: &Organization) -> Result<(), Error>;

    /// Gives it a name from a better source than the one it has; otherwise does nothing and says `false`.
    async fn improve_name(&self, name: &str, source: NameSource) -> Result<bool, StoreError>;

    /// Suspends, reactivates, deletes or restores, and keeps why. `false` when there is no such organization.
    async fn set_status(&self, status: OrganizationStatus, reason: Option<&str>) -> Result<bool, StoreError>;
}

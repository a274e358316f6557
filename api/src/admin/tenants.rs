//! `/api/admin/tenants`: the organizations that there are; let in, suspended, deleted, brought back.

use chrono::{DateTime, Utc};
use domain::{
    access::{Operator, Tenant, TenantQuery},
    id::OrgId,
    organizations::{
        Organization, OrganizationStatus, PURGE_AFTER,
        onboarding::{Finding, OrganizationState},
    },
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use super::{caller::AdminCaller, default_limit, reason};
use crate::{
    error::ApiError,
    http::Body,
    id::Id,
    onboarding::{FindingView, PermissionView, finding, permissions},
    openapi::Tag,
};

/// How an organization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "TenantState", rename_all = "lowercase")]
enum StateWord {
    Pending,
    Verifying,
    Active,
    Degraded,
    Revoked,
    Suspended,
    Deleted,
}

impl From<OrganizationState> for StateWord {
    fn from(state: OrganizationState) -> Self {
        use domain::organizations::onboarding::Consent;
        match state {
            OrganizationState::Consent(Consent::Pending) => Self::Pending,
            OrganizationState::Consent(Consent::Verifying) => Self::Verifying,
            OrganizationState::Consent(Consent::Active) => Self::Active,
            OrganizationState::Consent(Consent::Degraded) => Self::Degraded,
            OrganizationState::Consent(Consent::Revoked) => Self::Revoked,
            OrganizationState::Suspended => Self::Suspended,
            OrganizationState::Deleted => Self::Deleted,
        }
    }
}

/// An organization, as operators see it: that it is there and how it stands, and nothing of what it owns.
#[derive(Debug, Object)]
#[oai(rename = "Tenant", rename_all = "camelCase")]
struct TenantView {
    id: Id<OrgId>,
    name: String,
    /// The Entra ID tenant; `null` for an organization that has none.
    tenant_id: Option<Uuid>,
    /// The domain that the tenant has verified and uses first; `null` until Microsoft could be asked.
    domain: Option<String>,
    /// How far its consent has come, unless it was suspended or deleted.
    state: StateWord,
    /// Whether it is neither suspended nor deleted.
    is_active: bool,
    created_at: DateTime<Utc>,
    /// When an administrator of the tenant first consented; `null` before.
    consented_at: Option<DateTime<Utc>>,
    /// When it was deleted; `null` for one that is not.
    deleted_at: Option<DateTime<Utc>>,
    /// Until when a deleted one can be restored; `null` for one that is not deleted.
    purge_at: Option<DateTime<Utc>>,
}

impl From<Organization> for TenantView {
    fn from(organization: Organization) -> Self {
        Self {
            id: Id(organization.id),
            name: organization.name,
            tenant_id: organization.azure_tenant_id,
            domain: organization.default_domain,
            state: OrganizationState::of(organization.status, organization.consent).into(),
            is_active: organization.status == OrganizationStatus::Active,
            created_at: organization.created_at,
            consented_at: organization.consented_at,
            deleted_at: organization.deleted_at,
            purge_at: organization.deleted_at.map(|at| at + PURGE_AFTER),
        }
    }
}

/// Some of all organizations, newest first.
#[derive(Debug, Object)]
#[oai(rename = "TenantList")]
struct TenantListView {
    items: Vec<TenantView>,
    /// How many fit the filter, on this page or another one.
    total: u64,
}

/// How an organization is connected to its tenant.
#[derive(Debug, Object)]
#[oai(rename = "TenantOnboarding", rename_all = "camelCase")]
struct TenantOnboardingView {
    /// Application permissions that are needed.
    permissions: Vec<PermissionView>,
    /// Domains that the tenant has verified, the default one first.
    verified_domains: Vec<String>,
    /// When the tenant was last asked.
    checked_at: Option<DateTime<Utc>>,
    /// What stood in the way then; `null` when nothing did.
    finding: Option<FindingView>,
}

/// An organization that an operator looks at.
#[derive(Debug, Object)]
#[oai(rename = "TenantDetail", rename_all = "camelCase")]
struct TenantDetailView {
    #[oai(flatten)]
    tenant: TenantView,
    /// How many people and applications belong to it.
    members: u64,
    /// How many Microsoft accounts are connected.
    connections: u64,
    /// How many API keys it has that were not revoked.
    api_keys: u64,
    /// How it is connected to its tenant.
    onboarding: TenantOnboardingView,
    /// Why it was suspended; `null` for one that is not.
    suspended_reason: Option<String>,
}

impl From<Tenant> for TenantDetailView {
    fn from(Tenant { organization, record, counts }: Tenant) -> Self {
        let is_suspended = organization.status == OrganizationStatus::Suspended;
        Self {
            members: counts.members,
            connections: counts.connections,
            api_keys: counts.api_keys,
            onboarding: TenantOnboardingView {
                permissions: permissions(&record),
                checked_at: record.checked_at,
                finding: record.finding.map(|found: Finding| finding(found)),
                verified_domains: record.domains,
            },
            suspended_reason: organization.status_reason.clone().filter(|_| is_suspended),
            tenant: organization.into(),
        }
    }
}

/// A change to an organization.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct TenantPatchBody {
    /// `false` suspends it: everybody of it is refused from the next request on. `true` lets them in again.
    is_active: bool,
    /// Why; it is kept with the event, in the organization's own record.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

/// Why an operator does something.
#[derive(Debug, Object)]
struct TenantRestoreBody {
    /// It is kept with the event, in the organization's own record.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

/// Organizations, for operators.
pub(crate) struct TenantsApi;

#[OpenApi(tag = "Tag::Operator")]
impl TenantsApi {
    /// List the organizations
    ///
    /// Newest first, deleted ones that can be restored among them. What they own is not in it.
    #[oai(path = "/api/admin/tenants", method = "get", operation_id = "listTenants")]
    async fn list(
        &self,
        caller: AdminCaller,
        /// How many.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")), default = "default_limit")]
        limit: Query<u16>,
        /// How many to pass over first.
        #[oai(validator(maximum(value = "1000000")), default)]
        offset: Query<u32>,
        /// A part of the name or of the domain, in letters of either case; or the whole id of the organization or of its
        /// tenant.
        #[oai(validator(max_length = 200))]
        filter: Query<Option<String>>,
    ) -> Result<Json<TenantListView>, ApiError> {
        let filter = filter.0.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let query = TenantQuery { filter, offset: offset.0.into(), limit: limit.0.into() };
        let found = caller.tenants(&query).await?;
        let items = found.items.into_iter().map(TenantView::from).collect();
        Ok(Json(TenantListView { items, total: found.total }))
    }

    /// Look at an organization
    ///
    /// That it was looked at, by whom and why, is recorded in the organization.
    #[oai(path = "/api/admin/tenants/:organizationId", method = "get", operation_id = "getTenant")]
    async fn get(
        &self,
        caller: AdminCaller,
        #[oai(name = "organizationId")] id: Path<Id<OrgId>>,
        /// Why; it is kept with the event, in the organization's own record.
        #[oai(name = "reason", validator(min_length = 1, max_length = 500))]
        why: Query<String>,
    ) -> Result<Json<TenantDetailView>, ApiError> {
        let found = caller.look(id.0.0, &reason("reason", &why.0)?).await?;
        Ok(Json(found.ok_or_else(ApiError::not_found)?.into()))
    }

    /// Suspend an organization, or let it in again
    ///
    /// It takes effect with the next request, on other replicas within a second. One that is deleted is restored instead.
    #[oai(path = "/api/admin/tenants/:organizationId", method = "patch", operation_id = "updateTenant")]
    async fn update(
        &self,
        caller: AdminCaller,
        #[oai(name = "organizationId")] id: Path<Id<OrgId>>,
        body: Body<TenantPatchBody>,
    ) -> Result<Json<TenantView>, ApiError> {
        let operator: &Operator = &caller;
        let (id, why) = (id.0.0, reason("reason", &body.0.reason)?);
        shown(if body.0.is_active {
            operator.reactivate(id, &why).await?
        } else {
            operator.suspend(id, &why).await?
        })
    }

    /// Delete an organization
    ///
    /// Nobody of it is let in any more. It can be restored for 30 days; then all that it owns is purged.
    #[oai(path = "/api/admin/tenants/:organizationId", method = "delete", operation_id = "deleteTenant")]
    async fn delete(
        &self,
        caller: AdminCaller,
        #[oai(name = "organizationId")] id: Path<Id<OrgId>>,
        /// The organization's name, exactly, so that no other one is deleted by mistake.
        #[oai(validator(min_length = 1, max_length = 200))]
        confirm: Query<String>,
        /// Why; it is kept with the event, in the organization's own record.
        #[oai(name = "reason", validator(min_length = 1, max_length = 500))]
        why: Query<String>,
    ) -> Result<Json<TenantView>, ApiError> {
        let deleted = caller.delete(id.0.0, &confirm.0, &reason("reason", &why.0)?).await?;
        Ok(Json(deleted.into()))
    }

    /// Bring a deleted organization back
    ///
    /// As it was, within the 30 days after which it is purged. `404` for one that is not deleted, or not there any more.
    #[oai(
        path = "/api/admin/tenants/:organizationId/restore",
        method = "post",
        operation_id = "restoreTenant"
    )]
    async fn restore(
        &self,
        caller: AdminCaller,
        #[oai(name = "organizationId")] id: Path<Id<OrgId>>,
        body: Body<TenantRestoreBody>,
    ) -> Result<Json<TenantView>, ApiError> {
        shown(caller.restore(id.0.0, &reason("reason", &body.0.reason)?).await?)
    }
}

fn shown(found: Option<Organization>) -> Result<Json<TenantView>, ApiError> {
    found.map(|organization| Json(organization.into())).ok_or_else(ApiError::not_found)
}

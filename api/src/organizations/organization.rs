//! `/api/auth/organization`: the caller's organization and its settings.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    id::{OrgId, TaxonomyId},
    organizations::{Error, Manage, Organization, OrganizationPatch, Read, Settings},
    store::Store,
};
use poem_openapi::{Object, OpenApi, param::Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::Caller,
    error::{ApiError, ErrorCode},
    http::{Body, Found, IfMatch, Nullable},
    id::Id,
    openapi::Tag,
};

/// Settings of an organization.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct SettingsView {
    /// The taxonomy that annotations use when none is chosen.
    default_taxonomy_id: Option<Id<TaxonomyId>>,
    /// Free JSON of the organization's own: branding, feature flags. At most 16 KiB.
    config: Value,
}

/// An organization.
#[derive(Debug, Object)]
#[oai(rename = "Organization", rename_all = "camelCase")]
struct OrganizationView {
    id: Id<OrgId>,
    name: String,
    /// The Entra ID tenant; `null` for an organization that has none.
    azure_tenant_id: Option<Uuid>,
    settings: SettingsView,
    /// When an administrator of the tenant consented.
    consented_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Organization> for OrganizationView {
    fn from(organization: Organization) -> Self {
        Self {
            id: Id(organization.id),
            name: organization.name,
            azure_tenant_id: organization.azure_tenant_id,
            settings: SettingsView {
                default_taxonomy_id: organization.default_taxonomy_id.map(Id),
                config: organization.config,
            },
            consented_at: organization.consented_at,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }
}

/// Changes to the settings. What is absent stays as it is.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct SettingsPatch {
    /// A taxonomy of this organization; `null` takes the default away.
    default_taxonomy_id: Nullable<Id<TaxonomyId>>,
    /// Replaces the whole configuration; `null` empties it.
    config: Nullable<Value>,
}

/// Changes to an organization (JSON Merge Patch). What is absent stays as it is.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct OrganizationPatchBody {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    settings: Option<SettingsPatch>,
}

impl From<OrganizationPatchBody> for OrganizationPatch {
    fn from(body: OrganizationPatchBody) -> Self {
        let settings = body.settings;
        let (taxonomy, config) = match settings {
            Some(settings) => (settings.default_taxonomy_id, settings.config),
            None => (Nullable::Absent, Nullable::Absent),
        };
        Self {
            name: body.name,
            default_taxonomy_id: taxonomy.change().map(|id| id.map(|id| id.0)),
            config: config.change().map(|config| config.unwrap_or_else(|| json!({}))),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found(),
            Error::VersionMismatch => Self::precondition_failed(),
            Error::UnknownTaxonomy => Self::invalid_field("settings.defaultTaxonomyId", "is not a taxonomy"),
            Error::ConfigTooLarge => Self::new(ErrorCode::PayloadTooLarge, error.to_string()),
            Error::Store(error) => error.into(),
        }
    }
}

/// The caller's organization.
pub(crate) struct OrganizationApi {
    pub store: Arc<dyn Store>,
    pub settings: Settings,
}

#[OpenApi(tag = "Tag::Organization")]
impl OrganizationApi {
    /// Get the organization
    ///
    /// The caller's organization with its settings.
    #[oai(path = "/api/auth/organization", method = "get", operation_id = "getOrganization")]
    async fn get(&self, caller: Caller<Read>) -> Result<Found<OrganizationView>, ApiError> {
        let reader = self.store.read(&caller.scope()).await?;
        let organization = reader.organization().get().await?.ok_or_else(ApiError::not_found)?;
        Ok(Found { version: organization.version, view: organization.into() })
    }

    /// Change the organization
    ///
    /// Changes its name and settings. A name that an administrator gave is not replaced by one that Microsoft tells.
    #[oai(path = "/api/auth/organization", method = "patch", operation_id = "updateOrganization")]
    async fn update(
        &self,
        caller: Caller<Manage>,
        /// The `ETag` that you read; the change is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
        body: Body<OrganizationPatchBody>,
    ) -> Result<Found<OrganizationView>, ApiError> {
        let expected = IfMatch::expected(if_match.0);
        let organization = self.settings.update(&caller, body.0.into(), expected).await?;
        Ok(Found { version: organization.version, view: organization.into() })
    }
}

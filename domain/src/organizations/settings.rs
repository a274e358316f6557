//! Changing an organization's name and settings.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Manage, NameSource, Organization};
use crate::{
    access::Authorized,
    events::Event,
    id::TaxonomyId,
    store::{Store, StoreError},
};

/// How large an organization's free configuration may be, as JSON text.
pub const MAX_CONFIG_BYTES: usize = 16 * 1024;

/// Why the organization could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the organization does not exist")]
    NotFound,
    /// Somebody else changed it in between.
    #[error("the organization has changed since it was read")]
    VersionMismatch,
    #[error("there is no such taxonomy")]
    UnknownTaxonomy,
    #[error("the configuration is larger than {MAX_CONFIG_BYTES} bytes")]
    ConfigTooLarge,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be changed; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct OrganizationPatch {
    pub name: Option<String>,
    /// `Some(None)` takes the default away.
    pub default_taxonomy_id: Option<Option<TaxonomyId>>,
    pub config: Option<Value>,
}

/// Changes an organization's name and settings.
#[derive(Clone)]
pub struct Settings {
    store: Arc<dyn Store>,
}

impl Settings {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Changes the caller's organization. `expected` is the version that the client saw (`If-Match`); `None` when
    /// it does not care.
    pub async fn update(
        &self,
        caller: &Authorized<Manage>,
        patch: OrganizationPatch,
        expected: Option<i64>,
    ) -> Result<Organization, Error> {
        let tx = self.store.begin(&caller.scope()).await?;
        tx.organization().lock().await?;
        let mut organization = tx.organization().get().await?.ok_or(Error::NotFound)?;
        if expected.is_some_and(|version| version != organization.version) {
            return Err(Error::VersionMismatch);
        }
        let mut changed = Vec::new();
        if let Some(name) = patch.name {
            organization.name = name;
            organization.name_source = NameSource::Administrator;
            changed.push("name");
        }
        if let Some(taxonomy) = patch.default_taxonomy_id {
            if let Some(id) = taxonomy {
                tx.taxonomies().get(id).await?.ok_or(Error::UnknownTaxonomy)?;
            }
            organization.default_taxonomy_id = taxonomy;
            changed.push("settings.defaultTaxonomyId");
        }
        if let Some(config) = patch.config {
            if config.to_string().len() > MAX_CONFIG_BYTES {
                return Err(Error::ConfigTooLarge);
            }
            organization.config = config;
            changed.push("settings.config");
        }
        tx.organization().update(&organization).await?;
        let updated = tx.organization().get().await?.ok_or(Error::NotFound)?;
        tx.commit(Event::new("organization.updated", json!({ "changed": changed })).into()).await?;
        Ok(updated)
    }
}

//! Taxonomies: named trees of terms.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::taxonomies::Manage;
use crate::{
    access::Authorized,
    events::Event,
    id::{Ids, TaxonomyId, TermId},
    idempotency::{self, Claim, IdempotencyError, IdempotencyKey, Made},
    page::{Page, PageRequest},
    store::{Store, StoreError},
};

/// A named tree of terms.
#[derive(Clone, Debug)]
pub struct Taxonomy {
    pub id: TaxonomyId,
    /// Unique in the organization.
    pub name: String,
    pub description: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A term of a taxonomy.
#[derive(Clone, Debug)]
pub struct Term {
    pub id: TermId,
    pub taxonomy_id: TaxonomyId,
    /// The term above it, of the same taxonomy; `None` at the root.
    pub parent_id: Option<TermId>,
    pub label: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A taxonomy to be made.
#[derive(Debug)]
pub struct NewTaxonomy {
    pub name: String,
    pub description: Option<String>,
}

/// What is to be changed; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct TaxonomyPatch {
    pub name: Option<String>,
    /// `Some(None)` takes the description away.
    pub description: Option<Option<String>>,
}

/// A term to be made.
#[derive(Debug)]
pub struct NewTerm {
    pub label: String,
    pub parent_id: Option<TermId>,
}

/// Why a taxonomy or term could not be had or changed.
#[derive(Debug, thiserror::Error)]
pub enum TaxonomyError {
    #[error("there is no such taxonomy")]
    NotFound,
    #[error("there is no such term in this taxonomy")]
    UnknownTerm,
    #[error("there is no such parent term in this taxonomy")]
    UnknownParent,
    #[error("a taxonomy of this name exists")]
    NameTaken,
    /// It is the organization's default, or annotations use its terms.
    #[error("the taxonomy is in use")]
    InUse,
    /// Annotations use it, or there are terms below it.
    #[error("the term is in use")]
    TermInUse,
    #[error("it has changed since it was read")]
    VersionMismatch,
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Taxonomies and terms of one organization, for reading.
#[async_trait]
pub trait TaxonomyReader: Send + Sync {
    async fn get(&self, id: TaxonomyId) -> Result<Option<Taxonomy>, StoreError>;

    /// Newest first.
    async fn list(&self, page: PageRequest) -> Result<Page<Taxonomy>, StoreError>;

    async fn get_term(&self, taxonomy: TaxonomyId, id: TermId) -> Result<Option<Term>, StoreError>;

    /// Newest first.
    async fn list_terms(&self, taxonomy: TaxonomyId, page: PageRequest) -> Result<Page<Term>, StoreError>;
}

/// Taxonomies and terms of one organization, for writing. `update` and `remove` are compare-and-set on the version
/// the row was read with.
#[async_trait]
pub trait TaxonomyRepository: TaxonomyReader {
    async fn add(&self, taxonomy: &Taxonomy) -> Result<(), TaxonomyError>;

    async fn update(&self, taxonomy: &Taxonomy) -> Result<(), TaxonomyError>;

    /// Removes it with its terms, unless it is in use.
    async fn remove(&self, id: TaxonomyId) -> Result<(), TaxonomyError>;

    async fn add_term(&self, term: &Term) -> Result<(), TaxonomyError>;

    async fn update_term(&self, term: &Term) -> Result<(), TaxonomyError>;

    /// Removes it, unless annotations use it or terms are below it.
    async fn remove_term(&self, taxonomy: TaxonomyId, id: TermId) -> Result<(), TaxonomyError>;
}

/// Makes, changes and deletes taxonomies and terms.
#[derive(Clone)]
pub struct Taxonomies {
    store: Arc<dyn Store>,
    ids: Ids,
}

impl Taxonomies {
    pub fn new(store: Arc<dyn Store>, ids: Ids) -> Self {
        Self { store, ids }
    }

    pub async fn create(
        &self,
        caller: &Authorized<Manage>,
        new: NewTaxonomy,
        key: Option<&IdempotencyKey>,
    ) -> Result<Made<Taxonomy>, TaxonomyError> {
        let now = self.ids.clock().now();
        let taxonomy = Taxonomy {
            id: self.ids.next(),
            name: new.name,
            description: new.description,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store.begin(&caller.scope()).await?;
        let first = match idempotency::claim(tx.as_ref(), "createTaxonomy", key, taxonomy.id).await? {
            Claim::First(first) => first,
            Claim::Repeat(repeat) => return Ok(repeat.made(tx.taxonomies().get(repeat.id()).await?)?),
        };
        tx.taxonomies().add(&taxonomy).await?;
        tx.commit(Event::new("taxonomy.created", json!({ "taxonomyId": taxonomy.id })).into()).await?;
        Ok(first.made(taxonomy))
    }

    /// `expected` is the version that the client saw; `None` when it does not care.
    pub async fn update(
        &self,
        caller: &Authorized<Manage>,
        id: TaxonomyId,
        patch: TaxonomyPatch,
        expected: Option<i64>,
    ) -> Result<Taxonomy, TaxonomyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let mut taxonomy = tx.taxonomies().get(id).await?.ok_or(TaxonomyError::NotFound)?;
        check_version(expected, taxonomy.version)?;
        if let Some(name) = patch.name {
            taxonomy.name = name;
        }
        if let Some(description) = patch.description {
            taxonomy.description = description;
        }
        tx.taxonomies().update(&taxonomy).await?;
        let updated = tx.taxonomies().get(id).await?.ok_or(TaxonomyError::NotFound)?;
        tx.commit(Event::new("taxonomy.updated", json!({ "taxonomyId": id })).into()).await?;
        Ok(updated)
    }

    pub async fn delete(
        &self,
        caller: &Authorized<Manage>,
        id: TaxonomyId,
        expected: Option<i64>,
    ) -> Result<(), TaxonomyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let taxonomy = tx.taxonomies().get(id).await?.ok_or(TaxonomyError::NotFound)?;
        check_version(expected, taxonomy.version)?;
        tx.taxonomies().remove(id).await?;
        tx.commit(Event::new("taxonomy.deleted", json!({ "taxonomyId": id })).into()).await?;
        Ok(())
    }

    pub async fn create_term(
        &self,
        caller: &Authorized<Manage>,
        taxonomy_id: TaxonomyId,
        new: NewTerm,
        key: Option<&IdempotencyKey>,
    ) -> Result<Made<Term>, TaxonomyError> {
        let now = self.ids.clock().now();
        let term = Term {
            id: self.ids.next(),
            taxonomy_id,
            parent_id: new.parent_id,
            label: new.label,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store.begin(&caller.scope()).await?;
        let first = match idempotency::claim(tx.as_ref(), "createTerm", key, term.id).await? {
            Claim::First(first) => first,
            Claim::Repeat(repeat) => {
                let found = tx.taxonomies().get_term(taxonomy_id, repeat.id()).await?;
                return Ok(repeat.made(found)?);
            }
        };
        tx.taxonomies().get(taxonomy_id).await?.ok_or(TaxonomyError::NotFound)?;
        if let Some(parent) = term.parent_id {
            tx.taxonomies().get_term(taxonomy_id, parent).await?.ok_or(TaxonomyError::UnknownParent)?;
        }
        tx.taxonomies().add_term(&term).await?;
        let data = json!({ "taxonomyId": taxonomy_id, "termId": term.id });
        tx.commit(Event::new("taxonomy.term.created", data).into()).await?;
        Ok(first.made(term))
    }

    /// Gives a term another label; `None` leaves it as it is.
    pub async fn update_term(
        &self,
        caller: &Authorized<Manage>,
        taxonomy_id: TaxonomyId,
        id: TermId,
        label: Option<String>,
        expected: Option<i64>,
    ) -> Result<Term, TaxonomyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let mut term = tx.taxonomies().get_term(taxonomy_id, id).await?.ok_or(TaxonomyError::UnknownTerm)?;
        check_version(expected, term.version)?;
        if let Some(label) = label {
            term.label = label;
        }
        tx.taxonomies().update_term(&term).await?;
        let updated = tx.taxonomies().get_term(taxonomy_id, id).await?.ok_or(TaxonomyError::UnknownTerm)?;
        let data = json!({ "taxonomyId": taxonomy_id, "termId": id });
        tx.commit(Event::new("taxonomy.term.updated", data).into()).await?;
        Ok(updated)
    }

    pub async fn delete_term(
        &self,
        caller: &Authorized<Manage>,
        taxonomy_id: TaxonomyId,
        id: TermId,
        expected: Option<i64>,
    ) -> Result<(), TaxonomyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let term = tx.taxonomies().get_term(taxonomy_id, id).await?.ok_or(TaxonomyError::UnknownTerm)?;
        check_version(expected, term.version)?;
        tx.taxonomies().remove_term(taxonomy_id, id).await?;
        let data = json!({ "taxonomyId": taxonomy_id, "termId": id });
        tx.commit(Event::new("taxonomy.term.deleted", data).into()).await?;
        Ok(())
    }
}

fn check_version(expected: Option<i64>, version: i64) -> Result<(), TaxonomyError> {
    if expected.is_some_and(|expected| expected != version) {
        Err(TaxonomyError::VersionMismatch)
    } else {
        Ok(())
    }
}

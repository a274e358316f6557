//! `/api/taxonomies`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    annotations::{
        NewTaxonomy, Taxonomies, Taxonomy, TaxonomyError, TaxonomyPatch,
        taxonomies::{Manage, Read},
    },
    id::TaxonomyId,
    store::Store,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};

use crate::{
    auth::Caller,
    error::ApiError,
    http::{Body, Created, Found, IdempotencyHeader, IfMatch, Listed, NoContent, Nullable, PageQuery},
    id::Id,
    openapi::Tag,
};

/// A named tree of terms.
#[derive(Debug, Object)]
#[oai(rename = "Taxonomy", rename_all = "camelCase")]
struct TaxonomyView {
    id: Id<TaxonomyId>,
    /// Unique in the organization.
    name: String,
    /// What it is for; `null` where nobody said.
    description: Option<String>,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
}

impl From<Taxonomy> for TaxonomyView {
    fn from(taxonomy: Taxonomy) -> Self {
        Self {
            id: Id(taxonomy.id),
            name: taxonomy.name,
            description: taxonomy.description,
            created_at: taxonomy.created_at,
            updated_at: taxonomy.updated_at,
        }
    }
}

/// A taxonomy to be made.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct NewTaxonomyBody {
    /// Unique in the organization.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// What it is for.
    #[oai(validator(max_length = 2000))]
    description: Option<String>,
}

/// Changes to a taxonomy (JSON Merge Patch). What is absent stays as it is.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct TaxonomyPatchBody {
    /// Unique in the organization.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// `null` takes it away.
    #[oai(validator(max_length = 2000))]
    description: Nullable<String>,
}

impl From<TaxonomyError> for ApiError {
    fn from(error: TaxonomyError) -> Self {
        match error {
            TaxonomyError::NotFound | TaxonomyError::UnknownTerm => Self::not_found(),
            TaxonomyError::UnknownParent => Self::invalid_field("parentId", "is not a term of this taxonomy"),
            TaxonomyError::NameTaken => Self::conflict("A taxonomy of this name exists"),
            TaxonomyError::InUse => {
                Self::conflict("The taxonomy is the organization's default, or annotations use its terms")
            }
            TaxonomyError::TermInUse => {
                Self::conflict("Annotations use the term, or there are terms below it")
            }
            TaxonomyError::VersionMismatch => Self::precondition_failed(),
            TaxonomyError::Idempotency(error) => error.into(),
            TaxonomyError::Store(error) => error.into(),
        }
    }
}

/// The taxonomies of the caller's organization.
pub(crate) struct TaxonomiesApi {
    pub store: Arc<dyn Store>,
    pub taxonomies: Taxonomies,
    pub pages: PageQuery,
}

#[OpenApi(tag = "Tag::Taxonomies")]
impl TaxonomiesApi {
    /// List taxonomies
    ///
    /// All taxonomies of the organization, newest first. Their terms are lists of their own.
    #[oai(path = "/api/taxonomies", method = "get", operation_id = "listTaxonomies")]
    async fn list(
        &self,
        caller: Caller<Read>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<TaxonomyView>>, ApiError> {
        let listing = self.pages.of("listTaxonomies", &caller, "");
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let taxonomies = self.store.read(&caller.scope()).await?.taxonomies().list(page).await?;
        Ok(Json(listing.listed(taxonomies, TaxonomyView::from)))
    }

    /// Create a taxonomy
    ///
    /// It has no terms yet. A name that is taken is refused with `409`.
    #[oai(path = "/api/taxonomies", method = "post", operation_id = "createTaxonomy")]
    async fn create(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "Idempotency-Key")] key: IdempotencyHeader,
        body: Body<NewTaxonomyBody>,
    ) -> Result<Created<TaxonomyView>, ApiError> {
        let new = NewTaxonomy { name: body.0.name, description: body.0.description };
        let taxonomy = self.taxonomies.create(&caller, new, key.0.as_ref()).await?;
        let location = format!("/api/taxonomies/{}", taxonomy.id);
        Ok(Created::new(location, taxonomy.version, taxonomy))
    }

    /// Get a taxonomy
    ///
    /// Its `ETag` is for `If-Match` when you change or delete it.
    #[oai(path = "/api/taxonomies/:taxonomyId", method = "get", operation_id = "getTaxonomy")]
    async fn get(
        &self,
        caller: Caller<Read>,
        #[oai(name = "taxonomyId")] id: Path<Id<TaxonomyId>>,
    ) -> Result<Found<TaxonomyView>, ApiError> {
        let reader = self.store.read(&caller.scope()).await?;
        let taxonomy = reader.taxonomies().get(id.0.0).await?.ok_or_else(ApiError::not_found)?;
        Ok(Found { version: taxonomy.version, view: taxonomy.into() })
    }

    /// Change a taxonomy
    ///
    /// Changes its name and description. A name that is taken is refused with `409`.
    #[oai(path = "/api/taxonomies/:taxonomyId", method = "patch", operation_id = "updateTaxonomy")]
    async fn update(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "taxonomyId")] id: Path<Id<TaxonomyId>>,
        /// The `ETag` that you read; the change is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
        body: Body<TaxonomyPatchBody>,
    ) -> Result<Found<TaxonomyView>, ApiError> {
        let patch = TaxonomyPatch { name: body.0.name, description: body.0.description.change() };
        let taxonomy = self.taxonomies.update(&caller, id.0.0, patch, IfMatch::expected(if_match.0)).await?;
        Ok(Found { version: taxonomy.version, view: taxonomy.into() })
    }

    /// Delete a taxonomy
    ///
    /// Deletes it with its terms. Refused with `409` while it is the organization's default or annotations use one
    /// of its terms.
    #[oai(path = "/api/taxonomies/:taxonomyId", method = "delete", operation_id = "deleteTaxonomy")]
    async fn delete(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "taxonomyId")] id: Path<Id<TaxonomyId>>,
        /// The `ETag` that you read; the deletion is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
    ) -> Result<NoContent, ApiError> {
        self.taxonomies.delete(&caller, id.0.0, IfMatch::expected(if_match.0)).await?;
        Ok(NoContent)
    }
}

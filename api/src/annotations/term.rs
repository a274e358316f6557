//! `/api/taxonomies/{taxonomyId}/terms`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    annotations::{
        NewTerm, Taxonomies, Term,
        taxonomies::{Manage, Read},
    },
    id::{TaxonomyId, TermId},
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
    http::{Body, Created, Found, IdempotencyHeader, IfMatch, Listed, NoContent, PageQuery},
    id::Id,
    openapi::Tag,
};

/// A term of a taxonomy.
#[derive(Debug, Object)]
#[oai(rename = "Term", rename_all = "camelCase")]
struct TermView {
    id: Id<TermId>,
    /// The taxonomy it belongs to.
    taxonomy_id: Id<TaxonomyId>,
    /// The term above it; `null` at the root.
    parent_id: Option<Id<TermId>>,
    /// What people see.
    label: String,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
}

impl From<Term> for TermView {
    fn from(term: Term) -> Self {
        Self {
            id: Id(term.id),
            taxonomy_id: Id(term.taxonomy_id),
            parent_id: term.parent_id.map(Id),
            label: term.label,
            created_at: term.created_at,
            updated_at: term.updated_at,
        }
    }
}

/// A term to be made.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct NewTermBody {
    /// What people see.
    #[oai(validator(min_length = 1, max_length = 200))]
    label: String,
    /// The term above it, of the same taxonomy; absent at the root.
    parent_id: Option<Id<TermId>>,
}

/// Changes to a term (JSON Merge Patch).
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct TermPatchBody {
    /// What people see.
    #[oai(validator(min_length = 1, max_length = 200))]
    label: Option<String>,
}

/// The terms of a taxonomy.
pub(crate) struct TermsApi {
    pub store: Arc<dyn Store>,
    pub taxonomies: Taxonomies,
    pub pages: PageQuery,
}

#[OpenApi(tag = "Tag::Taxonomies")]
impl TermsApi {
    /// List terms
    ///
    /// All terms of a taxonomy, newest first; `parentId` makes a tree of them.
    #[oai(path = "/api/taxonomies/:taxonomyId/terms", method = "get", operation_id = "listTerms")]
    async fn list(
        &self,
        caller: Caller<Read>,
        #[oai(name = "taxonomyId")] taxonomy: Path<Id<TaxonomyId>>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<TermView>>, ApiError> {
        let listing = self.pages.of("listTerms", &caller, &taxonomy.0.0.to_string());
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let reader = self.store.read(&caller.scope()).await?;
        reader.taxonomies().get(taxonomy.0.0).await?.ok_or_else(ApiError::not_found)?;
        let terms = reader.taxonomies().list_terms(taxonomy.0.0, page).await?;
        Ok(Json(listing.listed(terms, TermView::from)))
    }

    /// Create a term
    ///
    /// At the root of the taxonomy, or below another of its terms.
    #[oai(path = "/api/taxonomies/:taxonomyId/terms", method = "post", operation_id = "createTerm")]
    async fn create(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "taxonomyId")] taxonomy: Path<Id<TaxonomyId>>,
        #[oai(name = "Idempotency-Key")] key: IdempotencyHeader,
        body: Body<NewTermBody>,
    ) -> Result<Created<TermView>, ApiError> {
        let new = NewTerm { label: body.0.label, parent_id: body.0.parent_id.map(|id| id.0) };
        let term = self.taxonomies.create_term(&caller, taxonomy.0.0, new, key.0.as_ref()).await?;
        let location = format!("/api/taxonomies/{}/terms/{}", term.taxonomy_id, term.id);
        Ok(Created::new(location, term.version, term))
    }

    /// Get a term
    ///
    /// Its `ETag` is for `If-Match` when you rename or delete it.
    #[oai(path = "/api/taxonomies/:taxonomyId/terms/:termId", method = "get", operation_id = "getTerm")]
    async fn get(
        &self,
        caller: Caller<Read>,
        #[oai(name = "taxonomyId")] taxonomy: Path<Id<TaxonomyId>>,
        #[oai(name = "termId")] id: Path<Id<TermId>>,
    ) -> Result<Found<TermView>, ApiError> {
        let reader = self.store.read(&caller.scope()).await?;
        let term =
            reader.taxonomies().get_term(taxonomy.0.0, id.0.0).await?.ok_or_else(ApiError::not_found)?;
        Ok(Found { version: term.version, view: term.into() })
    }

    /// Rename a term
    ///
    /// Annotations that have the term keep it. A term stays where it is in the tree.
    #[oai(path = "/api/taxonomies/:taxonomyId/terms/:termId", method = "patch", operation_id = "updateTerm")]
    async fn update(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "taxonomyId")] taxonomy: Path<Id<TaxonomyId>>,
        #[oai(name = "termId")] id: Path<Id<TermId>>,
        /// The `ETag` that you read; the change is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
        body: Body<TermPatchBody>,
    ) -> Result<Found<TermView>, ApiError> {
        let expected = IfMatch::expected(if_match.0);
        let term = self.taxonomies.update_term(&caller, taxonomy.0.0, id.0.0, body.0.label, expected).await?;
        Ok(Found { version: term.version, view: term.into() })
    }

    /// Delete a term
    ///
    /// Refused with `409` while annotations use it or there are terms below it.
    #[oai(path = "/api/taxonomies/:taxonomyId/terms/:termId", method = "delete", operation_id = "deleteTerm")]
    async fn delete(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "taxonomyId")] taxonomy: Path<Id<TaxonomyId>>,
        #[oai(name = "termId")] id: Path<Id<TermId>>,
        /// The `ETag` that you read; the deletion is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
    ) -> Result<NoContent, ApiError> {
        self.taxonomies.delete_term(&caller, taxonomy.0.0, id.0.0, IfMatch::expected(if_match.0)).await?;
        Ok(NoContent)
    }
}

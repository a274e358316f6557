//! Annotations: a note and terms on a SharePoint or OneDrive item.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Moderate, Read, Write, items};
use crate::{
    access::{Authorized, OnBehalfOf},
    events::Event,
    graph::GraphError,
    id::{AnnotationId, Ids, TermId, UserId},
    idempotency::{self, Claim, IdempotencyError, IdempotencyKey, Made},
    page::{Page, PageRequest},
    sharepoint::{ItemLookup, SharePoint},
    store::{Store, StoreError},
};

/// A SharePoint or OneDrive item, by the ids that Microsoft Graph gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRef {
    pub site_id: String,
    pub drive_id: String,
    pub item_id: String,
}

/// The part of the item that is meant; without one, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A page, counted from 1.
    Page(u32),
    /// Characters of the item's text, from `start` up to but not including `end`.
    Text { start: u32, end: u32 },
}

/// A note and terms on an item.
#[derive(Clone, Debug)]
pub struct Annotation {
    pub id: AnnotationId,
    pub item: ItemRef,
    pub place: Option<Place>,
    pub note: String,
    /// Sorted by id.
    pub term_ids: Vec<TermId>,
    pub author_id: UserId,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An annotation to be made.
#[derive(Debug)]
pub struct NewAnnotation {
    pub item: ItemRef,
    pub place: Option<Place>,
    pub note: String,
    pub term_ids: Vec<TermId>,
}

/// What is to be changed; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct AnnotationPatch {
    /// `Some(None)` makes it an annotation of the whole item.
    pub place: Option<Option<Place>>,
    pub note: Option<String>,
    pub term_ids: Option<Vec<TermId>>,
}

/// Which annotations are wanted; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct AnnotationFilter {
    pub site_id: Option<String>,
    pub drive_id: Option<String>,
    pub item_id: Option<String>,
    pub term_id: Option<TermId>,
    pub author_id: Option<UserId>,
}

/// Why an annotation could not be had or changed.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    #[error("there is no such annotation")]
    NotFound,
    #[error("there is no such term")]
    UnknownTerm,
    /// It does not exist, or the caller may not see it.
    #[error("there is no such item")]
    UnknownItem,
    /// Microsoft did not say whether there is such an item.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Neither the author nor a moderator.
    #[error("the annotation is somebody else's")]
    NotAuthor,
    #[error("it has changed since it was read")]
    VersionMismatch,
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Annotations of one organization, for reading.
#[async_trait]
pub trait AnnotationReader: Send + Sync {
    async fn get(&self, id: AnnotationId) -> Result<Option<Annotation>, StoreError>;

    /// Newest first.
    async fn list(
        &self,
        filter: &AnnotationFilter,
        page: PageRequest,
    ) -> Result<Page<Annotation>, StoreError>;
}

/// Annotations of one organization, for writing. `update` is compare-and-set on the version the row was read with.
#[async_trait]
pub trait AnnotationRepository: AnnotationReader {
    async fn add(&self, annotation: &Annotation) -> Result<(), AnnotationError>;

    async fn update(&self, annotation: &Annotation) -> Result<(), AnnotationError>;

    async fn remove(&self, id: AnnotationId) -> Result<(), AnnotationError>;
}

/// The operation that keys belong to.
const CREATE: &str = "createAnnotation";

/// Makes, changes and deletes annotations.
#[derive(Clone)]
pub struct Annotations {
    store: Arc<dyn Store>,
    ids: Ids,
    sharepoint: Arc<dyn SharePoint>,
    /// Whether an item is looked for before it is annotated.
    checks_items: bool,
}

impl Annotations {
    pub fn new(store: Arc<dyn Store>, ids: Ids, sharepoint: Arc<dyn SharePoint>, checks_items: bool) -> Self {
        Self { store, ids, sharepoint, checks_items }
    }

    /// Makes an annotation. Where items are checked, it is one that the caller may see, and nothing is made when
    /// Microsoft does not say so; who is no person, or may not use SharePoint here, is taken at their word: there is
    /// nobody to ask in the name of.
    pub async fn create(
        &self,
        caller: &Authorized<Write>,
        new: NewAnnotation,
        key: Option<&IdempotencyKey>,
    ) -> Result<Made<Annotation>, AnnotationError> {
        if let Some(person) = items::person(caller).filter(|_| self.checks_items) {
            // A repeat is told what became of the first one, whatever Microsoft says by now.
            let reader = self.store.read(&caller.scope()).await?;
            if let Some(repeat) = idempotency::earlier(reader.as_ref(), CREATE, key).await? {
                return Ok(repeat.made(reader.annotations().get(repeat.id()).await?)?);
            }
            drop(reader);
            self.check_item(&person, &new.item).await?;
        }
        let now = self.ids.clock().now();
        let annotation = Annotation {
            id: self.ids.next(),
            item: new.item,
            place: new.place,
            note: new.note,
            term_ids: normalized(new.term_ids),
            author_id: caller.principal().user().id,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store.begin(&caller.scope()).await?;
        let first = match idempotency::claim(tx.as_ref(), CREATE, key, annotation.id).await? {
            Claim::First(first) => first,
            Claim::Repeat(repeat) => return Ok(repeat.made(tx.annotations().get(repeat.id()).await?)?),
        };
        tx.annotations().add(&annotation).await?;
        tx.commit(Event::new("annotation.created", json!({ "annotationId": annotation.id })).into()).await?;
        Ok(first.made(annotation))
    }

    async fn check_item(&self, person: &OnBehalfOf, item: &ItemRef) -> Result<(), AnnotationError> {
        let (drive, id) = items::ids(item).ok_or(AnnotationError::UnknownItem)?;
        match self.sharepoint.item(person, &drive, &id).await {
            Ok(found) if items::is_elsewhere(&found, item) => Err(AnnotationError::UnknownItem),
            Ok(_) => Ok(()),
            Err(GraphError::NotFound | GraphError::Denied | GraphError::NotUnderstood { .. }) => {
                Err(AnnotationError::UnknownItem)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the items of some annotations are, in their order, as the caller may see them. Whatever goes wrong, each
    /// has an answer: an annotation is shown, whether or not its item can be.
    pub async fn items(&self, caller: &Authorized<Read>, annotations: &[Annotation]) -> Vec<ItemLookup> {
        let unknown = || annotations.iter().map(|_| ItemLookup::Unknown).collect();
        let Some(person) = items::person(caller) else { return unknown() };
        items::look_up(self.sharepoint.as_ref(), &person, annotations).await.unwrap_or_else(|error| {
            tracing::info!(%error, "the items of annotations could not be looked for");
            unknown()
        })
    }

    /// `expected` is the version that the client saw; `None` when it does not care.
    pub async fn update(
        &self,
        caller: &Authorized<Write>,
        id: AnnotationId,
        patch: AnnotationPatch,
        expected: Option<i64>,
    ) -> Result<Annotation, AnnotationError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let mut annotation = tx.annotations().get(id).await?.ok_or(AnnotationError::NotFound)?;
        check_may_change(caller, &annotation, expected)?;
        if let Some(place) = patch.place {
            annotation.place = place;
        }
        if let Some(note) = patch.note {
            annotation.note = note;
        }
        if let Some(terms) = patch.term_ids {
            annotation.term_ids = normalized(terms);
        }
        tx.annotations().update(&annotation).await?;
        let updated = tx.annotations().get(id).await?.ok_or(AnnotationError::NotFound)?;
        tx.commit(Event::new("annotation.updated", json!({ "annotationId": id })).into()).await?;
        Ok(updated)
    }

    pub async fn delete(
        &self,
        caller: &Authorized<Write>,
        id: AnnotationId,
        expected: Option<i64>,
    ) -> Result<(), AnnotationError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let annotation = tx.annotations().get(id).await?.ok_or(AnnotationError::NotFound)?;
        check_may_change(caller, &annotation, expected)?;
        tx.annotations().remove(id).await?;
        tx.commit(Event::new("annotation.deleted", json!({ "annotationId": id })).into()).await?;
        Ok(())
    }
}

fn check_may_change(
    caller: &Authorized<Write>,
    annotation: &Annotation,
    expected: Option<i64>,
) -> Result<(), AnnotationError> {
    let principal = caller.principal();
    if annotation.author_id != principal.user().id && !principal.may::<Moderate>() {
        return Err(AnnotationError::NotAuthor);
    }
    if expected.is_some_and(|version| version != annotation.version) {
        return Err(AnnotationError::VersionMismatch);
    }
    Ok(())
}

/// A set of terms, in the order that they are kept in.
fn normalized(mut terms: Vec<TermId>) -> Vec<TermId> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

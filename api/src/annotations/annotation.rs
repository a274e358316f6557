//! `/api/annotations`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    annotations::{
        Annotation, AnnotationError, AnnotationFilter, AnnotationPatch, Annotations, ItemRef, NewAnnotation,
        Place, Read, Write,
    },
    id::{AnnotationId, TermId, UserId},
    page::Page,
    sharepoint::ItemLookup,
    store::Store,
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};

use crate::{
    auth::Caller,
    error::ApiError,
    http::{Body, Created, Found, IdempotencyHeader, IfMatch, Listed, NoContent, Nullable, PageQuery},
    id::Id,
    openapi::Tag,
    sharepoint::ItemType,
};

/// The part of an item that is meant: either `page`, or `textStart` and `textEnd`.
#[derive(Debug, Object)]
#[oai(rename = "AnnotationPlace", rename_all = "camelCase")]
struct PlaceBody {
    /// A page, counted from 1.
    #[oai(validator(minimum(value = "1")))]
    page: Option<u32>,
    /// The first character of a range of the item's text, counted from 0.
    text_start: Option<u32>,
    /// The character after the last one of the range.
    text_end: Option<u32>,
}

impl TryFrom<PlaceBody> for Place {
    type Error = ApiError;

    fn try_from(body: PlaceBody) -> Result<Self, ApiError> {
        match (body.page, body.text_start, body.text_end) {
            (Some(page), None, None) => Ok(Self::Page(page)),
            (None, Some(start), Some(end)) if start < end => Ok(Self::Text { start, end }),
            _ => Err(ApiError::invalid_field(
                "place",
                "is either a page, or textStart and textEnd with the start before the end",
            )),
        }
    }
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        match place {
            Place::Page(page) => Self { page: Some(page), text_start: None, text_end: None },
            Place::Text { start, end } => Self { page: None, text_start: Some(start), text_end: Some(end) },
        }
    }
}

/// What more is to be shown.
#[derive(Debug, Enum)]
#[oai(rename_all = "camelCase")]
enum Expand {
    /// The item that an annotation marks.
    Item,
}

/// What became of the look for an annotation's item.
#[derive(Debug, Enum)]
#[oai(rename_all = "camelCase")]
enum ItemState {
    /// It is there.
    Found,
    /// It is deleted, or it never was.
    Gone,
    /// The caller may not see it.
    Denied,
    /// Microsoft 365 could not be asked, or did not say.
    Unknown,
}

/// The item that an annotation marks, as the caller may see it now.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct AnnotatedItem {
    state: ItemState,
    /// `null` unless it was found, as are all that follow.
    #[oai(rename = "type")]
    kind: Option<ItemType>,
    name: Option<String>,
    /// From the drive's root, with the name.
    path: Option<String>,
    /// Where a person sees it.
    web_url: Option<String>,
}

impl From<ItemLookup> for AnnotatedItem {
    fn from(lookup: ItemLookup) -> Self {
        let without = |state| Self { state, kind: None, name: None, path: None, web_url: None };
        match lookup {
            ItemLookup::Found(item) => Self {
                state: ItemState::Found,
                kind: Some((&item.kind).into()),
                name: item.name,
                path: item.path,
                web_url: item.web_url,
            },
            ItemLookup::Gone => without(ItemState::Gone),
            ItemLookup::Denied => without(ItemState::Denied),
            ItemLookup::Unknown => without(ItemState::Unknown),
        }
    }
}

/// A note and terms on a SharePoint or OneDrive item.
#[derive(Debug, Object)]
#[oai(rename = "Annotation", rename_all = "camelCase")]
struct AnnotationView {
    id: Id<AnnotationId>,
    /// The SharePoint site of the item, as Microsoft Graph names it.
    site_id: String,
    /// The drive (document library) of the item, as Microsoft Graph names it.
    drive_id: String,
    /// The file or folder, as Microsoft Graph names it.
    item_id: String,
    /// The item itself, with `expand=item`; otherwise `null`. It is no part of what `ETag` speaks of.
    item: Option<AnnotatedItem>,
    /// The part of the item that is meant; `null` for all of it.
    place: Option<PlaceBody>,
    /// Empty where there is none.
    note: String,
    /// Terms of the organization's taxonomies.
    term_ids: Vec<Id<TermId>>,
    /// The member who made it.
    author_id: Id<UserId>,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
}

impl From<Annotation> for AnnotationView {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: Id(annotation.id),
            site_id: annotation.item.site_id,
            drive_id: annotation.item.drive_id,
            item_id: annotation.item.item_id,
            item: None,
            place: annotation.place.map(PlaceBody::from),
            note: annotation.note,
            term_ids: annotation.term_ids.into_iter().map(Id).collect(),
            author_id: Id(annotation.author_id),
            created_at: annotation.created_at,
            updated_at: annotation.updated_at,
        }
    }
}

/// An annotation to be made.
// Graph's ids are visible ASCII; 400 characters of other planes would not fit into an index of PostgreSQL.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct NewAnnotationBody {
    /// The site's id, as Microsoft Graph gives it.
    #[oai(validator(min_length = 1, max_length = 400, pattern = "^[!-~]*$"))]
    site_id: String,
    /// The drive's id, as Microsoft Graph gives it.
    #[oai(validator(min_length = 1, max_length = 400, pattern = "^[!-~]*$"))]
    drive_id: String,
    /// The item's id, as Microsoft Graph gives it.
    #[oai(validator(min_length = 1, max_length = 400, pattern = "^[!-~]*$"))]
    item_id: String,
    /// The part of the item that is meant; absent for all of it.
    place: Option<PlaceBody>,
    /// Plain text.
    #[oai(validator(max_length = 10000), default)]
    note: String,
    /// Terms of the organization's taxonomies.
    #[oai(validator(max_items = 50), default)]
    term_ids: Vec<Id<TermId>>,
}

/// Changes to an annotation (JSON Merge Patch). What is absent stays as it is.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct AnnotationPatchBody {
    /// Replaced as a whole; `null` makes it an annotation of all of the item.
    place: Nullable<PlaceBody>,
    /// An empty one takes the note away.
    #[oai(validator(max_length = 10000))]
    note: Option<String>,
    /// Replaced as a whole.
    #[oai(validator(max_items = 50))]
    term_ids: Option<Vec<Id<TermId>>>,
}

impl From<AnnotationError> for ApiError {
    fn from(error: AnnotationError) -> Self {
        match error {
            AnnotationError::NotFound => Self::not_found(),
            AnnotationError::UnknownTerm => Self::invalid_field("termIds", "has a term that does not exist"),
            AnnotationError::UnknownItem => {
                Self::invalid_field("itemId", "is not an item of the drive, or not one that you may see")
            }
            AnnotationError::Graph(error) => error.into(),
            AnnotationError::NotAuthor => Self::forbidden(),
            AnnotationError::VersionMismatch => Self::precondition_failed(),
            AnnotationError::Idempotency(error) => error.into(),
            AnnotationError::Store(error) => error.into(),
        }
    }
}

fn ids(terms: Vec<Id<TermId>>) -> Vec<TermId> {
    terms.into_iter().map(|id| id.0).collect()
}

/// The annotations of the caller's organization.
pub(crate) struct AnnotationsApi {
    pub store: Arc<dyn Store>,
    pub annotations: Annotations,
    pub pages: PageQuery,
}

impl AnnotationsApi {
    /// Annotations for the wire, with their items if they are asked for.
    async fn views(
        &self,
        caller: &Caller<Read>,
        annotations: Vec<Annotation>,
        expand: Option<Expand>,
    ) -> Vec<AnnotationView> {
        let mut items = match expand {
            Some(Expand::Item) => self.annotations.items(caller, &annotations).await,
            None => Vec::new(),
        }
        .into_iter();
        let view = |annotation| AnnotationView {
            item: items.next().map(AnnotatedItem::from),
            ..AnnotationView::from(annotation)
        };
        annotations.into_iter().map(view).collect()
    }
}

#[OpenApi(tag = "Tag::Annotations")]
impl AnnotationsApi {
    /// List annotations
    ///
    /// Annotations of the organization, newest first. Each filter that is given narrows the list. With `expand=item`
    /// each has what Microsoft 365 shows the caller of its item; what it does not show changes nothing in the list.
    #[oai(path = "/api/annotations", method = "get", operation_id = "listAnnotations")]
    #[expect(clippy::too_many_arguments, reason = "one for each filter that the operation documents")]
    async fn list(
        &self,
        caller: Caller<Read>,
        /// Only of items of this site, by its id at Microsoft Graph.
        #[oai(name = "siteId")]
        site: Query<Option<String>>,
        /// Only of items of this drive, by its id at Microsoft Graph.
        #[oai(name = "driveId")]
        drive: Query<Option<String>>,
        /// Only of this item, by its id at Microsoft Graph; ids are unique within a drive.
        #[oai(name = "itemId")]
        item: Query<Option<String>>,
        /// Only with this term.
        #[oai(name = "termId")]
        term: Query<Option<Id<TermId>>>,
        /// Only by this member, as `id` of `GET /api/auth/me` or of a member.
        #[oai(name = "authorId")]
        author: Query<Option<Id<UserId>>>,
        /// What more is to be shown.
        expand: Query<Option<Expand>>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<AnnotationView>>, ApiError> {
        let filter = AnnotationFilter {
            site_id: site.0,
            drive_id: drive.0,
            item_id: item.0,
            term_id: term.0.map(|id| id.0),
            author_id: author.0.map(|id| id.0),
        };
        let listing = self.pages.of("listAnnotations", &caller, &format!("{filter:?}"));
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        // The reader is let go before Microsoft is asked.
        let found = self.store.read(&caller.scope()).await?.annotations().list(&filter, page).await?;
        let data = self.views(&caller, found.items, expand.0).await;
        Ok(Json(listing.listed(Page { items: data, next: found.next }, |view| view)))
    }

    /// Create an annotation
    ///
    /// The caller is its author. The item must be one that the caller may see at Microsoft 365; while that cannot be
    /// asked nothing is made, and the answer is `502`, `504` or what the caller has to do. An application is taken at
    /// its word, as is everybody where the service has no credential to ask with.
    #[oai(path = "/api/annotations", method = "post", operation_id = "createAnnotation")]
    async fn create(
        &self,
        caller: Caller<Write>,
        #[oai(name = "Idempotency-Key")] key: IdempotencyHeader,
        body: Body<NewAnnotationBody>,
    ) -> Result<Created<AnnotationView>, ApiError> {
        let body = body.0;
        let new = NewAnnotation {
            item: ItemRef { site_id: body.site_id, drive_id: body.drive_id, item_id: body.item_id },
            place: body.place.map(Place::try_from).transpose()?,
            note: body.note,
            term_ids: ids(body.term_ids),
        };
        let annotation = self.annotations.create(&caller, new, key.0.as_ref()).await?;
        let location = format!("/api/annotations/{}", annotation.id);
        Ok(Created::new(location, annotation.version, annotation))
    }

    /// Get an annotation
    ///
    /// Its `ETag` is for `If-Match` when you change or delete it. With `expand=item` it has what Microsoft 365 shows the
    /// caller of its item.
    #[oai(path = "/api/annotations/:annotationId", method = "get", operation_id = "getAnnotation")]
    async fn get(
        &self,
        caller: Caller<Read>,
        #[oai(name = "annotationId")] id: Path<Id<AnnotationId>>,
        /// What more is to be shown.
        expand: Query<Option<Expand>>,
    ) -> Result<Found<AnnotationView>, ApiError> {
        let found = self.store.read(&caller.scope()).await?.annotations().get(id.0.0).await?;
        let annotation = found.ok_or_else(ApiError::not_found)?;
        let version = annotation.version;
        let view = self.views(&caller, vec![annotation], expand.0).await.pop();
        Ok(Found { version, view: view.ok_or_else(ApiError::not_found)? })
    }

    /// Change an annotation
    ///
    /// What is absent stays as it is; the item it marks cannot be changed. One's own; others' need the permission
    /// `annotations:moderate`.
    #[oai(path = "/api/annotations/:annotationId", method = "patch", operation_id = "updateAnnotation")]
    async fn update(
        &self,
        caller: Caller<Write>,
        #[oai(name = "annotationId")] id: Path<Id<AnnotationId>>,
        /// The `ETag` that you read; the change is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
        body: Body<AnnotationPatchBody>,
    ) -> Result<Found<AnnotationView>, ApiError> {
        let patch = AnnotationPatch {
            place: match body.0.place.change() {
                Some(Some(place)) => Some(Some(place.try_into()?)),
                Some(None) => Some(None),
                None => None,
            },
            note: body.0.note,
            term_ids: body.0.term_ids.map(ids),
        };
        let annotation =
            self.annotations.update(&caller, id.0.0, patch, IfMatch::expected(if_match.0)).await?;
        Ok(Found { version: annotation.version, view: annotation.into() })
    }

    /// Delete an annotation
    ///
    /// One's own; others' need the permission `annotations:moderate`.
    #[oai(path = "/api/annotations/:annotationId", method = "delete", operation_id = "deleteAnnotation")]
    async fn delete(
        &self,
        caller: Caller<Write>,
        #[oai(name = "annotationId")] id: Path<Id<AnnotationId>>,
        /// The `ETag` that you read; the deletion is refused with `412` if it is no longer the present one.
        #[oai(name = "If-Match")]
        if_match: Header<Option<IfMatch>>,
    ) -> Result<NoContent, ApiError> {
        self.annotations.delete(&caller, id.0.0, IfMatch::expected(if_match.0)).await?;
        Ok(NoContent)
    }
}

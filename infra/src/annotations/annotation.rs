//! Annotations in the database.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    annotations::{
        Annotation, AnnotationError, AnnotationFilter, AnnotationReader, AnnotationRepository, ItemRef, Place,
    },
    id::{AnnotationId, TermId, TypedId, UserId},
    page::{Page, PageRequest},
    store::StoreError,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use crate::db::{Constraint, Unit, annotation_terms, annotations, store_error, violated};

type Row = annotations::Model;

fn place(row: &Row) -> Option<Place> {
    let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    match (number(row.page), number(row.text_start), number(row.text_end)) {
        (Some(page), ..) => Some(Place::Page(page)),
        (None, Some(start), Some(end)) => Some(Place::Text { start, end }),
        _ => None,
    }
}

fn annotation(row: Row, term_ids: Vec<TermId>) -> Annotation {
    Annotation {
        place: place(&row),
        id: AnnotationId::from_uuid(row.id),
        item: ItemRef { site_id: row.site_id, drive_id: row.drive_id, item_id: row.item_id },
        note: row.note,
        term_ids,
        author_id: UserId::from_uuid(row.author_id),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Page, start and end, of which one or two have a value.
fn place_columns(place: Option<Place>) -> [Option<i64>; 3] {
    match place {
        Some(Place::Page(page)) => [Some(page.into()), None, None],
        Some(Place::Text { start, end }) => [None, Some(start.into()), Some(end.into())],
        None => [None; 3],
    }
}

/// A term that is not the organization's is one that does not exist.
fn unknown_term(error: DbErr) -> AnnotationError {
    match violated(&error) {
        Some(Constraint::ForeignKey) => AnnotationError::UnknownTerm,
        Some(Constraint::Unique) | None => store_error(error).into(),
    }
}

impl Unit {
    /// The terms of some annotations, sorted.
    async fn terms_of(&self, rows: &[Row]) -> Result<HashMap<Uuid, Vec<TermId>>, StoreError> {
        use annotation_terms::Column;
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let links = self
            .scoped()
            .find::<annotation_terms::Entity>()
            .filter(Column::AnnotationId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(Column::TermId)
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        let mut terms: HashMap<Uuid, Vec<TermId>> = HashMap::new();
        for link in links {
            terms.entry(link.annotation_id).or_default().push(TermId::from_uuid(link.term_id));
        }
        Ok(terms)
    }

    async fn add_terms(&self, id: AnnotationId, term_ids: &[TermId]) -> Result<(), AnnotationError> {
        for term in term_ids {
            let row = annotation_terms::ActiveModel {
                annotation_id: Set(id.uuid()),
                term_id: Set(term.uuid()),
                ..Default::default()
            };
            self.scoped().insert(row).exec_without_returning(&self.connection).await.map_err(unknown_term)?;
        }
        Ok(())
    }
}

#[async_trait]
impl AnnotationReader for Unit {
    async fn get(&self, id: AnnotationId) -> Result<Option<Annotation>, StoreError> {
        let query = self.scoped().find::<annotations::Entity>().filter(annotations::Column::Id.eq(id.uuid()));
        let Some(row) = self.one(query).await.map_err(store_error)? else { return Ok(None) };
        let terms = self.terms_of(std::slice::from_ref(&row)).await?.remove(&row.id);
        Ok(Some(annotation(row, terms.unwrap_or_default())))
    }

    async fn list(
        &self,
        filter: &AnnotationFilter,
        page: PageRequest,
    ) -> Result<Page<Annotation>, StoreError> {
        use annotations::Column;
        let mut query = self.scoped().find::<annotations::Entity>();
        for (column, value) in [
            (Column::SiteId, &filter.site_id),
            (Column::DriveId, &filter.drive_id),
            (Column::ItemId, &filter.item_id),
        ] {
            if let Some(value) = value {
                query = query.filter(column.eq(value));
            }
        }
        if let Some(author) = filter.author_id {
            query = query.filter(Column::AuthorId.eq(author.uuid()));
        }
        if let Some(term) = filter.term_id {
            let with_term = self
                .scoped()
                .find::<annotation_terms::Entity>()
                .filter(annotation_terms::Column::TermId.eq(term.uuid()))
                .select_only()
                .column(annotation_terms::Column::AnnotationId)
                .into_query();
            query = query.filter(Column::Id.in_subquery(with_term));
        }
        let page = self.page(query, page).await.map_err(store_error)?;
        let mut terms = self.terms_of(&page.items).await?;
        Ok(page.map(|row| {
            let term_ids = terms.remove(&row.id).unwrap_or_default();
            annotation(row, term_ids)
        }))
    }
}

#[async_trait]
impl AnnotationRepository for Unit {
    async fn add(&self, annotation: &Annotation) -> Result<(), AnnotationError> {
        let [page, text_start, text_end] = place_columns(annotation.place);
        let row = annotations::ActiveModel {
            id: Set(annotation.id.uuid()),
            site_id: Set(annotation.item.site_id.clone()),
            drive_id: Set(annotation.item.drive_id.clone()),
            item_id: Set(annotation.item.item_id.clone()),
            page: Set(page),
            text_start: Set(text_start),
            text_end: Set(text_end),
            note: Set(annotation.note.clone()),
            author_id: Set(annotation.author_id.uuid()),
            version: Set(annotation.version),
            created_at: Set(annotation.created_at),
            updated_at: Set(annotation.updated_at),
            ..Default::default()
        };
        self.scoped().insert(row).exec_without_returning(&self.connection).await.map_err(store_error)?;
        self.add_terms(annotation.id, &annotation.term_ids).await
    }

    async fn update(&self, annotation: &Annotation) -> Result<(), AnnotationError> {
        use annotations::Column;
        let [page, text_start, text_end] = place_columns(annotation.place);
        let updated = self
            .edit_version::<annotations::Entity>(annotation.id, annotation.version)
            .col_expr(Column::Page, Expr::value(page))
            .col_expr(Column::TextStart, Expr::value(text_start))
            .col_expr(Column::TextEnd, Expr::value(text_end))
            .col_expr(Column::Note, Expr::value(annotation.note.clone()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if updated.rows_affected == 0 {
            return Err(AnnotationError::VersionMismatch);
        }
        self.scoped()
            .delete::<annotation_terms::Entity>()
            .filter(annotation_terms::Column::AnnotationId.eq(annotation.id.uuid()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.add_terms(annotation.id, &annotation.term_ids).await
    }

    async fn remove(&self, id: AnnotationId) -> Result<(), AnnotationError> {
        let delete =
            self.scoped().delete::<annotations::Entity>().filter(annotations::Column::Id.eq(id.uuid()));
        let deleted = delete.exec(&self.connection).await.map_err(store_error)?;
        if deleted.rows_affected == 0 { Err(AnnotationError::NotFound) } else { Ok(()) }
    }
}

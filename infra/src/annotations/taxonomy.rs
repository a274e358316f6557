//! Taxonomies and terms in the database.

use async_trait::async_trait;
use domain::{
    annotations::{Taxonomy, TaxonomyError, TaxonomyReader, TaxonomyRepository, Term},
    id::{TaxonomyId, TermId, TypedId},
    page::{Page, PageRequest},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, sea_query::Expr};

use crate::db::{Constraint, Unit, store_error, taxonomies, terms, violated};

fn taxonomy(row: taxonomies::Model) -> Taxonomy {
    Taxonomy {
        id: TaxonomyId::from_uuid(row.id),
        name: row.name,
        description: row.description,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn term(row: terms::Model) -> Term {
    Term {
        id: TermId::from_uuid(row.id),
        taxonomy_id: TaxonomyId::from_uuid(row.taxonomy_id),
        parent_id: row.parent_id.map(TermId::from_uuid),
        label: row.label,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A write to taxonomies can only collide with another one's name.
fn name_taken(error: DbErr) -> TaxonomyError {
    match violated(&error) {
        Some(Constraint::Unique) => TaxonomyError::NameTaken,
        Some(Constraint::ForeignKey) | None => store_error(error).into(),
    }
}

#[async_trait]
impl TaxonomyReader for Unit {
    async fn get(&self, id: TaxonomyId) -> Result<Option<Taxonomy>, StoreError> {
        let query = self.scoped().find::<taxonomies::Entity>().filter(taxonomies::Column::Id.eq(id.uuid()));
        Ok(self.one(query).await.map_err(store_error)?.map(taxonomy))
    }

    async fn list(&self, page: PageRequest) -> Result<Page<Taxonomy>, StoreError> {
        let rows = self.page(self.scoped().find::<taxonomies::Entity>(), page).await.map_err(store_error)?;
        Ok(rows.map(taxonomy))
    }

    async fn get_term(&self, taxonomy: TaxonomyId, id: TermId) -> Result<Option<Term>, StoreError> {
        let query = self
            .scoped()
            .find::<terms::Entity>()
            .filter(terms::Column::TaxonomyId.eq(taxonomy.uuid()))
            .filter(terms::Column::Id.eq(id.uuid()));
        Ok(self.one(query).await.map_err(store_error)?.map(term))
    }

    async fn list_terms(&self, taxonomy: TaxonomyId, page: PageRequest) -> Result<Page<Term>, StoreError> {
        let rows =
            self.scoped().find::<terms::Entity>().filter(terms::Column::TaxonomyId.eq(taxonomy.uuid()));
        Ok(self.page(rows, page).await.map_err(store_error)?.map(term))
    }
}

#[async_trait]
impl TaxonomyRepository for Unit {
    async fn add(&self, taxonomy: &Taxonomy) -> Result<(), TaxonomyError> {
        let row = taxonomies::ActiveModel {
            id: Set(taxonomy.id.uuid()),
            name: Set(taxonomy.name.clone()),
            description: Set(taxonomy.description.clone()),
            version: Set(taxonomy.version),
            created_at: Set(taxonomy.created_at),
            updated_at: Set(taxonomy.updated_at),
            ..Default::default()
        };
        self.scoped().insert(row).exec_without_returning(&self.connection).await.map_err(name_taken)?;
        Ok(())
    }

    async fn update(&self, taxonomy: &Taxonomy) -> Result<(), TaxonomyError> {
        use taxonomies::Column;
        let updated = self
            .edit_version::<taxonomies::Entity>(taxonomy.id, taxonomy.version)
            .col_expr(Column::Name, Expr::value(taxonomy.name.clone()))
            .col_expr(Column::Description, Expr::value(taxonomy.description.clone()))
            .exec(&self.connection)
            .await
            .map_err(name_taken)?;
        if updated.rows_affected == 0 { Err(TaxonomyError::VersionMismatch) } else { Ok(()) }
    }

    async fn remove(&self, id: TaxonomyId) -> Result<(), TaxonomyError> {
        let delete =
            self.scoped().delete::<taxonomies::Entity>().filter(taxonomies::Column::Id.eq(id.uuid()));
        match delete.exec(&self.connection).await {
            Ok(result) if result.rows_affected == 0 => Err(TaxonomyError::NotFound),
            Ok(_) => Ok(()),
            Err(error) if violated(&error) == Some(Constraint::ForeignKey) => Err(TaxonomyError::InUse),
            Err(error) => Err(store_error(error).into()),
        }
    }

    async fn add_term(&self, term: &Term) -> Result<(), TaxonomyError> {
        let row = terms::ActiveModel {
            id: Set(term.id.uuid()),
            taxonomy_id: Set(term.taxonomy_id.uuid()),
            parent_id: Set(term.parent_id.map(TypedId::uuid)),
            label: Set(term.label.clone()),
            version: Set(term.version),
            created_at: Set(term.created_at),
            updated_at: Set(term.updated_at),
            ..Default::default()
        };
        match self.scoped().insert(row).exec_without_returning(&self.connection).await {
            Ok(_) => Ok(()),
            // Its taxonomy or its parent was deleted since it was read.
            Err(error) if violated(&error) == Some(Constraint::ForeignKey) => {
                Err(TaxonomyError::UnknownParent)
            }
            Err(error) => Err(store_error(error).into()),
        }
    }

    async fn update_term(&self, term: &Term) -> Result<(), TaxonomyError> {
        use terms::Column;
        let updated = self
            .edit_version::<terms::Entity>(term.id, term.version)
            .col_expr(Column::Label, Expr::value(term.label.clone()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if updated.rows_affected == 0 { Err(TaxonomyError::VersionMismatch) } else { Ok(()) }
    }

    async fn remove_term(&self, taxonomy: TaxonomyId, id: TermId) -> Result<(), TaxonomyError> {
        let delete = self
            .scoped()
            .delete::<terms::Entity>()
            .filter(terms::Column::TaxonomyId.eq(taxonomy.uuid()))
            .filter(terms::Column::Id.eq(id.uuid()));
        match delete.exec(&self.connection).await {
            Ok(result) if result.rows_affected == 0 => Err(TaxonomyError::UnknownTerm),
            Ok(_) => Ok(()),
            Err(error) if violated(&error) == Some(Constraint::ForeignKey) => Err(TaxonomyError::TermInUse),
            Err(error) => Err(store_error(error).into()),
        }
    }
}

//! The last import of people.

use async_trait::async_trait;
use domain::{
    id::TypedId,
    organizations::{ImportReader, ImportRepository, ImportState, UserImport},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, sea_query::OnConflict};

use crate::db::{
    Unit, store_error,
    user_imports::{ActiveModel, Column, Entity, Model},
};

fn import(row: Model) -> Result<UserImport, StoreError> {
    let state = ImportState::parse(&row.state).ok_or_else(|| {
        let unknown = format!("user_imports.state holds {:?}, which this version does not know", row.state);
        StoreError::Unexpected(unknown.into())
    })?;
    Ok(UserImport {
        state,
        seen: row.seen,
        added: row.added,
        updated: row.updated,
        skipped: row.skipped,
        next: row.next,
        trouble: row.trouble,
        started_at: row.started_at,
        updated_at: row.updated_at,
    })
}

#[async_trait]
impl ImportReader for Unit {
    async fn get(&self) -> Result<Option<UserImport>, StoreError> {
        let row = self.scoped().find::<Entity>().one(&self.connection).await;
        row.map_err(store_error)?.map(import).transpose()
    }
}

#[async_trait]
impl ImportRepository for Unit {
    async fn put(&self, import: &UserImport) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(self.org_id().uuid()),
            state: Set(import.state.as_str().to_owned()),
            seen: Set(import.seen),
            added: Set(import.added),
            updated: Set(import.updated),
            skipped: Set(import.skipped),
            next: Set(import.next.clone()),
            trouble: Set(import.trouble.clone()),
            started_at: Set(import.started_at),
            updated_at: Set(import.updated_at),
            ..Default::default()
        };
        let over = OnConflict::columns([Column::OrgId, Column::Id])
            .update_columns([
                Column::State,
                Column::Seen,
                Column::Added,
                Column::Updated,
                Column::Skipped,
                Column::Next,
                Column::Trouble,
                Column::StartedAt,
                Column::UpdatedAt,
            ])
            .to_owned();
        let insert = self.scoped().insert(row).on_conflict(over);
        insert.exec_without_returning(&self.connection).await.map_err(store_error)?;
        Ok(())
    }
}

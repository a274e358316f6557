//! Sealing and opening inside a unit of work, and the data keys behind it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    access::{Mark, OrgScope, Subject},
    events::Event,
    id::TypedId,
    organizations::PurgeKey,
    secret::{
        DataKeyRepository, DataKeyUsage, Place, Renewed, ResealCursor, Resealed, RingKey, RingKeyState,
        RingKeys, SealError, Sealed, Secrets,
    },
    store::{Store, StoreError},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::{
    crypto::{DataKey, key_id},
    db::{
        Database, SEALED_TABLES, Unit,
        data_keys::{ActiveModel, Column, Entity, Model},
        insert_if_absent, ring_keys, store_error,
    },
};

#[cfg(test)]
pub(crate) mod tests;

impl Unit {
    /// The data key that seals now; made if the organization has none. Of several units that make the first one at
    /// once, one does and all have it.
    pub(crate) async fn sealing_key(&self) -> Result<Arc<DataKey>, SealError> {
        let mark = self.vault.mark();
        if let Some(row) = self.newest_data_key().await.map_err(store_error)? {
            return self.unwrapped(row, mark).await;
        }
        self.make_data_key(1).await?;
        let row = self.newest_data_key().await.map_err(store_error)?.ok_or(SealError::DataKeyGone)?;
        self.unwrapped(row, mark).await
    }

    /// The record of a secret for a place, sealed with [`Unit::sealing_key`].
    pub(crate) fn seal_with(
        &self,
        key: &DataKey,
        place: Place,
        secret: &SecretString,
    ) -> Result<Vec<u8>, SealError> {
        key.seal(self.vault.entropy(), place, secret)
    }

    /// The secret of a record that stands in a place.
    pub(crate) async fn open(&self, place: Place, record: &[u8]) -> Result<SecretString, SealError> {
        let id = key_id(record).ok_or(SealError::Refused)?;
        self.data_key(id).await?.open(place, record)
    }

    async fn data_key(&self, id: Uuid) -> Result<Arc<DataKey>, SealError> {
        if let Some(held) = self.vault.held(self.org_id(), id).await? {
            return Ok(held);
        }
        let mark = self.vault.mark();
        let row = self.scoped().find::<Entity>().filter(Column::Id.eq(id)).one(&self.connection).await;
        self.unwrapped(row.map_err(store_error)?.ok_or(SealError::DataKeyGone)?, mark).await
    }

    /// The mark was taken before the row was read.
    async fn unwrapped(&self, row: Model, mark: Mark) -> Result<Arc<DataKey>, SealError> {
        if row.destroyed_at.is_some() {
            return Err(SealError::DataKeyGone);
        }
        if let Some(held) = self.vault.held(self.org_id(), row.id).await? {
            return Ok(held);
        }
        self.check_ring_key(&row.ring_key_id).await?;
        self.vault.unwrap(self.org_id(), row.id, &row.ring_key_id, &row.wrapped, mark).await
    }

    /// A retired key opens nothing, even where a process still has it.
    async fn check_ring_key(&self, id: &str) -> Result<(), SealError> {
        match ring_keys::state_of(&self.connection, id).await.map_err(store_error)? {
            Some(RingKeyState::Active | RingKeyState::Retiring) => Ok(()),
            Some(RingKeyState::Retired) | None => Err(SealError::RingKeyGone(id.to_owned())),
        }
    }

    async fn newest_data_key(&self) -> Result<Option<Model>, DbErr> {
        let rows = self.scoped().find::<Entity>().order_by_desc(Column::Generation).limit(1);
        rows.one(&self.connection).await
    }

    async fn make_data_key(&self, generation: i64) -> Result<(), SealError> {
        self.hold_first_ring_key().await?;
        let id = self.ids.next::<domain::id::DataKeyId>().uuid();
        let made = self.vault.make(self.org_id(), id)?;
        let row = ActiveModel {
            id: Set(id),
            generation: Set(generation),
            ring_key_id: Set(made.ring_key_id),
            wrapped: Set(made.wrapped),
            created_at: Set(self.ids.clock().now()),
            destroyed_at: Set(None),
            ..Default::default()
        };
        let columns = [Column::OrgId, Column::Generation];
        insert_if_absent(self.scoped().insert(row), columns, &self.connection).await.map_err(store_error)?;
        Ok(())
    }

    /// Makes sure that nobody retires the key that wraps while this unit of work uses it.
    async fn hold_first_ring_key(&self) -> Result<(), SealError> {
        for is_last in [false, true] {
            let id = self.vault.ring().first_id().to_owned();
            if ring_keys::hold_active(&self.connection, &id).await.map_err(store_error)? {
                return Ok(());
            }
            if is_last {
                return Err(SealError::RingKeyGone(id));
            }
            // Another process may have put a new key in front of it.
            self.vault.read_ring_again();
        }
        Ok(())
    }

    /// Every data key, the newest first; nobody changes them, or lets a row refer to one, until the unit ends.
    async fn locked_data_keys(&self) -> Result<Vec<Model>, DbErr> {
        let rows = self.scoped().find::<Entity>().order_by_desc(Column::Generation);
        rows.lock(LockType::Update).all(&self.connection).await
    }

    async fn rows_of(&self, data_key: Uuid) -> Result<u64, DbErr> {
        let mut rows = 0;
        for table in SEALED_TABLES {
            rows += table.count(self, data_key).await?;
        }
        Ok(rows)
    }
}

#[async_trait]
impl DataKeyRepository for Unit {
    async fn renew(&self) -> Result<Renewed, SealError> {
        let rows = self.locked_data_keys().await.map_err(store_error)?;
        let Some(newest) = rows.first().filter(|newest| newest.destroyed_at.is_none()) else {
            return Ok(Renewed::default());
        };
        self.hold_first_ring_key().await?;
        let first = self.vault.ring().first_id().to_owned();
        let mut renewed = Renewed::default();
        if newest.ring_key_id != first {
            self.make_data_key(newest.generation + 1).await?;
            renewed.made = true;
        }
        for row in rows.iter().filter(|row| row.ring_key_id != first && row.destroyed_at.is_none()) {
            self.check_ring_key(&row.ring_key_id).await?;
            let wrapped = self.vault.rewrap(self.org_id(), row.id, &row.ring_key_id, &row.wrapped)?;
            self.scoped()
                .update::<Entity>()
                .filter(Column::Id.eq(row.id))
                .col_expr(Column::RingKeyId, Expr::value(wrapped.ring_key_id))
                .col_expr(Column::Wrapped, Expr::value(wrapped.wrapped))
                .exec(&self.connection)
                .await
                .map_err(store_error)?;
            renewed.rewrapped += 1;
        }
        Ok(renewed)
    }

    async fn reseal(&self, from: ResealCursor, limit: u64) -> Result<Resealed, SealError> {
        let mark = self.vault.mark();
        let newest = self.newest_data_key().await.map_err(store_error)?;
        let Some(newest) = newest.filter(|newest| newest.destroyed_at.is_none()) else {
            return Ok(Resealed::default());
        };
        let Some(table) = SEALED_TABLES.get(from.table) else { return Ok(Resealed::default()) };
        let key = self.unwrapped(newest, mark).await?;
        let batch = table.reseal(self, &key, from.after, limit).await?;
        let next = match batch.last {
            Some(last) => ResealCursor { after: Some(last), ..from },
            None => ResealCursor { table: from.table + 1, after: None },
        };
        let next = Some(next).filter(|next| next.table < SEALED_TABLES.len());
        Ok(Resealed { rows: batch.resealed, failed: batch.failed, next })
    }

    async fn usage(&self) -> Result<Vec<DataKeyUsage>, StoreError> {
        let rows = self.scoped().find::<Entity>().order_by_desc(Column::Generation);
        let rows = rows.all(&self.connection).await.map_err(store_error)?;
        let mut usage = Vec::with_capacity(rows.len());
        for row in rows {
            usage.push(DataKeyUsage {
                generation: row.generation,
                rows: self.rows_of(row.id).await.map_err(store_error)?,
                ring_key: row.ring_key_id,
                is_destroyed: row.destroyed_at.is_some(),
            });
        }
        Ok(usage)
    }

    async fn forget_superseded(&self) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for row in self.locked_data_keys().await.map_err(store_error)?.iter().skip(1) {
            if self.rows_of(row.id).await.map_err(store_error)? == 0 {
                self.scoped()
                    .delete::<Entity>()
                    .filter(Column::Id.eq(row.id))
                    .exec(&self.connection)
                    .await
                    .map_err(store_error)?;
                forgotten += 1;
            }
        }
        if forgotten > 0 {
            self.touch(Subject::Organization(self.org_id()));
        }
        Ok(forgotten)
    }

    async fn destroy(&self) -> Result<u64, StoreError> {
        let destroyed = self
            .scoped()
            .update::<Entity>()
            .filter(Column::DestroyedAt.is_null())
            .col_expr(Column::Wrapped, Expr::value(Vec::<u8>::new()))
            .col_expr(Column::DestroyedAt, Expr::value(self.ids.clock().now()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::Organization(self.org_id()));
        Ok(destroyed.rows_affected)
    }
}

#[async_trait]
impl Secrets for Database {
    async fn open(&self, scope: &OrgScope, sealed: &Sealed) -> Result<SecretString, SealError> {
        let id = key_id(sealed.as_bytes()).ok_or(SealError::Refused)?;
        if let Some(held) = self.vault().held(scope.org_id(), id).await? {
            return held.open(sealed.place(), sealed.as_bytes());
        }
        self.reading(scope).await?.open(sealed.place(), sealed.as_bytes()).await
    }
}

#[async_trait]
impl PurgeKey for Database {
    async fn destroy(&self, scope: &OrgScope) -> Result<(), StoreError> {
        let tx = self.begin(scope).await?;
        let data_keys = tx.data_keys().destroy().await?;
        tx.commit(Event::new("data_key.destroyed", json!({ "dataKeys": data_keys })).into()).await
    }
}

#[async_trait]
impl RingKeys for Database {
    fn first(&self) -> String {
        self.vault().ring().first_id().to_owned()
    }

    async fn list(&self) -> Result<Vec<RingKey>, StoreError> {
        ring_keys::list(&self.global()).await.map_err(store_error)
    }

    async fn set_state(&self, id: &str, state: RingKeyState) -> Result<bool, StoreError> {
        self.set_ring_key_state(id, state).await.map_err(store_error)
    }
}

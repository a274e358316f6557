//! Tables with sealed columns. They are a closed list, because a rotation of the keys must reach every one of them.

use std::marker::PhantomData;

use async_trait::async_trait;
use domain::secret::{Place, SealError};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, IdenStatic, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, LockType, Value},
};
use uuid::Uuid;

use super::{Unit, scoped::OrgOwned, store_error};
use crate::crypto::DataKey;

/// A table with sealed columns. All of a row are sealed with one data key, to which a column with a foreign key
/// refers, so that the database itself keeps a data key for as long as a row needs it.
pub(crate) trait SealedRows: OrgOwned + EntityTrait<Model: Sync> {
    const ID: Self::Column;
    /// The id of the data key; empty where nothing is sealed.
    const DATA_KEY: Self::Column;
    const SEALED: &'static [Self::Column];
}

/// The place of a sealed column. Only of tables in the closed list are there places.
pub(crate) fn place<E: SealedRows>(column: E::Column, row: Uuid) -> Place {
    Place { table: E::default().table_name(), column: column.as_str(), row }
}

/// Every table with sealed columns.
pub(crate) const TABLES: &[&dyn SealedTable] = &[
    &Rows::<super::api_key_secrets::Entity>(PhantomData),
    &Rows::<super::connections::Entity>(PhantomData),
    &Rows::<super::connection_tokens::Entity>(PhantomData),
    &Rows::<super::device_sign_ins::Entity>(PhantomData),
    #[cfg(test)]
    &Rows::<crate::secret::tests::probe::Entity>(PhantomData),
];

/// A table with sealed columns, whichever it is.
#[async_trait]
pub(crate) trait SealedTable: Sync {
    /// How many rows of the organization are sealed with a data key.
    async fn count(&self, unit: &Unit, data_key: Uuid) -> Result<u64, DbErr>;

    /// Seals up to `limit` rows again that come after one and are sealed with another key than this.
    async fn reseal(
        &self,
        unit: &Unit,
        key: &DataKey,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Batch, SealError>;
}

/// What was done in one table.
pub(crate) struct Batch {
    pub resealed: u64,
    pub failed: u64,
    /// The last row that was looked at; `None` when there is no further one.
    pub last: Option<Uuid>,
}

struct Rows<E>(PhantomData<fn() -> E>);

#[async_trait]
impl<E: SealedRows> SealedTable for Rows<E> {
    async fn count(&self, unit: &Unit, data_key: Uuid) -> Result<u64, DbErr> {
        unit.scoped().find::<E>().filter(E::DATA_KEY.eq(data_key)).count(&unit.connection).await
    }

    async fn reseal(
        &self,
        unit: &Unit,
        key: &DataKey,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Batch, SealError> {
        let mut rows = unit.scoped().find::<E>().filter(E::DATA_KEY.ne(key.id())).order_by_asc(E::ID);
        if let Some(after) = after {
            rows = rows.filter(E::ID.gt(after));
        }
        // Nobody writes another secret into a row between reading and writing it here.
        let rows = rows.limit(limit).lock(LockType::NoKeyUpdate).all(&unit.connection).await;
        let rows = rows.map_err(store_error)?;
        let (mut resealed, mut failed, mut last) = (0, 0, None);
        for row in &rows {
            let Value::Uuid(Some(id)) = row.get(E::ID) else { continue };
            last = Some(id);
            match reseal_row::<E>(unit, key, row, id).await {
                Ok(()) => resealed += 1,
                Err(SealError::Store(error)) => return Err(error.into()),
                Err(error @ (SealError::Refused | SealError::DataKeyGone | SealError::RingKeyGone(_))) => {
                    tracing::error!(table = E::default().table_name(), row = %id, %error, "not sealed again");
                    failed += 1;
                }
            }
        }
        let is_full = u64::try_from(rows.len()).is_ok_and(|length| length == limit);
        Ok(Batch { resealed, failed, last: last.filter(|_| is_full) })
    }
}

async fn reseal_row<E: SealedRows>(
    unit: &Unit,
    key: &DataKey,
    row: &E::Model,
    id: Uuid,
) -> Result<(), SealError> {
    let mut update =
        unit.scoped().update::<E>().filter(E::ID.eq(id)).col_expr(E::DATA_KEY, Expr::value(key.id()));
    for column in E::SEALED {
        let Value::Bytes(Some(sealed)) = row.get(*column) else { continue };
        let place = place::<E>(*column, id);
        let secret = unit.open(place, &sealed).await?;
        update = update.col_expr(*column, Expr::value(unit.seal_with(key, place, &secret)?));
    }
    update.exec(&unit.connection).await.map_err(store_error)?;
    Ok(())
}

//! Every table that organizations own, once: what is exported and what is purged. The schema test holds the list
//! against the database, so a new table is in it or the test fails.

use std::marker::PhantomData;

use async_trait::async_trait;
use domain::organizations::{ExportPage, ExportPosition, KeyPart};
use sea_orm::{
    DbErr, EntityTrait, ExprTrait, Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, SimpleExpr, Value, ValueType},
};
use serde::Serialize;

use super::{
    entities::{
        annotation_terms, annotations, api_key_secrets, api_key_uses, api_keys, connection_tokens,
        connections, data_keys, device_sign_ins, events, idempotency_keys, onboardings, taxonomies, terms,
        user_imports, users,
    },
    scoped::OrgOwned,
    unit::Unit,
};

/// A table that organizations own.
#[async_trait]
pub(crate) trait OwnedTable: Send + Sync {
    fn name(&self) -> &'static str;

    /// Why it is not exported; `None` where it is.
    fn kept_back(&self) -> Option<&'static str>;

    async fn count(&self, unit: &Unit) -> Result<u64, DbErr>;

    async fn page(
        &self,
        unit: &Unit,
        after: Option<&ExportPosition>,
        limit: u64,
    ) -> Result<ExportPage, DbErr>;

    /// Deletes some rows; how many.
    async fn purge(&self, unit: &Unit, most: u64) -> Result<u64, DbErr>;
}

struct Of<E> {
    kept_back: Option<&'static str>,
    entity: PhantomData<fn() -> E>,
}

fn exported<E>() -> Box<dyn OwnedTable>
where
    Of<E>: OwnedTable + 'static,
{
    Box::new(Of::<E> { kept_back: None, entity: PhantomData })
}

fn kept_back<E>(reason: &'static str) -> Box<dyn OwnedTable>
where
    Of<E>: OwnedTable + 'static,
{
    Box::new(Of::<E> { kept_back: Some(reason), entity: PhantomData })
}

/// All of them, in the order in which they can be read in again: what others refer to comes first. They are purged in
/// the opposite order.
pub(crate) fn tables() -> Vec<Box<dyn OwnedTable>> {
    vec![
        exported::<users::Entity>(),
        exported::<events::Entity>(),
        exported::<user_imports::Entity>(),
        exported::<onboardings::Entity>(),
        exported::<taxonomies::Entity>(),
        exported::<terms::Entity>(),
        kept_back::<idempotency_keys::Entity>("keys of requests, which mean nothing after a day"),
        exported::<annotations::Entity>(),
        exported::<annotation_terms::Entity>(),
        kept_back::<data_keys::Entity>("keys that seal secrets, wrapped: of use to nobody but the service"),
        exported::<api_keys::Entity>(),
        kept_back::<api_key_secrets::Entity>("digests and sealed secrets: keys are not taken along"),
        exported::<api_key_uses::Entity>(),
        exported::<connections::Entity>(),
        kept_back::<connection_tokens::Entity>("sealed tokens: of use to nobody but the service"),
        kept_back::<device_sign_ins::Entity>(
            "codes of devices, which mean nothing after a quarter of an hour",
        ),
    ]
}

fn key<E: EntityTrait>() -> Vec<E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect()
}

fn tuple<E: EntityTrait>() -> SimpleExpr {
    Expr::tuple(key::<E>().into_iter().map(Expr::col))
}

/// Keys are ids and words.
fn part(value: Value) -> KeyPart {
    if let Value::Uuid(Some(id)) = value {
        return KeyPart::Id(id);
    }
    KeyPart::Text(ValueType::try_from(value).unwrap_or_default())
}

#[async_trait]
impl<E> OwnedTable for Of<E>
where
    E: OrgOwned,
    E::Model: Serialize + Send + Sync,
    for<'a> sea_orm::Select<E>: PaginatorTrait<'a, super::connection::Connection>,
{
    fn name(&self) -> &'static str {
        E::default().table_name()
    }

    fn kept_back(&self) -> Option<&'static str> {
        self.kept_back
    }

    async fn count(&self, unit: &Unit) -> Result<u64, DbErr> {
        unit.scoped().find::<E>().count(&unit.connection).await
    }

    async fn page(
        &self,
        unit: &Unit,
        after: Option<&ExportPosition>,
        limit: u64,
    ) -> Result<ExportPage, DbErr> {
        let mut rows = unit.scoped().find::<E>().limit(limit);
        for column in key::<E>() {
            rows = rows.order_by_asc(column);
        }
        if let Some(ExportPosition(parts)) = after {
            let values = parts.iter().map(|part| match part {
                KeyPart::Id(id) => Expr::value(*id),
                KeyPart::Text(text) => Expr::value(text.clone()),
            });
            rows = rows.filter(tuple::<E>().gt(Expr::tuple(values)));
        }
        let rows = rows.all(&unit.connection).await?;
        let is_full = rows.len() as u64 == limit;
        let next = rows.last().filter(|_| is_full).map(|last| {
            ExportPosition(key::<E>().into_iter().map(|column| part(last.get(column))).collect())
        });
        let rows = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        Ok(ExportPage { rows: rows.map_err(|error| DbErr::Custom(error.to_string()))?, next })
    }

    async fn purge(&self, unit: &Unit, most: u64) -> Result<u64, DbErr> {
        let some = unit.scoped().find::<E>().select_only().columns(key::<E>()).limit(most).into_query();
        let rows = unit.scoped().delete::<E>().filter(tuple::<E>().in_subquery(some));
        Ok(rows.exec(&unit.connection).await?.rows_affected)
    }
}

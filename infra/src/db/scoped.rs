//! The only place where a query on an organization-owned table begins, and where the organization is added to it.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, DeleteMany, EntityTrait, Insert, QueryFilter, Select, UpdateMany,
    sea_query::OnConflict,
};

use domain::id::{OrgId, TypedId};

use super::connection::Connection;

/// A table that belongs to organizations.
pub(crate) trait OrgOwned: EntityTrait {
    /// The column with the organization's id.
    const ORG: Self::Column;
}

/// A table whose rows have an id of their own and are edited.
pub(crate) trait Edited: OrgOwned {
    const ID: Self::Column;
    const VERSION: Self::Column;
    const UPDATED_AT: Self::Column;
}

/// Adds one organization to every query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scoped(OrgId);

#[expect(
    clippy::disallowed_methods,
    reason = "here the organization is added; everywhere else it would be missing"
)]
impl Scoped {
    pub(super) fn new(org_id: OrgId) -> Self {
        Self(org_id)
    }

    /// Rows of this organization.
    pub(crate) fn find<E: OrgOwned>(self) -> Select<E> {
        E::find().filter(E::ORG.eq(self.0.uuid()))
    }

    /// A new row of this organization, whatever the given one says.
    pub(crate) fn insert<A>(self, mut row: A) -> Insert<A>
    where
        A: ActiveModelTrait,
        A::Entity: OrgOwned,
    {
        row.set(A::Entity::ORG, self.0.uuid().into());
        A::Entity::insert(row)
    }

    /// Changes rows of this organization.
    pub(crate) fn update<E: OrgOwned>(self) -> UpdateMany<E> {
        E::update_many().filter(E::ORG.eq(self.0.uuid()))
    }

    /// Deletes rows of this organization.
    pub(crate) fn delete<E: OrgOwned>(self) -> DeleteMany<E> {
        E::delete_many().filter(E::ORG.eq(self.0.uuid()))
    }
}

/// Inserts unless a row with the same value in these columns exists; `false` when it does.
pub(crate) async fn insert_if_absent<A>(
    insert: Insert<A>,
    columns: impl IntoIterator<Item = <A::Entity as EntityTrait>::Column>,
    connection: &Connection,
) -> Result<bool, DbErr>
where
    A: ActiveModelTrait,
{
    let conflict = OnConflict::columns(columns).do_nothing().to_owned();
    Ok(insert.on_conflict(conflict).exec_without_returning(connection).await? == 1)
}

#[cfg(test)]
mod tests {
    use domain::id::TypedId;
    use sea_orm::{DbBackend, QueryTrait, sea_query::Expr};
    use uuid::Uuid;

    use super::*;
    use crate::db::taxonomies::{ActiveModel, Column, Entity};

    const ORGANIZATION: Uuid = Uuid::from_u128(0xace);
    const OTHER: Uuid = Uuid::from_u128(0xbad);

    #[test]
    fn every_statement_names_the_organization_whatever_it_is_given() {
        let scoped = Scoped::new(OrgId::from_uuid(ORGANIZATION));
        let predicate = format!(r#""taxonomies"."org_id" = '{ORGANIZATION}'"#);
        let other = Column::OrgId.eq(OTHER);
        for sql in [
            scoped.find::<Entity>().filter(other.clone()).build(DbBackend::Postgres),
            scoped
                .update::<Entity>()
                .filter(other.clone())
                .col_expr(Column::Name, Expr::value("x"))
                .build(DbBackend::Postgres),
            scoped.delete::<Entity>().filter(other).build(DbBackend::Postgres),
        ] {
            let sql = sql.to_string();
            assert!(sql.contains(&format!("WHERE {predicate} AND ")), "{sql}");
        }
    }

    #[test]
    fn a_new_row_is_the_organizations_own_even_if_it_says_otherwise() {
        let row = ActiveModel { org_id: sea_orm::ActiveValue::Set(OTHER), ..Default::default() };
        let sql =
            Scoped::new(OrgId::from_uuid(ORGANIZATION)).insert(row).build(DbBackend::Postgres).to_string();
        assert!(sql.contains(&ORGANIZATION.to_string()) && !sql.contains(&OTHER.to_string()), "{sql}");
    }
}

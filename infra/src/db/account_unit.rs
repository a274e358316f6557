//! A unit of work over what one account owns, beside the organization in which the account acts. The place where a
//! query on an account-owned table begins, and where the account is added to it.
//!
//! Accounts belong to no organization, so there is no row-level security on their tables: the types and the
//! predicate hold the line, and a test reads the SQL.

use async_trait::async_trait;
use domain::{
    access::AccountScope,
    events::Events,
    id::{AccountId, TypedId},
    identity::{AccountRepository, SessionReader, SessionRepository},
    store::{AccountReader, AccountTx, OrgTx, StoreError},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, Insert, QueryFilter, Select, UpdateMany};

use super::{Unit, connection::Connection};

/// A table whose rows belong to accounts.
pub(crate) trait AccountOwned: EntityTrait {
    /// The column with the account's id.
    const ACCOUNT: Self::Column;
}

/// Adds one account to every query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountScoped(AccountId);

#[expect(
    clippy::disallowed_methods,
    reason = "here the account is added; everywhere else it would be missing"
)]
impl AccountScoped {
    /// Rows of this account.
    pub(crate) fn find<E: AccountOwned>(self) -> Select<E> {
        E::find().filter(E::ACCOUNT.eq(self.0.uuid()))
    }

    /// A new row of this account, whatever the given one says.
    pub(crate) fn insert<A>(self, mut row: A) -> Insert<A>
    where
        A: ActiveModelTrait,
        A::Entity: AccountOwned,
    {
        row.set(A::Entity::ACCOUNT, self.0.uuid().into());
        A::Entity::insert(row)
    }

    /// Changes rows of this account.
    pub(crate) fn update<E: AccountOwned>(self) -> UpdateMany<E> {
        E::update_many().filter(E::ACCOUNT.eq(self.0.uuid()))
    }
}

/// The repositories of one account. They stand beside their nouns.
pub(crate) struct AccountUnit {
    /// Of the organization in which the account acts.
    pub(crate) unit: Unit,
    account_id: AccountId,
}

impl AccountUnit {
    pub(super) fn new(scope: &AccountScope, unit: Unit) -> Self {
        Self { unit, account_id: scope.account_id() }
    }

    /// Begins a query on this account's rows.
    pub(crate) fn scoped(&self) -> AccountScoped {
        AccountScoped(self.account_id)
    }

    /// The account's own row has this id; for everything else there is [`AccountUnit::scoped`].
    pub(crate) fn account_id(&self) -> AccountId {
        self.account_id
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.unit.connection
    }
}

#[async_trait]
impl AccountTx for AccountUnit {
    fn account(&self) -> &dyn AccountRepository {
        self
    }

    fn sessions(&self) -> &dyn SessionRepository {
        self
    }

    async fn commit(self: Box<Self>, events: Events) -> Result<(), StoreError> {
        Box::new(self.unit).commit(events).await
    }
}

impl AccountReader for AccountUnit {
    fn sessions(&self) -> &dyn SessionReader {
        self
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveValue::Set, DbBackend, QueryTrait, sea_query::Expr};
    use uuid::Uuid;

    use super::*;
    use crate::db::sessions::{ActiveModel, Column, Entity};

    const ACCOUNT: Uuid = Uuid::from_u128(0xace);
    const OTHER: Uuid = Uuid::from_u128(0xbad);

    #[test]
    fn every_statement_names_the_account_whatever_it_is_given() {
        let scoped = AccountScoped(AccountId::from_uuid(ACCOUNT));
        let predicate = format!(r#""sessions"."account_id" = '{ACCOUNT}'"#);
        let other = Column::AccountId.eq(OTHER);
        for sql in [
            scoped.find::<Entity>().filter(other.clone()).build(DbBackend::Postgres),
            scoped
                .update::<Entity>()
                .filter(other)
                .col_expr(Column::Method, Expr::value("x"))
                .build(DbBackend::Postgres),
        ] {
            let sql = sql.to_string();
            assert!(sql.contains(&format!("WHERE {predicate} AND ")), "{sql}");
        }
        let row = ActiveModel { account_id: Set(OTHER), ..Default::default() };
        let sql = scoped.insert(row).build(DbBackend::Postgres).to_string();
        assert!(sql.contains(&ACCOUNT.to_string()) && !sql.contains(&OTHER.to_string()), "{sql}");
    }
}

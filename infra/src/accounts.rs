//! Accounts in the database, and what they are linked to.

use async_trait::async_trait;
use domain::{
    access::Subject,
    id::{TypedId, UserId},
    identity::{AccountRepository, NewIdentity},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, sea_query::Expr};

use crate::db::{AccountUnit, accounts, identities, insert_if_absent, memberships, store_error, users};

#[async_trait]
impl AccountRepository for AccountUnit {
    async fn add(&self) -> Result<(), StoreError> {
        let created_at = Set(self.unit.ids.clock().now());
        let row = accounts::ActiveModel { created_at, ..Default::default() };
        let insert = self.scoped().insert(row).exec_without_returning(self.connection());
        insert.await.map(|_| ()).map_err(store_error)
    }

    async fn set_operator(&self, is_operator: bool) -> Result<bool, StoreError> {
        use accounts::{Column, Entity};
        let since = is_operator.then(|| self.unit.ids.clock().now());
        let differs =
            if is_operator { Column::OperatorSince.is_null() } else { Column::OperatorSince.is_not_null() };
        let update = self.scoped().update::<Entity>().filter(differs);
        let update = update.col_expr(Column::OperatorSince, Expr::value(since));
        let updated = update.exec(self.connection()).await.map_err(store_error)?;
        self.unit.touch(Subject::Account(self.account_id()));
        Ok(updated.rows_affected > 0)
    }

    async fn add_identity_if_absent(&self, identity: &NewIdentity) -> Result<bool, StoreError> {
        let row = identities::ActiveModel {
            provider: Set(identity.key.provider.as_str().to_owned()),
            issuer: Set(identity.key.issuer.clone()),
            subject: Set(identity.key.subject.clone()),
            email: Set(identity.email.clone()),
            display_name: Set(identity.display_name.clone()),
            linked_at: Set(self.unit.ids.clock().now()),
            ..Default::default()
        };
        let key = [identities::Column::Provider, identities::Column::Issuer, identities::Column::Subject];
        insert_if_absent(self.scoped().insert(row), key, self.connection()).await.map_err(store_error)
    }

    async fn link_membership(&self, user: UserId) -> Result<bool, StoreError> {
        let account_id = self.account_id().uuid();
        let is_new = Condition::any()
            .add(users::Column::AccountId.is_null())
            .add(users::Column::AccountId.ne(account_id));
        let updated = self
            .unit
            .edit::<users::Entity>(user)
            .filter(is_new)
            .col_expr(users::Column::AccountId, Expr::value(account_id))
            .exec(self.connection())
            .await
            .map_err(store_error)?;
        self.unit.touch(Subject::User(user));
        let row = memberships::ActiveModel {
            org_id: Set(self.unit.org_id().uuid()),
            user_id: Set(user.uuid()),
            created_at: Set(self.unit.ids.clock().now()),
            ..Default::default()
        };
        let key = [memberships::Column::AccountId, memberships::Column::OrgId, memberships::Column::UserId];
        insert_if_absent(self.scoped().insert(row), key, self.connection()).await.map_err(store_error)?;
        Ok(updated.rows_affected > 0)
    }
}

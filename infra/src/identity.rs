//! Users in the database.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{Role, Subject},
    id::{AccountId, TypedId, UserId},
    identity::{NewUser, Profile, User, UserKind, UserReader, UserRepository, UserStatus},
    page::{Page, PageRequest},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::db::{
    Unit, count_provisioned, insert_if_absent, store_error,
    users::{ActiveModel, Column, Entity, Model},
};

fn user(row: Model) -> Result<User, StoreError> {
    let unknown = |column: &str, word: &str| {
        StoreError::Unexpected(
            format!("users.{column} holds {word:?}, which this version does not know").into(),
        )
    };
    let role = match &row.role {
        Some(word) => Some(Role::parse(word).ok_or_else(|| unknown("role", word))?),
        None => None,
    };
    Ok(User {
        id: UserId::from_uuid(row.id),
        kind: UserKind::parse(&row.kind).ok_or_else(|| unknown("kind", &row.kind))?,
        object_id: row.object_id,
        account_id: row.account_id.map(AccountId::from_uuid),
        profile: Profile { email: row.email, display_name: row.display_name, is_guest: row.is_guest },
        profile_as_of: row.profile_as_of,
        role,
        status: UserStatus::parse(&row.status).ok_or_else(|| unknown("status", &row.status))?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

#[async_trait]
impl UserReader for Unit {
    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = self.scoped().find::<Entity>().filter(Column::Id.eq(id.uuid())).one(&self.connection).await;
        row.map_err(store_error)?.map(user).transpose()
    }

    async fn find_by_object_id(&self, object_id: Uuid) -> Result<Option<User>, StoreError> {
        let row =
            self.scoped().find::<Entity>().filter(Column::ObjectId.eq(object_id)).one(&self.connection).await;
        row.map_err(store_error)?.map(user).transpose()
    }

    async fn list(&self, page: PageRequest) -> Result<Page<User>, StoreError> {
        let page = self.page(self.scoped().find::<Entity>(), page).await.map_err(store_error)?;
        page.try_map(user)
    }
}

#[async_trait]
impl UserRepository for Unit {
    async fn add_if_absent(&self, new: &NewUser) -> Result<Option<User>, StoreError> {
        let now = self.ids.clock().now();
        let user = User {
            id: new.id,
            kind: new.kind,
            object_id: new.object_id,
            account_id: None,
            profile: new.profile.clone(),
            profile_as_of: new.profile_as_of,
            role: new.role,
            status: UserStatus::Active,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let insert = self.scoped().insert(ActiveModel {
            id: Set(user.id.uuid()),
            kind: Set(user.kind.as_str().to_owned()),
            object_id: Set(user.object_id),
            email: Set(user.profile.email.clone()),
            display_name: Set(user.profile.display_name.clone()),
            is_guest: Set(user.profile.is_guest),
            profile_as_of: Set(user.profile_as_of),
            role: Set(user.role.map(|role| role.as_str().to_owned())),
            status: Set(user.status.as_str().to_owned()),
            version: Set(user.version),
            created_at: Set(user.created_at),
            updated_at: Set(user.updated_at),
            ..Default::default()
        });
        let added = insert_if_absent(insert, [Column::OrgId, Column::ObjectId], &self.connection).await;
        let added = added.map_err(store_error)?;
        count_provisioned("user", added);
        Ok(added.then_some(user))
    }

    async fn has_own_person(&self) -> Result<bool, StoreError> {
        let one: Option<Uuid> = self
            .scoped()
            .find::<Entity>()
            .select_only()
            .column(Column::Id)
            .filter(Column::Kind.eq(UserKind::Person.as_str()))
            // Whether somebody is a guest follows their tokens; that they were made administrator does not.
            .filter(
                Condition::any().add(Column::IsGuest.eq(false)).add(Column::Role.eq(Role::Admin.as_str())),
            )
            .limit(1)
            .into_tuple()
            .one(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(one.is_some())
    }

    async fn set_profile(
        &self,
        id: UserId,
        profile: &Profile,
        as_of: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let updated = self
            .edit::<Entity>(id)
            .filter(Column::ProfileAsOf.lt(as_of))
            .col_expr(Column::Email, Expr::value(profile.email.clone()))
            .col_expr(Column::DisplayName, Expr::value(profile.display_name.clone()))
            .col_expr(Column::IsGuest, Expr::value(profile.is_guest))
            .col_expr(Column::ProfileAsOf, Expr::value(as_of))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::User(id));
        Ok(updated.rows_affected > 0)
    }

    async fn set_role(&self, id: UserId, role: Role) -> Result<bool, StoreError> {
        let updated = self
            .edit::<Entity>(id)
            .col_expr(Column::Role, Expr::value(role.as_str()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::User(id));
        Ok(updated.rows_affected > 0)
    }

    async fn set_status(&self, id: UserId, status: UserStatus) -> Result<bool, StoreError> {
        let updated = self
            .edit::<Entity>(id)
            .col_expr(Column::Status, Expr::value(status.as_str()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::User(id));
        Ok(updated.rows_affected > 0)
    }
}

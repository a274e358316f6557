//! Connections in the database.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::Subject,
    connections::{
        Connection, ConnectionFilter, ConnectionReader, ConnectionRepository, ConnectionStatus, NewGrant,
        NewToken, Sight, StoredGrant, StoredToken, Trouble,
    },
    delegation::{ClaimsChallenge, SharePointHost},
    id::{ConnectionId, ConnectionTokenId, TypedId, UserId},
    page::{Page, PageRequest},
    secret::{SealError, Sealed},
    store::StoreError,
    text::folded,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{Unit, connection_tokens, connections, insert_if_absent, place, store_error};

fn unknown(column: &str) -> StoreError {
    StoreError::Unexpected(format!("connections.{column} holds what this version does not know").into())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn connection(row: connections::Model) -> Result<Connection, StoreError> {
    let trouble = row.trouble.as_deref().map(|word| Trouble::parse(word).ok_or_else(|| unknown("trouble")));
    let host = row.share_point_host.as_deref().map(SharePointHost::parse);
    Ok(Connection {
        id: ConnectionId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        tenant_id: row.tenant_id,
        object_id: row.object_id,
        email: row.email,
        display_name: row.display_name,
        share_point_host: host.transpose().map_err(|_| unknown("share_point_host"))?,
        trouble: trouble.transpose()?,
        told_status: ConnectionStatus::parse(&row.status).ok_or_else(|| unknown("status"))?,
        claims: row.claims.as_deref().and_then(|json| ClaimsChallenge::parse(json).ok()),
        scopes: texts(&row.scopes),
        public_client: row.public_client_id,
        has_grant: row.refresh_token.is_some(),
        grant_expires_at: row.grant_expires_at,
        refreshed_at: row.refreshed_at,
        paused_until: row.paused_until,
        failures: row.failures,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn stored_token(row: connection_tokens::Model) -> StoredToken {
    use connection_tokens::{Column, Entity};
    StoredToken {
        id: ConnectionTokenId::from_uuid(row.id),
        scopes: texts(&row.scopes),
        secret: Sealed::in_place(place::<Entity>(Column::AccessToken, row.id), row.access_token),
        resource: row.resource,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        refresh_at: row.refresh_at,
        used_at: row.used_at,
    }
}

/// The word for a state that does not depend on the time.
fn status_of(trouble: Option<Trouble>) -> &'static str {
    trouble.map_or(ConnectionStatus::Active, Trouble::status).as_str()
}

pub(super) fn nothing<T>() -> Expr
where
    Option<T>: Into<sea_orm::Value>,
{
    Expr::value(Option::<T>::None)
}

#[async_trait]
impl ConnectionReader for Unit {
    async fn get(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        let rows = self.scoped().find::<connections::Entity>();
        let row = self.one(rows.filter(connections::Column::Id.eq(id.uuid()))).await.map_err(store_error)?;
        row.map(connection).transpose()
    }

    async fn list(
        &self,
        sight: &Sight,
        filter: &ConnectionFilter,
        page: PageRequest,
    ) -> Result<Page<Connection>, StoreError> {
        use connections::{Column, Entity};
        let mut rows = self.scoped().find::<Entity>();
        if let Some(users) = sight.users() {
            rows = rows.filter(Column::UserId.is_in(users.iter().map(|id| id.uuid())));
        }
        if let Some(ids) = sight.connections() {
            rows = rows.filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
        }
        if let Some(id) = filter.connection_id {
            rows = rows.filter(Column::Id.eq(id.uuid()));
        }
        if let Some(id) = filter.user_id {
            rows = rows.filter(Column::UserId.eq(id.uuid()));
        }
        if let Some(email) = &filter.email {
            rows = rows.filter(Column::FoldedEmail.eq(folded(email)));
        }
        self.page(rows, page).await.map_err(store_error)?.try_map(connection)
    }

    async fn find_by_account(
        &self,
        user: UserId,
        tenant: Uuid,
        object_id: Uuid,
    ) -> Result<Option<Connection>, StoreError> {
        use connections::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::UserId.eq(user.uuid()));
        let rows = rows.filter(Column::TenantId.eq(tenant)).filter(Column::ObjectId.eq(object_id));
        self.one(rows).await.map_err(store_error)?.map(connection).transpose()
    }

    async fn token(&self, id: ConnectionId, resource: &str) -> Result<Option<StoredToken>, StoreError> {
        use connection_tokens::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::ConnectionId.eq(id.uuid()));
        let row = rows.filter(Column::Resource.eq(resource)).one(&self.connection).await;
        Ok(row.map_err(store_error)?.map(stored_token))
    }

    async fn tokens(&self, id: ConnectionId) -> Result<Vec<StoredToken>, StoreError> {
        use connection_tokens::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::ConnectionId.eq(id.uuid()));
        let rows = rows.all(&self.connection).await.map_err(store_error)?;
        Ok(rows.into_iter().map(stored_token).collect())
    }

    async fn refresh_token(&self, id: ConnectionId) -> Result<Option<StoredGrant>, StoreError> {
        use connections::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::Id.eq(id.uuid()));
        let row = rows.one(&self.connection).await.map_err(store_error)?;
        let place = place::<Entity>(Column::RefreshToken, id.uuid());
        Ok(row.and_then(|row| {
            let refresh_token = Sealed::in_place(place, row.refresh_token?);
            Some(StoredGrant { refresh_token, public_client: row.public_client_id })
        }))
    }
}

#[async_trait]
impl ConnectionRepository for Unit {
    async fn add(&self, new: &NewGrant) -> Result<bool, SealError> {
        use connections::{ActiveModel, Column, Entity};
        let connection = &new.connection;
        let id = connection.id.uuid();
        let key = self.sealing_key().await?;
        let place = place::<Entity>(Column::RefreshToken, id);
        let row = ActiveModel {
            id: Set(id),
            user_id: Set(connection.user_id.uuid()),
            tenant_id: Set(connection.tenant_id),
            object_id: Set(connection.object_id),
            email: Set(connection.email.clone()),
            folded_email: Set(connection.email.as_deref().map(folded)),
            display_name: Set(connection.display_name.clone()),
            share_point_host: Set(connection.share_point_host.as_ref().map(ToString::to_string)),
            status: Set(status_of(connection.trouble).to_owned()),
            trouble: Set(None),
            claims: Set(None),
            scopes: Set(json!(connection.scopes)),
            public_client_id: Set(connection.public_client),
            data_key_id: Set(Some(key.id())),
            refresh_token: Set(Some(self.seal_with(&key, place, &new.refresh_token)?)),
            grant_expires_at: Set(connection.grant_expires_at),
            refreshed_at: Set(connection.refreshed_at),
            paused_until: Set(None),
            failures: Set(0),
            version: Set(connection.version),
            created_at: Set(connection.created_at),
            updated_at: Set(connection.updated_at),
            ..Default::default()
        };
        let account = [Column::OrgId, Column::UserId, Column::TenantId, Column::ObjectId];
        let insert = self.scoped().insert(row);
        if !insert_if_absent(insert, account, &self.connection).await.map_err(store_error)? {
            return Ok(false);
        }
        self.put_token(connection.id, &new.token, None).await?;
        self.touch(Subject::Connections(self.org_id()));
        Ok(true)
    }

    async fn replace(&self, new: &NewGrant) -> Result<(), SealError> {
        use connections::{Column, Entity};
        let connection = &new.connection;
        let key = self.sealing_key().await?;
        let place = place::<Entity>(Column::RefreshToken, connection.id.uuid());
        let refresh_token = self.seal_with(&key, place, &new.refresh_token)?;
        let host = connection.share_point_host.as_ref().map(ToString::to_string);
        self.edit::<Entity>(connection.id)
            .col_expr(Column::Email, Expr::value(connection.email.clone()))
            .col_expr(Column::FoldedEmail, Expr::value(connection.email.as_deref().map(folded)))
            .col_expr(Column::DisplayName, Expr::value(connection.display_name.clone()))
            .col_expr(Column::SharePointHost, Expr::value(host))
            .col_expr(Column::Status, Expr::value(status_of(None)))
            .col_expr(Column::Trouble, nothing::<String>())
            .col_expr(Column::Claims, nothing::<String>())
            .col_expr(Column::Scopes, Expr::value(json!(connection.scopes)))
            .col_expr(Column::PublicClientId, Expr::value(connection.public_client))
            .col_expr(Column::DataKeyId, Expr::value(key.id()))
            .col_expr(Column::RefreshToken, Expr::value(refresh_token))
            .col_expr(Column::GrantExpiresAt, Expr::value(connection.grant_expires_at))
            .col_expr(Column::RefreshedAt, Expr::value(connection.refreshed_at))
            .col_expr(Column::PausedUntil, nothing::<DateTime<Utc>>())
            .col_expr(Column::Failures, Expr::value(0_i64))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.forget_tokens(connection.id).await.map_err(store_error)?;
        self.put_token(connection.id, &new.token, None).await?;
        self.touch(Subject::Connection(connection.id));
        Ok(())
    }

    async fn mark(
        &self,
        connection: &Connection,
        trouble: Trouble,
        claims: Option<&ClaimsChallenge>,
    ) -> Result<bool, StoreError> {
        use connections::{Column, Entity};
        let mut update = self
            .edit_version::<Entity>(connection.id, connection.version)
            .col_expr(Column::Status, Expr::value(trouble.status().as_str()))
            .col_expr(Column::Trouble, Expr::value(trouble.as_str()))
            .col_expr(Column::Claims, Expr::value(claims.map(|claims| claims.json().to_owned())));
        if trouble.ends_the_grant() {
            update = update
                .col_expr(Column::RefreshToken, nothing::<Vec<u8>>())
                .col_expr(Column::DataKeyId, nothing::<Uuid>());
        }
        let updated = update.exec(&self.connection).await.map_err(store_error)?;
        if updated.rows_affected == 0 {
            return Ok(false);
        }
        if !trouble.status().gives_tokens() {
            self.forget_tokens(connection.id).await.map_err(store_error)?;
        }
        self.touch(Subject::Connection(connection.id));
        Ok(true)
    }

    async fn note_status(
        &self,
        connection: &Connection,
        status: ConnectionStatus,
    ) -> Result<bool, StoreError> {
        use connections::{Column, Entity};
        // No new version: a refresh that is under way is not overtaken by what is told of the connection.
        let update = self.scoped().update::<Entity>().filter(Column::Id.eq(connection.id.uuid()));
        let update = update.filter(Column::Version.eq(connection.version));
        let update = update.filter(Column::Status.ne(status.as_str()));
        let update = update.col_expr(Column::Status, Expr::value(status.as_str()));
        let updated = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(updated.rows_affected > 0)
    }

    async fn note_use(&self, id: ConnectionTokenId, at: DateTime<Utc>) -> Result<(), StoreError> {
        use connection_tokens::{Column, Entity};
        let update = self.scoped().update::<Entity>().filter(Column::Id.eq(id.uuid()));
        let update = update.col_expr(Column::UsedAt, Expr::value(at));
        update.exec(&self.connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn remove(&self, id: ConnectionId) -> Result<bool, StoreError> {
        use connections::{Column, Entity};
        let delete = self.scoped().delete::<Entity>().filter(Column::Id.eq(id.uuid()));
        let deleted = delete.exec(&self.connection).await.map_err(store_error)?;
        self.touch(Subject::Connection(id));
        Ok(deleted.rows_affected > 0)
    }
}

impl Unit {
    async fn forget_tokens(&self, id: ConnectionId) -> Result<(), DbErr> {
        use connection_tokens::{Column, Entity};
        let delete = self.scoped().delete::<Entity>().filter(Column::ConnectionId.eq(id.uuid()));
        delete.exec(&self.connection).await?;
        Ok(())
    }

    /// Keeps the token of a resource instead of the one that was there.
    pub(super) async fn put_token(
        &self,
        id: ConnectionId,
        token: &NewToken,
        used_at: Option<DateTime<Utc>>,
    ) -> Result<(), SealError> {
        use connection_tokens::{ActiveModel, Column, Entity};
        let key = self.sealing_key().await?;
        let secret =
            self.seal_with(&key, place::<Entity>(Column::AccessToken, token.id.uuid()), &token.secret)?;
        let row = ActiveModel {
            id: Set(token.id.uuid()),
            connection_id: Set(id.uuid()),
            resource: Set(token.resource.clone()),
            scopes: Set(json!(token.scopes)),
            data_key_id: Set(key.id()),
            access_token: Set(secret),
            issued_at: Set(token.issued_at),
            expires_at: Set(token.expires_at),
            refresh_at: Set(token.refresh_at),
            used_at: Set(used_at),
            ..Default::default()
        };
        let columns = [
            Column::Scopes,
            Column::DataKeyId,
            Column::AccessToken,
            Column::IssuedAt,
            Column::ExpiresAt,
            Column::RefreshAt,
            Column::UsedAt,
        ];
        // The record is sealed for the row's id, so it replaces that row and no other one of the resource.
        let instead = OnConflict::columns([Column::OrgId, Column::Id]).update_columns(columns).to_owned();
        let insert = self.scoped().insert(row).on_conflict(instead);
        insert.exec_without_returning(&self.connection).await.map_err(store_error)?;
        Ok(())
    }
}

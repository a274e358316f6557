//! What comes of a refresh, written in one transaction with the end of its lease.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{OrgScope, Subject},
    connections::{Connection, ConnectionStatus, NewToken, RefreshLog, Renewal},
    events::Event,
    id::TypedId,
    jobs::{JobRepository, Lease, Settlement},
    secret::SealError,
    store::{OrgTx, StoreError},
};
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, sea_query::Expr};
use secrecy::SecretString;
use serde_json::json;

use super::store::nothing;
use crate::db::{Database, Unit, connections, place, store_error};

impl Unit {
    /// Writes what a refresh gave; `false` when the connection has changed since it was read.
    async fn renew(&self, renewal: &Renewal<'_>) -> Result<bool, SealError> {
        use connections::{Column, Entity};
        let (connection, granted) = (renewal.connection, renewal.granted);
        let mut update = self
            .edit_version::<Entity>(connection.id, connection.version)
            .col_expr(Column::RefreshedAt, Expr::value(renewal.issued_at))
            .col_expr(Column::PausedUntil, nothing::<DateTime<Utc>>())
            .col_expr(Column::Failures, Expr::value(0_i64));
        if let Some(refresh_token) = &granted.refresh_token {
            let key = self.sealing_key().await?;
            let place = place::<Entity>(Column::RefreshToken, connection.id.uuid());
            update = update
                .col_expr(Column::DataKeyId, Expr::value(key.id()))
                .col_expr(Column::RefreshToken, Expr::value(self.seal_with(&key, place, refresh_token)?))
                .col_expr(Column::GrantExpiresAt, Expr::value(renewal.grant_expires_at));
        }
        if renewal.is_mended {
            update = update
                .col_expr(Column::Trouble, nothing::<String>())
                .col_expr(Column::Claims, nothing::<String>());
        }
        // What is remembered of it says so otherwise: that it is broken, or about to end.
        if renewal.is_mended || connection.status(renewal.issued_at) != ConnectionStatus::Active {
            self.touch(Subject::Connection(connection.id));
        }
        if let Some(status) = renewal.news {
            update = update.col_expr(Column::Status, Expr::value(status.as_str()));
        }
        let updated = update.exec(&self.connection).await.map_err(store_error)?;
        if updated.rows_affected == 0 {
            return Ok(false);
        }
        let token = NewToken {
            id: renewal.token_id,
            resource: renewal.resource.to_owned(),
            scopes: granted.scopes.clone(),
            secret: SecretString::clone(&granted.access_token),
            issued_at: renewal.issued_at,
            expires_at: renewal.expires_at,
            refresh_at: renewal.refresh_at,
        };
        self.put_token(connection.id, &token, renewal.used_at).await?;
        Ok(true)
    }

    /// Ends the lease, or makes sure that it still holds; `false` when it was lost.
    async fn settle_or_hold(
        &self,
        lease: &Lease,
        settlement: Option<Settlement>,
    ) -> Result<bool, StoreError> {
        match settlement {
            Some(settlement) => JobRepository::settle(self, lease, settlement).await,
            None => self.hold(lease).await,
        }
    }
}

#[async_trait]
impl RefreshLog for Database {
    async fn keep(
        &self,
        scope: &OrgScope,
        renewal: &Renewal<'_>,
        lease: &Lease,
        settlement: Option<Settlement>,
    ) -> Result<bool, SealError> {
        let unit = self.changing(scope).await?;
        // Dropping the unit takes back whatever was written.
        if !unit.renew(renewal).await? {
            return Ok(false);
        }
        // The version says that nothing was overtaken, so what came is kept even if the lease is somebody else's by now;
        // when the row is due next is then theirs to say.
        if !unit.settle_or_hold(lease, settlement).await? {
            tracing::warn!(connection.id = %renewal.connection.id, "a refresh took longer than its lease");
        }
        if let Some(status) = renewal.news {
            let data = json!({
                "connectionId": renewal.connection.id, "status": status.as_str(),
                "grantExpiresAt": renewal.grant_expires_at,
            });
            Box::new(unit).commit(Event::new("connection.status.changed", data).into()).await?;
        } else {
            unit.commit_log().await?;
        }
        Ok(true)
    }

    async fn pause(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        until: DateTime<Utc>,
        lease: &Lease,
        settlement: Option<Settlement>,
    ) -> Result<(), StoreError> {
        use connections::{Column, Entity};
        let unit = self.changing(scope).await?;
        // The row keeps its version: nothing that anybody compares has changed.
        unit.scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(connection.id.uuid()))
            .filter(Column::Version.eq(connection.version))
            .col_expr(Column::PausedUntil, Expr::value(until))
            .col_expr(Column::Failures, Expr::col(Column::Failures).add(1))
            .exec(&unit.connection)
            .await
            .map_err(store_error)?;
        if unit.settle_or_hold(lease, settlement).await? { unit.commit_log().await } else { Ok(()) }
    }
}

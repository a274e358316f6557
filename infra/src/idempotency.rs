//! Idempotency keys in the database.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    access::Actor,
    idempotency::{IdempotencyError, IdempotencyKey, IdempotencyReader, IdempotencyRepository, LIFETIME},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, LockBehavior, LockType, OnConflict},
};
use uuid::Uuid;

use crate::db::{
    Unit,
    idempotency_keys::{ActiveModel, Column, Entity, Model},
    store_error, try_lock,
};

/// How many expired keys a new one takes with it: more than one, so that their number falls as long as anybody uses
/// keys.
const PRUNED_AT_ONCE: u64 = 8;

/// How long it waits for a request with the same key, in milliseconds between one look and the next. Most requests
/// are over by then; and one that failed may have been answered a moment before its transaction is undone. More
/// patience would keep connections from others, so the client has to have it.
const WAITS_MS: [u64; 5] = [5, 10, 20, 40, 80];

/// The caller's word in the table. A new kind of actor must be told from all others, or it would see their things.
fn caller(actor: Actor) -> String {
    match actor {
        Actor::User(id) => format!("user:{id}"),
        Actor::ApiKey { id, .. } => format!("api_key:{id}"),
        Actor::System | Actor::Operator => actor.kind().to_owned(),
    }
}

/// What the row of a key is made of, but for when it expires.
struct KeyRow<'a> {
    caller: &'a str,
    operation: &'a str,
    key: &'a str,
    digest: String,
    made_id: Uuid,
}

/// What the ports answer.
type Claimed = Result<Option<Uuid>, IdempotencyError>;

impl Unit {
    /// `None` when a request with the key still runs.
    async fn try_claim(&self, row: &KeyRow<'_>, lock: &[&str]) -> Result<Option<Claimed>, DbErr> {
        let now = self.ids.clock().now();
        // That there is one row is the primary key's doing. The lock tells a request that runs from one that ended.
        if try_lock(&self.connection, lock).await? && self.write_key(row, now).await? {
            self.prune_keys(now, PRUNED_AT_ONCE).await?;
            return Ok(Some(Ok(None)));
        }
        let live = self.live_key(row.caller, row.operation, row.key, now).await?;
        Ok(live.map(|live| made_by(&live, &row.digest).map(Some)))
    }

    /// Writes the key, over an expired one if there is one; `false` when a live one is there.
    async fn write_key(&self, row: &KeyRow<'_>, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let row = ActiveModel {
            caller: Set(row.caller.to_owned()),
            operation: Set(row.operation.to_owned()),
            key: Set(row.key.to_owned()),
            digest: Set(row.digest.clone()),
            made_id: Set(row.made_id),
            expires_at: Set(now + LIFETIME),
            ..Default::default()
        };
        let over_expired =
            OnConflict::columns([Column::OrgId, Column::Caller, Column::Operation, Column::Key])
                .update_columns([Column::Digest, Column::MadeId, Column::ExpiresAt])
                .action_and_where(Expr::col((Entity, Column::ExpiresAt)).lte(now))
                .to_owned();
        let insert = self.scoped().insert(row).on_conflict(over_expired);
        Ok(insert.exec_without_returning(&self.connection).await? == 1)
    }

    async fn live_key(
        &self,
        caller: &str,
        operation: &str,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Model>, DbErr> {
        self.scoped()
            .find::<Entity>()
            .filter(Column::Caller.eq(caller))
            .filter(Column::Operation.eq(operation))
            .filter(Column::Key.eq(key))
            .filter(Column::ExpiresAt.gt(now))
            .one(&self.connection)
            .await
    }

    /// Deletes at most as many expired keys of the organization; how many. It waits for nobody: what another transaction is about to
    /// delete or to write over is left to it.
    pub(crate) async fn prune_keys(&self, now: DateTime<Utc>, most: u64) -> Result<u64, DbErr> {
        let primary = [Column::Caller, Column::Operation, Column::Key];
        let expired = self
            .scoped()
            .find::<Entity>()
            .select_only()
            .columns(primary)
            .filter(Column::ExpiresAt.lte(now))
            .order_by_asc(Column::ExpiresAt)
            .limit(most)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        let deleted = self
            .scoped()
            .delete::<Entity>()
            .filter(Expr::tuple(primary.map(Expr::col)).in_subquery(expired))
            .exec(&self.connection)
            .await?;
        Ok(deleted.rows_affected)
    }
}

fn digest(key: &IdempotencyKey) -> String {
    URL_SAFE_NO_PAD.encode(key.digest())
}

/// What the request of a row made, for a request with this digest.
fn made_by(live: &Model, digest: &str) -> Result<Uuid, IdempotencyError> {
    if live.digest == digest { Ok(live.made_id) } else { Err(IdempotencyError::Reused) }
}

#[async_trait]
impl IdempotencyReader for Unit {
    async fn earlier(&self, operation: &str, key: &IdempotencyKey) -> Claimed {
        let now = self.ids.clock().now();
        let live = self.live_key(&caller(self.actor()), operation, key.as_str(), now).await;
        live.map_err(store_error)?.map(|live| made_by(&live, &digest(key))).transpose()
    }
}

#[async_trait]
impl IdempotencyRepository for Unit {
    async fn claim(&self, operation: &str, key: &IdempotencyKey, id: Uuid) -> Claimed {
        let caller = caller(self.actor());
        let org_id = self.org_id().to_string();
        let lock = ["idempotency", &org_id, &caller, operation, key.as_str()];
        let digest = digest(key);
        let row = KeyRow { caller: &caller, operation, key: key.as_str(), digest, made_id: id };
        for wait in WAITS_MS {
            if let Some(claimed) = self.try_claim(&row, &lock).await.map_err(store_error)? {
                return claimed;
            }
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let claimed = self.try_claim(&row, &lock).await.map_err(store_error)?;
        claimed.unwrap_or(Err(IdempotencyError::Running))
    }
}

//! The table of the ring's keys: ids, fingerprints and states, never a key.

use chrono::{DateTime, Utc};
use domain::secret::{RingKey, RingKeyState};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType, OnConflict},
};

use super::entities::ring_keys::{ActiveModel, Column, Entity, Model};

/// A key that a process comes with.
pub(crate) struct Fingerprinted {
    pub id: String,
    pub fingerprint: String,
}

/// Why a process does not start with its keys.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Another key had this id before.
    Changed(String),
    /// The key that would wrap is not to be used any more.
    FirstIsRetired(String),
}

fn state(row: &Model) -> RingKeyState {
    // What a newer version calls otherwise is not for this one to use.
    RingKeyState::parse(&row.state).unwrap_or(RingKeyState::Retired)
}

/// Notes the keys that a process comes with, the sealing one first; gives the ids of those that were retired.
#[expect(clippy::disallowed_methods, reason = "a global table: the ring belongs to no organization")]
pub(crate) async fn register(
    connection: &impl ConnectionTrait,
    keys: &[Fingerprinted],
    now: DateTime<Utc>,
) -> Result<Result<Vec<String>, Refused>, DbErr> {
    let mut retired = Vec::new();
    for (position, key) in keys.iter().enumerate() {
        let by_id = || Entity::find().filter(Column::Id.eq(&key.id));
        let mut known = by_id().one(connection).await?;
        if known.is_none() {
            let row = ActiveModel {
                id: Set(key.id.clone()),
                fingerprint: Set(key.fingerprint.clone()),
                state: Set(RingKeyState::Active.as_str().to_owned()),
                first_used_at: Set(now),
                retired_at: Set(None),
            };
            // Another process may be a moment ahead.
            let unless_there = OnConflict::column(Column::Id).do_nothing().to_owned();
            Entity::insert(row).on_conflict(unless_there).exec_without_returning(connection).await?;
            known = by_id().one(connection).await?;
        }
        let Some(known) = known else { continue };
        if known.fingerprint != key.fingerprint {
            return Ok(Err(Refused::Changed(key.id.clone())));
        }
        if state(&known) == RingKeyState::Retired {
            if position == 0 {
                return Ok(Err(Refused::FirstIsRetired(key.id.clone())));
            }
            retired.push(key.id.clone());
        }
    }
    Ok(Ok(retired))
}

/// The state of a key; `None` when no process ever came with it.
#[expect(clippy::disallowed_methods, reason = "a global table: the ring belongs to no organization")]
pub(crate) async fn state_of(
    connection: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<RingKeyState>, DbErr> {
    Ok(Entity::find().filter(Column::Id.eq(id)).one(connection).await?.as_ref().map(state))
}

/// Whether something may be wrapped by a key. The answer holds until the transaction ends: whoever changes the state
/// waits for it.
#[expect(clippy::disallowed_methods, reason = "a global table: the ring belongs to no organization")]
pub(crate) async fn hold_active(connection: &impl ConnectionTrait, id: &str) -> Result<bool, DbErr> {
    let row = Entity::find().filter(Column::Id.eq(id)).lock(LockType::Share).one(connection).await?;
    Ok(row.is_some_and(|row| state(&row) == RingKeyState::Active))
}

/// Every key there ever was, oldest first.
#[expect(clippy::disallowed_methods, reason = "a global table: the ring belongs to no organization")]
pub(crate) async fn list(connection: &impl ConnectionTrait) -> Result<Vec<RingKey>, DbErr> {
    let rows = Entity::find().order_by_asc(Column::FirstUsedAt).order_by_asc(Column::Id).all(connection);
    let key = |row: Model| RingKey {
        state: state(&row),
        id: row.id,
        first_used_at: row.first_used_at,
        retired_at: row.retired_at,
    };
    Ok(rows.await?.into_iter().map(key).collect())
}

/// Changes a key's state; `false` when there is none.
#[expect(clippy::disallowed_methods, reason = "a global table: the ring belongs to no organization")]
pub(crate) async fn set_state(
    connection: &impl ConnectionTrait,
    id: &str,
    state: RingKeyState,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let retired_at = (state == RingKeyState::Retired).then_some(now);
    let updated = Entity::update_many()
        .filter(Column::Id.eq(id))
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::RetiredAt, Expr::value(retired_at))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected > 0)
}

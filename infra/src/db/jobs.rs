//! The table of jobs. It is global: whoever works asks what is due before an organization is known.

use chrono::{DateTime, Utc};
use domain::{
    id::{OrgId, TypedId},
    jobs::{Kind, Lease, Settlement},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, UpdateMany,
    sea_query::{Expr, LockBehavior, LockType, OnConflict, SimpleExpr},
};
use uuid::Uuid;

use super::{
    connection::Connection,
    entities::jobs::{ActiveModel, Column, Entity},
};

pub(crate) use super::entities::jobs::Model;

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
fn find() -> Select<Entity> {
    Entity::find()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
fn update() -> UpdateMany<Entity> {
    Entity::update_many()
}

fn at(kind: Kind, key: Uuid) -> Condition {
    Condition::all().add(Column::Kind.eq(kind.as_str())).add(Column::Key.eq(key))
}

fn under(lease: &Lease) -> Condition {
    at(lease.kind, lease.key).add(Column::Owner.eq(lease.owner))
}

fn nobody() -> SimpleExpr {
    Expr::value(Option::<Uuid>::None)
}

fn never() -> SimpleExpr {
    Expr::value(Option::<DateTime<Utc>>::None)
}

/// A row as it is made.
pub(crate) fn row(kind: Kind, key: Uuid, org_id: Option<OrgId>, run_at: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        kind: Set(kind.as_str().to_owned()),
        key: Set(key),
        org_id: Set(org_id.map(TypedId::uuid)),
        run_at: Set(run_at),
        locked_until: Set(None),
        owner: Set(None),
        attempt: Set(0),
        version: Set(1),
        given_up_at: Set(None),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
pub(crate) async fn add_if_absent(connection: &Connection, row: ActiveModel) -> Result<bool, DbErr> {
    let conflict = OnConflict::columns([Column::Kind, Column::Key]).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await? == 1)
}

/// Makes the row, or makes the one that is there due at the same time. A row of another organization is left alone.
#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
pub(crate) async fn add_or_move(connection: &Connection, row: ActiveModel) -> Result<(), DbErr> {
    let own = Expr::col((Entity, Column::OrgId)).eq(Expr::cust("excluded.org_id"));
    let moved = OnConflict::columns([Column::Kind, Column::Key])
        .update_columns([Column::RunAt, Column::Attempt, Column::GivenUpAt])
        .value(Column::Version, Expr::col((Entity, Column::Version)).add(1))
        .action_and_where(own)
        .to_owned();
    match Entity::insert(row).on_conflict(moved).exec_without_returning(connection).await? {
        1 => Ok(()),
        _ => Err(DbErr::Custom("the key of a job belongs to another organization's".to_owned())),
    }
}

/// What may be claimed: due, not leased, and of a kind that this version knows.
fn claimable(now: DateTime<Utc>) -> Select<Entity> {
    find()
        .filter(Column::GivenUpAt.is_null())
        .filter(Column::RunAt.lte(now))
        .filter(Column::LockedUntil.is_null().or(Column::LockedUntil.lte(now)))
        .filter(Column::Kind.is_in(Kind::ALL.iter().map(|kind| kind.as_str())))
        .order_by_asc(Column::RunAt)
}

/// How many may be claimed now that were due by then.
pub(crate) async fn count_claimable(
    connection: &Connection,
    due_by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    claimable(now).filter(Column::RunAt.lte(due_by)).count(connection).await
}

pub(crate) async fn is_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, DbErr> {
    Ok(claimable(now).one(connection).await?.is_some())
}

/// Locks rows that may be claimed until the transaction ends, past those that another one locked.
pub(crate) async fn due(connection: &Connection, most: u64, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
    claimable(now)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(connection)
        .await
}

/// Leases rows that this transaction has locked.
pub(crate) async fn lease(
    connection: &Connection,
    keys: Vec<(String, Uuid)>,
    owner: Uuid,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Some(any) = any_of(keys) else { return Ok(()) };
    update()
        .filter(any)
        .col_expr(Column::Owner, Expr::value(owner))
        .col_expr(Column::LockedUntil, Expr::value(until))
        .col_expr(Column::Attempt, Expr::col(Column::Attempt).add(1))
        .exec(connection)
        .await?;
    Ok(())
}

fn any_of(keys: Vec<(String, Uuid)>) -> Option<Condition> {
    (!keys.is_empty()).then(|| {
        keys.into_iter().fold(Condition::any(), |any, (kind, key)| {
            any.add(Condition::all().add(Column::Kind.eq(kind)).add(Column::Key.eq(key)))
        })
    })
}

pub(crate) async fn lease_without_attempt(
    connection: &Connection,
    kind: Kind,
    key: Uuid,
    owner: Uuid,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    update()
        .filter(at(kind, key))
        .col_expr(Column::Owner, Expr::value(owner))
        .col_expr(Column::LockedUntil, Expr::value(until))
        .exec(connection)
        .await?;
    Ok(())
}

/// When a job of an organization is due; `None` when there is none, or it was given up.
pub(crate) async fn due_at(
    connection: &Connection,
    kind: Kind,
    key: Uuid,
    org_id: OrgId,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let row = find()
        .filter(at(kind, key))
        .filter(Column::OrgId.eq(org_id.uuid()))
        .filter(Column::GivenUpAt.is_null())
        .one(connection)
        .await?;
    Ok(row.map(|row| row.run_at))
}

/// One row of an organization, locked until the transaction ends where there is one.
pub(crate) async fn one(
    connection: &Connection,
    kind: Kind,
    key: Uuid,
    org_id: OrgId,
) -> Result<Option<Model>, DbErr> {
    let rows = find().filter(at(kind, key)).filter(Column::OrgId.eq(org_id.uuid()));
    rows.lock(LockType::Update).one(connection).await
}

pub(crate) async fn is_leased(
    connection: &Connection,
    kind: Kind,
    key: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let leased = find().filter(at(kind, key)).filter(Column::LockedUntil.gt(now));
    Ok(leased.one(connection).await?.is_some())
}

/// Prolongs a lease that was not lost. One whose time is over and that nobody else took meanwhile holds again.
pub(crate) async fn renew(
    connection: &Connection,
    lease: &Lease,
    until: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let renewed = update().filter(under(lease)).col_expr(Column::LockedUntil, Expr::value(until));
    Ok(renewed.exec(connection).await?.rows_affected == 1)
}

pub(crate) async fn hold(connection: &Connection, lease: &Lease) -> Result<bool, DbErr> {
    Ok(find().filter(under(lease)).lock(LockType::Update).one(connection).await?.is_some())
}

/// Ends a lease. Where the row was scheduled anew since it was leased, it is only given back.
pub(crate) async fn settle(
    connection: &Connection,
    lease: &Lease,
    settlement: Settlement,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let unchanged = || under(lease).add(Column::Version.eq(lease.version));
    let free = || update().col_expr(Column::Owner, nobody()).col_expr(Column::LockedUntil, never());
    let settled = match settlement {
        #[expect(
            clippy::disallowed_methods,
            reason = "a global table: jobs are claimed before an organization is known"
        )]
        Settlement::Done => Entity::delete_many().filter(unchanged()).exec(connection).await?.rows_affected,
        Settlement::Again(run_at) => {
            let again = free().filter(unchanged()).col_expr(Column::RunAt, Expr::value(run_at));
            again.col_expr(Column::Attempt, Expr::value(0)).exec(connection).await?.rows_affected
        }
        Settlement::Retry(run_at) => {
            let retry = free().filter(unchanged()).col_expr(Column::RunAt, Expr::value(run_at));
            retry.exec(connection).await?.rows_affected
        }
        Settlement::GiveUp => {
            let given_up = free().filter(unchanged()).col_expr(Column::GivenUpAt, Expr::value(now));
            given_up.exec(connection).await?.rows_affected
        }
        Settlement::AsItWas => 0,
        Settlement::Release => {
            let one_less = Expr::col(Column::Attempt).sub(1);
            free()
                .filter(unchanged())
                .col_expr(Column::Attempt, one_less)
                .exec(connection)
                .await?
                .rows_affected
        }
    };
    if settled == 1 {
        return Ok(true);
    }
    Ok(free().filter(under(lease)).exec(connection).await?.rows_affected == 1)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
pub(crate) async fn delete(
    connection: &Connection,
    kind: Kind,
    key: Uuid,
    org_id: OrgId,
) -> Result<bool, DbErr> {
    let own = Entity::delete_many().filter(at(kind, key)).filter(Column::OrgId.eq(org_id.uuid()));
    Ok(own.exec(connection).await?.rows_affected == 1)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: jobs are claimed before an organization is known"
)]
pub(crate) async fn forget_given_up(connection: &Connection, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = Entity::delete_many().filter(Column::GivenUpAt.lt(before));
    Ok(old.exec(connection).await?.rows_affected)
}

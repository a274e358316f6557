//! The table of epochs, the truth about revocation; see `crate::epochs` for how a process hears of it.

use chrono::{DateTime, Utc};
use domain::{
    access::Subject,
    id::{AccountId, ApiKeyId, ConnectionId, OrgId, SessionId, TypedId, UserId},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter,
    Statement,
    sea_query::{Expr, OnConflict},
};

use super::entities::epochs::{ActiveModel, Column, Entity, Model};

/// The channel on which PostgreSQL tells of changed epochs.
pub(crate) const CHANNEL: &str = "tenantry_epochs";

fn key(subject: Subject) -> (&'static str, uuid::Uuid) {
    match subject {
        Subject::Organization(id) => ("organization", id.uuid()),
        Subject::User(id) => ("user", id.uuid()),
        Subject::ApiKey(id) => ("api_key", id.uuid()),
        Subject::Session(id) => ("session", id.uuid()),
        Subject::Connection(id) => ("connection", id.uuid()),
        Subject::Connections(id) => ("connections", id.uuid()),
        Subject::Account(id) => ("account", id.uuid()),
    }
}

fn subject(kind: &str, id: uuid::Uuid) -> Option<Subject> {
    match kind {
        "organization" => Some(Subject::Organization(OrgId::from_uuid(id))),
        "user" => Some(Subject::User(UserId::from_uuid(id))),
        "api_key" => Some(Subject::ApiKey(ApiKeyId::from_uuid(id))),
        "connection" => Some(Subject::Connection(ConnectionId::from_uuid(id))),
        "connections" => Some(Subject::Connections(OrgId::from_uuid(id))),
        "account" => Some(Subject::Account(AccountId::from_uuid(id))),
        "session" => Some(Subject::Session(SessionId::from_uuid(id))),
        // A newer version's kind, which nothing in this process depends on.
        _ => None,
    }
}

fn known(row: &Model) -> Option<(Subject, i64)> {
    subject(&row.kind, row.id).map(|subject| (subject, row.epoch))
}

/// Advances the epochs of what a transaction changed, and has PostgreSQL tell of it when it commits.
pub(crate) async fn advance(
    connection: &impl ConnectionTrait,
    touched: &[Subject],
    now: DateTime<Utc>,
) -> Result<Vec<(Subject, i64)>, DbErr> {
    let mut advanced = Vec::with_capacity(touched.len());
    for subject in touched {
        let (kind, id) = key(*subject);
        // A row that was forgotten and is written again must not count from one again: a process that still knows
        // the old row would take the new epoch for the one it knows. The time is beyond all that were counted.
        let row = Model { kind: kind.to_owned(), id, epoch: now.timestamp_micros(), changed_at: now };
        #[expect(
            clippy::disallowed_methods,
            reason = "a global table: epochs are read before an organization is known"
        )]
        let row = Entity::insert(ActiveModel::from(row))
            .on_conflict(
                OnConflict::columns([Column::Kind, Column::Id])
                    .value(Column::Epoch, Expr::col((Entity, Column::Epoch)).add(1))
                    .update_column(Column::ChangedAt)
                    .to_owned(),
            )
            .exec_with_returning(connection)
            .await?;
        if connection.get_database_backend() == DbBackend::Postgres {
            notify(connection, kind, id, row.epoch).await?;
        }
        advanced.push((*subject, row.epoch));
    }
    Ok(advanced)
}

async fn notify(
    connection: &impl ConnectionTrait,
    kind: &str,
    id: uuid::Uuid,
    epoch: i64,
) -> Result<(), DbErr> {
    let payload = format!("{kind} {id} {epoch}");
    #[expect(clippy::disallowed_methods, reason = "pg_notify has no query builder; it touches no table")]
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_notify($1, $2)",
        [CHANNEL.into(), payload.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Reads a notification back; `None` for one that a newer version sent.
pub(crate) fn parse_notification(payload: &str) -> Option<(Subject, i64)> {
    let mut words = payload.split(' ');
    let (kind, id, epoch) = (words.next()?, words.next()?, words.next()?);
    Some((subject(kind, id.parse().ok()?)?, epoch.parse().ok()?))
}

/// Every epoch there is; the table is kept short by [`forget`].
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<(Subject, i64)>, DbErr> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a global table: epochs are read before an organization is known"
    )]
    let rows = Entity::find().all(connection).await?;
    Ok(rows.iter().filter_map(known).collect())
}

/// The epochs of some subjects.
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    subjects: &[Subject],
) -> Result<Vec<(Subject, i64)>, DbErr> {
    let mut any = Condition::any();
    for subject in subjects {
        let (kind, id) = key(*subject);
        any = any.add(Condition::all().add(Column::Kind.eq(kind)).add(Column::Id.eq(id)));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a global table: epochs are read before an organization is known"
    )]
    let rows = Entity::find().filter(any).all(connection).await?;
    Ok(rows.iter().filter_map(known).collect())
}

/// Deletes epochs that are older than anything cached could be.
pub(crate) async fn forget(connection: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a global table: epochs are read before an organization is known"
    )]
    let old = Entity::delete_many().filter(Column::ChangedAt.lt(before)).exec(connection).await?;
    Ok(old.rows_affected)
}

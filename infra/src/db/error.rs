//! From what the database says to what the domain understands.

use domain::store::StoreError;
use sea_orm::{DbErr, SqlErr};

/// Sorts an error: what passes by itself is `Unavailable`, the rest nobody foresaw.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    if is_transient(&error) {
        StoreError::Unavailable(Box::new(error))
    } else {
        StoreError::Unexpected(Box::new(error))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list is of the ones that pass by themselves; all others do not"
)]
fn is_transient(error: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return matches!(error, DbErr::ConnectionAcquire(_));
    };
    let sea_orm::RuntimeErr::SqlxError(cause) = cause else { return false };
    match cause.as_ref() {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // PostgreSQL: connection exceptions, resources, shutting down, serialization. SQLite: busy, locked, full.
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            ["08", "53", "57P", "40"].iter().any(|class| code.len() == 5 && code.starts_with(class))
                || ["5", "6", "13", "261", "517"].contains(&code.as_ref())
        }),
        _ => false,
    }
}

/// A constraint that the database held, where the domain has a name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constraint {
    Unique,
    ForeignKey,
}

/// The constraint that a statement violated, if that is what happened.
pub(crate) fn violated(error: &DbErr) -> Option<Constraint> {
    match error.sql_err()? {
        SqlErr::UniqueConstraintViolation(_) => Some(Constraint::Unique),
        SqlErr::ForeignKeyConstraintViolation(_) => Some(Constraint::ForeignKey),
        _ => None,
    }
}

//! Locks on what has no row yet (PostgreSQL); they end with the transaction.

use aws_lc_rs::digest::{SHA256, digest};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::connection::Connection;

/// Takes the lock of a name until the transaction ends; `false` when another transaction has it. It never waits, so
/// it keeps no connection from others. Two names may share a lock (64 bits of their hash), so it may only decide
/// whether to try again later. On SQLite there is one writer at a time and nothing to take.
pub(crate) async fn try_lock(connection: &Connection, name: &[&str]) -> Result<bool, DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "advisory locks have no query builder; they touch no table"
    )]
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock($1) AS taken",
        [number(name).into()],
    );
    match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "taken"),
        None => Ok(false),
    }
}

fn number(name: &[&str]) -> i64 {
    // No part holds a zero byte, so no two names run into each other.
    let hash = digest(&SHA256, name.join("\0").as_bytes());
    i64::from_be_bytes(hash.as_ref().first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_cut_elsewhere_have_other_numbers() {
        assert_ne!(number(&["ab", "c"]), number(&["a", "bc"]));
        assert_eq!(number(&["ab", "c"]), number(&["ab", "c"]));
    }
}

//! What metrics tell of the database.

use sea_orm::DbBackend;

use super::Database;

/// The connections of the process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// To the database, in use or not.
    pub open: u32,
    pub idle: u32,
}

impl Database {
    /// How the pools are: on SQLite the writer and the readers together.
    pub fn pool_state(&self) -> PoolState {
        if self.reader.get_database_backend() == DbBackend::Sqlite {
            let (writer, reader) =
                (self.writer.get_sqlite_connection_pool(), self.reader.get_sqlite_connection_pool());
            let idle = writer.num_idle() + reader.num_idle();
            return PoolState { open: writer.size() + reader.size(), idle: count(idle) };
        }
        // The writer and the reader are one pool.
        let pool = self.reader.get_postgres_connection_pool();
        PoolState { open: pool.size(), idle: count(pool.num_idle()) }
    }
}

fn count(idle: usize) -> u32 {
    u32::try_from(idle).unwrap_or(u32::MAX)
}

/// Counts an organization or a user that was seen for the first time.
pub(crate) fn count_provisioned(kind: &'static str, added: bool) {
    if added {
        metrics::counter!("tenantry_provisioned_total", "kind" => kind).increment(1);
    }
}

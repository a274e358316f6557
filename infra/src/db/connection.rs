//! What statements run on. It counts them, so that a test can show that a refusal costs as many as an answer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

use super::cuts::Cuts;

/// A pool or a transaction.
pub(crate) struct Connection {
    on: On,
    /// Of a pool that is only read from: what met a cut connection is asked again.
    again: Option<Cuts>,
    statements: Arc<AtomicU64>,
}

enum On {
    /// Each statement for itself.
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl Connection {
    pub(super) fn pool(pool: DatabaseConnection, statements: Arc<AtomicU64>) -> Self {
        Self { on: On::Pool(pool), again: None, statements }
    }

    /// A pool that is only read from. SQLite has no connections that anybody could cut.
    pub(super) fn reading_pool(pool: DatabaseConnection, cuts: &Cuts, statements: Arc<AtomicU64>) -> Self {
        let again = (pool.get_database_backend() == DbBackend::Postgres).then(|| cuts.clone());
        Self { again, ..Self::pool(pool, statements) }
    }

    pub(super) fn transaction(transaction: DatabaseTransaction, statements: Arc<AtomicU64>) -> Self {
        Self { on: On::Transaction(transaction), again: None, statements }
    }

    /// Makes the transaction's changes lasting.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self.on {
            On::Pool(_) => Ok(()),
            On::Transaction(transaction) => transaction.commit().await,
        }
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        match &self.on {
            On::Pool(pool) => pool.get_database_backend(),
            On::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        match &self.on {
            On::Pool(pool) => pool.execute_raw(statement).await,
            On::Transaction(transaction) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        match &self.on {
            On::Pool(pool) => pool.execute_unprepared(sql).await,
            On::Transaction(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        match (&self.on, &self.again) {
            (On::Pool(pool), Some(cuts)) => cuts.twice(|| pool.query_one_raw(statement.clone())).await,
            (On::Pool(pool), None) => pool.query_one_raw(statement).await,
            (On::Transaction(transaction), _) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        match (&self.on, &self.again) {
            (On::Pool(pool), Some(cuts)) => cuts.twice(|| pool.query_all_raw(statement.clone())).await,
            (On::Pool(pool), None) => pool.query_all_raw(statement).await,
            (On::Transaction(transaction), _) => transaction.query_all_raw(statement).await,
        }
    }
}

//! The database: SQLite or PostgreSQL behind the same repositories.
//!
//! The handles are private, and what leaves this module is a [`Unit`](unit::Unit) inside one organization, a
//! narrow question over a global table, or nothing.

mod account_unit;
mod advisory_lock;
pub(crate) mod before_scope;
mod connect;
mod connection;
mod cuts;
#[expect(unreachable_pub, reason = "the derive makes public items; what is private is the module")]
mod entities;
pub(crate) mod epochs;
mod error;
mod gauges;
mod inspect;
pub(crate) mod jobs;
pub(crate) mod lookups;
pub(crate) mod onboarding;
mod operators;
pub(crate) mod owned;
pub(crate) mod purge;
pub(crate) mod ring_keys;
mod schema;
mod scoped;
mod sealed;
mod unit;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    access::{AccountScope, OrgScope},
    clock::Clock,
    entropy::Entropy,
    id::Ids,
    secret::RingKeyState,
    store::{AccountReader, AccountTx, OrgReader, OrgTx, Store, StoreError},
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::Notify;

pub(crate) use account_unit::{AccountOwned, AccountUnit};
pub(crate) use advisory_lock::try_lock;
pub use connect::{ConnectError, DatabaseUrl};
pub(crate) use connection::Connection;
pub(crate) use cuts::Cuts;
pub(crate) use entities::{
    accounts, annotation_terms, annotations, api_key_secrets, api_key_uses, api_keys, connection_tokens,
    connections, data_keys, device_sign_ins, idempotency_keys, identities, memberships, onboardings,
    organizations, sessions, taxonomies, terms, user_imports, users,
};
pub(crate) use error::{Constraint, store_error, violated};
pub use gauges::PoolState;
pub(crate) use gauges::count_provisioned;
pub use inspect::{Inspection, inspect};
pub(crate) use lookups::Lookup;
pub use schema::{MigrationReport, SchemaError, migrate};
pub(crate) use scoped::{Edited, OrgOwned, insert_if_absent};
pub(crate) use sealed::{SealedRows, TABLES as SEALED_TABLES, place};
pub(crate) use unit::Unit;

use crate::{
    crypto::{KeyRing, KeyRingError, Vault},
    epochs::EpochWatch,
};

/// Gives the ring when it is needed.
pub type RingSource = Box<dyn FnOnce() -> Result<KeyRing, KeyRingError> + Send>;

/// What a database is opened with.
pub struct DatabaseSettings {
    pub url: DatabaseUrl,
    pub ids: Ids,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Gives the service's keys, which wrap the data keys of organizations; asked once the database is known to be
    /// ours, so that no file of keys is made beside somebody else's.
    pub ring: RingSource,
    /// How long hot entries are trusted when neither revocations nor the database can be reached.
    pub revocation_max_stale: Duration,
}

/// An open database whose schema is known and whose role is not too strong.
#[derive(Clone)]
pub struct Database {
    /// SQLite: one connection, so that writers wait in line here and not in the file's lock. PostgreSQL: the pool.
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    cuts: Cuts,
    ids: Ids,
    watch: EpochWatch,
    vault: Arc<Vault>,
    /// Told when this process scheduled a job.
    work: Arc<Notify>,
    statements: Arc<AtomicU64>,
}

impl Database {
    /// Opens the database. A new or older SQLite file is migrated, an older one after a copy of it was made beside
    /// it; on PostgreSQL the schema must be current and the role weak enough for row-level security to bind it.
    pub async fn open(settings: DatabaseSettings) -> Result<Self, SchemaError> {
        let DatabaseSettings { url, ids, clock, entropy, ring, revocation_max_stale } = settings;
        if let DatabaseUrl::SqliteFile(_) = &url {
            // Before anything of it is changed.
            inspect(&url).await?;
        }
        let cuts = Cuts::default();
        let (writer, reader) = connect::open(&url, &cuts).await?;
        if writer.get_database_backend() == DbBackend::Postgres {
            schema::check_postgres(&writer).await?;
        } else {
            schema::prepare_sqlite(&writer, &url, clock.as_ref()).await?;
        }
        let ring = register(&writer, ring()?, clock.as_ref()).await?;
        let watch =
            EpochWatch::new(reader.clone(), cuts.clone(), clock, revocation_max_stale, url.is_memory());
        let vault = Arc::new(Vault::new(ring, entropy, watch.clone()));
        let (work, statements) = (Arc::default(), Arc::default());
        Ok(Self { writer, reader, cuts, ids, watch, vault, work, statements })
    }

    /// The service's keys, without those that were retired.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.vault.ring()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) async fn set_ring_key_state(&self, id: &str, state: RingKeyState) -> Result<bool, DbErr> {
        ring_keys::set_state(&self.writer, id, state, self.ids.clock().now()).await
    }

    /// How this process hears of revocations.
    pub fn epochs(&self) -> EpochWatch {
        self.watch.clone()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        crate::epochs::ping(&self.reader).await.map_err(store_error)
    }

    /// How many statements were run inside organizations since it was opened.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Closes the connections.
    pub async fn close(self) -> Result<(), StoreError> {
        self.reader.close().await.map_err(store_error)?;
        self.writer.close().await.map_err(store_error)
    }

    /// For questions over global tables; what an organization owns is not to be had with it.
    pub(crate) fn global(&self) -> Connection {
        Connection::reading_pool(self.reader.clone(), &self.cuts, Arc::clone(&self.statements))
    }

    /// The same, where something is changed by a single statement.
    pub(crate) fn global_writer(&self) -> Connection {
        Connection::pool(self.writer.clone(), Arc::clone(&self.statements))
    }

    /// A transaction over global tables; row-level security shows it nothing of any organization.
    pub(crate) async fn global_transaction(&self) -> Result<Connection, DbErr> {
        Ok(Connection::transaction(self.begin_writing().await?, Arc::clone(&self.statements)))
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    pub(crate) fn work(&self) -> &Notify {
        &self.work
    }

    /// A unit of work that changes something.
    pub(crate) async fn unit(&self, scope: &OrgScope) -> Result<Unit, DbErr> {
        Ok(Unit::changing(scope.clone(), self.transaction(scope).await?, self))
    }

    async fn begin_writing(&self) -> Result<DatabaseTransaction, DbErr> {
        let begin = || {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            };
            self.writer.begin_with_options(options)
        };
        self.cuts.twice(begin).await
    }

    async fn transaction(&self, scope: &OrgScope) -> Result<Connection, DbErr> {
        let transaction = self.begin_writing().await?;
        if self.writer.get_database_backend() == DbBackend::Postgres {
            #[expect(
                clippy::disallowed_methods,
                reason = "set_config has no query builder; it is what RLS goes by"
            )]
            let statement = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT set_config($1, $2, true)",
                [migration::row_level_security::SETTING.into(), scope.org_id().to_string().into()],
            );
            transaction.query_one_raw(statement).await?;
        }
        Ok(Connection::transaction(transaction, Arc::clone(&self.statements)))
    }
}

/// Makes a SQLite file or brings it up to date, as opening it does; no keys are needed for it.
pub async fn migrate_file(url: &DatabaseUrl, clock: &dyn Clock) -> Result<(), SchemaError> {
    if let DatabaseUrl::SqliteFile(_) = url {
        // Before anything of it is changed.
        inspect(url).await?;
    }
    let (writer, reader) = connect::open(url, &Cuts::default()).await?;
    schema::prepare_sqlite(&writer, url, clock).await?;
    reader.close().await.map_err(SchemaError::Inspect)?;
    writer.close().await.map_err(SchemaError::Inspect)
}

/// Notes the keys that this process comes with, and leaves out what was retired.
async fn register(
    writer: &DatabaseConnection,
    ring: KeyRing,
    clock: &dyn Clock,
) -> Result<KeyRing, SchemaError> {
    let keys: Vec<ring_keys::Fingerprinted> = ring
        .subkeys("fingerprint")
        .map(|(id, key)| ring_keys::Fingerprinted {
            id: id.to_owned(),
            fingerprint: URL_SAFE_NO_PAD.encode(key.as_ref()),
        })
        .collect();
    let registered = ring_keys::register(writer, &keys, clock.now()).await.map_err(SchemaError::Inspect)?;
    match registered {
        Ok(retired) => {
            if !retired.is_empty() {
                tracing::warn!(keys = retired.join(", "), "retired keys are configured; take them out");
            }
            Ok(ring.without(&retired))
        }
        Err(ring_keys::Refused::Changed(id)) => Err(SchemaError::KeyChanged(id)),
        Err(ring_keys::Refused::FirstIsRetired(id)) => Err(SchemaError::KeyRetired(id)),
    }
}

impl Database {
    pub(crate) async fn changing(&self, scope: &OrgScope) -> Result<Unit, StoreError> {
        self.unit(scope).await.map_err(store_error)
    }

    /// On PostgreSQL a read has a transaction too: row-level security goes by a setting that lives in one.
    pub(crate) async fn reading(&self, scope: &OrgScope) -> Result<Unit, StoreError> {
        let connection = if self.reader.get_database_backend() == DbBackend::Postgres {
            self.transaction(scope).await.map_err(store_error)?
        } else {
            self.global()
        };
        Ok(Unit::reading(scope.clone(), connection, self))
    }
}

#[async_trait]
impl Store for Database {
    async fn begin(&self, scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError> {
        Ok(Box::new(self.changing(scope).await?))
    }

    async fn read(&self, scope: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError> {
        Ok(Box::new(self.reading(scope).await?))
    }

    async fn begin_account(&self, scope: &AccountScope) -> Result<Box<dyn AccountTx>, StoreError> {
        let unit = self.unit(scope.organization()).await.map_err(store_error)?;
        Ok(Box::new(AccountUnit::new(scope, unit)))
    }

    async fn read_account(&self, scope: &AccountScope) -> Result<Box<dyn AccountReader>, StoreError> {
        let organization = scope.organization().clone();
        let unit = Unit::reading(organization, self.global(), self);
        Ok(Box::new(AccountUnit::new(scope, unit)))
    }
}

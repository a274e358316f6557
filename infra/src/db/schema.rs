//! Which schema the database has, whether this version knows it, and how it is brought up to date.

use std::{path::Path, str::FromStr};

use domain::clock::Clock;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

use super::{
    connect::{self, ConnectError, DatabaseUrl},
    cuts::Cuts,
};
use crate::crypto::KeyRingError;

/// Any number will do, as long as every replica uses the same.
const ADVISORY_LOCK: i64 = 7_364_011_520;

/// Why the service does not start on a database.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    #[error(
        "the database holds tables of something else; point DATABASE_URL at an empty database or at Tenantry's own"
    )]
    Foreign,
    #[error("the schema is newer than this version of Tenantry (it does not know {}); run the version that made it, or restore the copy from before", .0.join(", "))]
    Newer(Vec<String>),
    #[error("the schema is older than this version needs ({} missing); run `tenantry migrate` with DATABASE_ADMIN_URL", .0.join(", "))]
    Older(Vec<String>),
    #[error(
        "the role {0} is a superuser, so row-level security does not bind it; give DATABASE_URL a role without SUPERUSER"
    )]
    Superuser(String),
    #[error("the role {0} bypasses row-level security; give DATABASE_URL a role without BYPASSRLS")]
    BypassesRowSecurity(String),
    #[error(
        "the role {role} owns the table {table} (or is a member of the role that does); tables belong to the role of DATABASE_ADMIN_URL, and DATABASE_URL must be another"
    )]
    OwnsTables { role: String, table: String },
    #[error(
        "the role {role} may not {right} the table {table}; run `tenantry migrate` with DATABASE_ADMIN_URL, which grants the role of DATABASE_URL what it needs"
    )]
    NotGranted { role: String, right: String, table: String },
    #[error("the role {0} of DATABASE_URL does not exist; make it first: CREATE ROLE {0} LOGIN PASSWORD '…'")]
    NoSuchRole(String),
    #[error("DATABASE_URL and DATABASE_ADMIN_URL use the same role {0}; the service must not own its tables")]
    SameRole(String),
    #[error("the copy of the database that is made before a migration failed")]
    Copy(#[source] DbErr),
    #[error(
        "the key {0:?} is not the one that this database was used with; give back the key that it was, or give the new one an id of its own in TOKEN_KEYS, in front of the old one"
    )]
    KeyChanged(String),
    #[error("the key {0:?}, which would seal, was retired; put another one in front of it in TOKEN_KEYS")]
    KeyRetired(String),
    #[error("the database refused while its schema was looked at")]
    Inspect(#[source] DbErr),
    #[error("the migration failed; nothing of the step that failed was kept")]
    Migrate(#[source] DbErr),
}

/// What a migration did.
#[derive(Debug)]
pub struct MigrationReport {
    /// The steps that were carried out, oldest first.
    pub applied: Vec<String>,
    /// The role that may now use the tables (PostgreSQL).
    pub granted_to: Option<String>,
}

/// How often a SQLite file is tried to be migrated, and the pause between, before the failure is told.
const MIGRATION_TRIES: u32 = 8;
const MIGRATION_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

pub(super) struct Status {
    pub(super) pending: Vec<String>,
    pub(super) unknown: Vec<String>,
}

fn raw(backend: DbBackend, sql: &str) -> Statement {
    #[expect(clippy::disallowed_methods, reason = "questions about the catalog, not about anybody's rows")]
    Statement::from_string(backend, sql)
}

pub(super) async fn status(database: &DatabaseConnection) -> Result<Status, SchemaError> {
    let backend = database.get_database_backend();
    let tables = if backend == DbBackend::Postgres {
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    let rows = database.query_all_raw(raw(backend, tables)).await.map_err(SchemaError::Inspect)?;
    let tables: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "name"))
        .collect::<Result<_, _>>()
        .map_err(SchemaError::Inspect)?;
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    if !tables.iter().any(|table| table == "seaql_migrations") {
        return if tables.is_empty() {
            Ok(Status { pending: known, unknown: Vec::new() })
        } else {
            Err(SchemaError::Foreign)
        };
    }
    let rows = database
        .query_all_raw(raw(backend, "SELECT version FROM seaql_migrations ORDER BY version"))
        .await
        .map_err(SchemaError::Inspect)?;
    let applied: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "version"))
        .collect::<Result<_, _>>()
        .map_err(SchemaError::Inspect)?;
    // Another program's migrations in the same kind of table.
    if !applied.is_empty() && !applied.iter().any(|step| known.contains(step)) {
        return Err(SchemaError::Foreign);
    }
    Ok(Status {
        pending: known.iter().filter(|step| !applied.contains(step)).cloned().collect(),
        unknown: applied.into_iter().filter(|step| !known.contains(step)).collect(),
    })
}

/// Makes or updates a SQLite schema; a file that has one already is copied beside itself first.
pub(super) async fn prepare_sqlite(
    database: &DatabaseConnection,
    url: &DatabaseUrl,
    clock: &dyn Clock,
) -> Result<(), SchemaError> {
    let is_new =
        Migrator::get_applied_migrations_read_only(database).await.map_or(true, |applied| applied.is_empty());
    let status = status(database).await?;
    if !status.unknown.is_empty() {
        return Err(SchemaError::Newer(status.unknown));
    }
    if status.pending.is_empty() {
        return Ok(());
    }
    if let (DatabaseUrl::SqliteFile(path), false) = (url, is_new) {
        copy_beside(database, path, clock).await?;
    }
    // Another process that started at the same time may be a step ahead: what it has made is there when we try to.
    // Each step is a transaction, so trying again does no harm.
    for _ in 0..MIGRATION_TRIES {
        if Migrator::up(database, None).await.is_ok() || self::status(database).await?.pending.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(MIGRATION_PAUSE).await;
    }
    Migrator::up(database, None).await.map_err(SchemaError::Migrate)
}

async fn copy_beside(
    database: &DatabaseConnection,
    path: &Path,
    clock: &dyn Clock,
) -> Result<(), SchemaError> {
    let stamp = clock.now().format("%Y%m%dT%H%M%SZ");
    let copy = format!("{}.before-migration-{stamp}", path.display());
    // An empty file is written into; its rights stay.
    let private = connect::make_private(Path::new(&copy));
    private.map_err(|error| SchemaError::Copy(DbErr::Custom(error.to_string())))?;
    let sql = format!("VACUUM INTO '{}'", copy.replace('\'', "''"));
    database.execute_unprepared(&sql).await.map_err(SchemaError::Copy)?;
    tracing::info!(copy, "copied the database before migrating it");
    Ok(())
}

/// The schema must be current, and the role one that row-level security binds.
pub(super) async fn check_postgres(database: &DatabaseConnection) -> Result<(), SchemaError> {
    // Whoever may not read this table can be told nothing more.
    check_grants(database, &[("SELECT", "relname = 'seaql_migrations'")]).await?;
    let status = status(database).await?;
    if !status.unknown.is_empty() {
        return Err(SchemaError::Newer(status.unknown));
    }
    check_role(database).await?;
    if !status.pending.is_empty() {
        return Err(SchemaError::Older(status.pending));
    }
    let ours = "relname <> 'seaql_migrations'";
    check_grants(database, &[("SELECT", ours), ("INSERT", ours), ("UPDATE", ours), ("DELETE", ours)]).await
}

/// The role may do what it needs with each of the tables.
async fn check_grants(
    database: &DatabaseConnection,
    rights: &[(&str, &'static str)],
) -> Result<(), SchemaError> {
    for (right, tables) in rights {
        let lacking = format!(
            "SELECT current_user::text AS role, relname::text AS name FROM pg_class \
             WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND {tables} \
             AND NOT has_table_privilege(current_user, oid, '{right}') ORDER BY relname LIMIT 1"
        );
        let lacking =
            database.query_one_raw(raw(DbBackend::Postgres, &lacking)).await.map_err(SchemaError::Inspect)?;
        if let Some(row) = lacking {
            let text = |name: &str| row.try_get("", name).map_err(SchemaError::Inspect);
            return Err(SchemaError::NotGranted {
                role: text("role")?,
                right: (*right).to_owned(),
                table: text("name")?,
            });
        }
    }
    Ok(())
}

async fn check_role(database: &DatabaseConnection) -> Result<(), SchemaError> {
    let role =
        "SELECT rolname::text AS role, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user";
    let row = database
        .query_one_raw(raw(DbBackend::Postgres, role))
        .await
        .map_err(SchemaError::Inspect)?
        .ok_or_else(|| SchemaError::Inspect(DbErr::RecordNotFound("the current role".to_owned())))?;
    let role: String = row.try_get("", "role").map_err(SchemaError::Inspect)?;
    if row.try_get("", "rolsuper").map_err(SchemaError::Inspect)? {
        return Err(SchemaError::Superuser(role));
    }
    if row.try_get("", "rolbypassrls").map_err(SchemaError::Inspect)? {
        return Err(SchemaError::BypassesRowSecurity(role));
    }
    let owned = "SELECT relname::text AS name FROM pg_class \
                 WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace \
                 AND pg_has_role(current_user, relowner, 'MEMBER') LIMIT 1";
    let owned =
        database.query_one_raw(raw(DbBackend::Postgres, owned)).await.map_err(SchemaError::Inspect)?;
    match owned {
        Some(row) => {
            let table = row.try_get("", "name").map_err(SchemaError::Inspect)?;
            Err(SchemaError::OwnsTables { role, table })
        }
        None => Ok(()),
    }
}

/// Brings a PostgreSQL schema up to date as the role of `admin`, and lets the role of `service` use it. Replicas
/// that do this at once wait for each other.
pub async fn migrate(admin: &SecretString, service: &SecretString) -> Result<MigrationReport, SchemaError> {
    let role = user(service)?;
    if role == user(admin)? {
        return Err(SchemaError::SameRole(role));
    }
    // One connection: the lock belongs to the session that took it.
    let database = connect::postgres(admin, 1, &Cuts::default()).await.map_err(ConnectError::Unreachable)?;
    let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
    database.execute_unprepared(&lock).await.map_err(SchemaError::Migrate)?;
    let report = migrate_locked(&database, role).await;
    let unlock = format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})");
    // Closing the session releases the lock as well.
    if let Err(error) = database.execute_unprepared(&unlock).await {
        tracing::warn!(%error, "the migration lock could not be released");
    }
    report
}

async fn migrate_locked(database: &DatabaseConnection, role: String) -> Result<MigrationReport, SchemaError> {
    let status = status(database).await?;
    if !status.unknown.is_empty() {
        return Err(SchemaError::Newer(status.unknown));
    }
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    let exists = format!("SELECT 1 AS one FROM pg_roles WHERE rolname = '{}'", role.replace('\'', "''"));
    if database
        .query_one_raw(raw(DbBackend::Postgres, &exists))
        .await
        .map_err(SchemaError::Inspect)?
        .is_none()
    {
        return Err(SchemaError::NoSuchRole(role));
    }
    Migrator::up(database, None).await.map_err(SchemaError::Migrate)?;
    let grants = format!(
        "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO {quoted}', current_schema()); \
         EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {quoted}', current_schema()); \
         END $$; \
         REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM {quoted};"
    );
    database.execute_unprepared(&grants).await.map_err(SchemaError::Migrate)?;
    Ok(MigrationReport { applied: status.pending, granted_to: Some(role) })
}

fn user(url: &SecretString) -> Result<String, SchemaError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|error| {
        ConnectError::Unreachable(DbErr::Conn(sea_orm::RuntimeErr::Internal(error.to_string())))
    })?;
    Ok(options.get_username().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn the_copy_has_what_was_written_and_is_no_longer_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it's.db");
        let (database, _) =
            connect::open(&DatabaseUrl::SqliteFile(file.clone()), &Cuts::default()).await.unwrap();
        database.execute_unprepared("CREATE TABLE a (b); INSERT INTO a VALUES (1)").await.unwrap();
        copy_beside(&database, &file, &SystemClock).await.unwrap();
        database.execute_unprepared("INSERT INTO a VALUES (2)").await.unwrap();

        let mut files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let copy = files.find(|file| file.to_string_lossy().contains(".db.before-migration-2")).unwrap();
        let (copy, _) = connect::open(&DatabaseUrl::SqliteFile(copy), &Cuts::default()).await.unwrap();
        let rows = copy.query_all_raw(raw(DbBackend::Sqlite, "SELECT b FROM a")).await.unwrap();
        assert_eq!(rows.len(), 1);
    }
}

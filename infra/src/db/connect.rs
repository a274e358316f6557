//! Opening connections.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection,
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use super::cuts::Cuts;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file; made when it is not there.
    SqliteFile(PathBuf),
    /// Gone when the process ends.
    SqliteMemory,
    /// With a password in it, perhaps.
    Postgres(SecretString),
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the file {file} for the database cannot be made")]
    File {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the folder {folder} for the database cannot be made")]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "the database cannot be reached: check DATABASE_URL, and that the server runs and lets the role in"
    )]
    Unreachable(#[source] DbErr),
    #[error(
        "the file {file} cannot be opened as a SQLite database: check DATABASE_URL and the file's rights"
    )]
    NotSqlite {
        file: PathBuf,
        #[source]
        source: DbErr,
    },
}

impl DatabaseUrl {
    pub(crate) fn is_memory(&self) -> bool {
        matches!(self, Self::SqliteMemory)
    }
}

/// Opens the writer and the reader.
pub(super) async fn open(
    url: &DatabaseUrl,
    cuts: &Cuts,
) -> Result<(DatabaseConnection, DatabaseConnection), ConnectError> {
    match url {
        DatabaseUrl::Postgres(url) => {
            let pool = postgres(url, 16, cuts).await.map_err(ConnectError::Unreachable)?;
            Ok((pool.clone(), pool))
        }
        DatabaseUrl::SqliteMemory => {
            let only = sqlite("sqlite::memory:".to_owned(), 1, Access::Write)
                .await
                .map_err(ConnectError::Unreachable)?;
            Ok((only.clone(), only))
        }
        DatabaseUrl::SqliteFile(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|source| ConnectError::Folder { folder: folder.to_owned(), source })?;
            }
            make_private(path).map_err(|source| ConnectError::File { file: path.clone(), source })?;
            let url = format!("sqlite://{}", path.display());
            let failed = |source| ConnectError::NotSqlite { file: path.clone(), source };
            let writer = sqlite(url.clone(), 1, Access::Write).await.map_err(failed)?;
            let reader = sqlite(url, 8, Access::Read).await.map_err(failed)?;
            Ok((writer, reader))
        }
    }
}

/// A pool of PostgreSQL connections. Statements are never logged: their values are other people's data.
pub(super) async fn postgres(
    url: &SecretString,
    connections: u32,
    cuts: &Cuts,
) -> Result<DatabaseConnection, DbErr> {
    let cuts = cuts.clone();
    let mut options = ConnectOptions::new(url.expose_secret());
    options
        .max_connections(connections)
        .connect_timeout(Duration::from_secs(5))
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(10))
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_before_acquire(move |connection, known| {
            let is_suspect = cuts.concern(known.idle_for);
            Box::pin(async move { Ok(!is_suspect || connection.ping().await.is_ok()) })
        })
        .set_application_name("tenantry")
        .sqlx_logging(false);
    Database::connect(options).await
}

/// Makes the file, unless it is there, so that only the service's own user reads it. What SQLite puts beside it has the
/// same rights.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What a SQLite connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    Read,
    /// Changes nothing about the file, not even how its journal is kept: it may be somebody else's.
    Look,
}

pub(super) async fn sqlite(
    url: String,
    connections: u32,
    access: Access,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options.foreign_keys(true).busy_timeout(Duration::from_secs(5));
            if access == Access::Look {
                return options.create_if_missing(false).read_only(true);
            }
            let options = options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            if access == Access::Read { options.pragma("query_only", "ON") } else { options }
        });
    // The connection of an in-memory database is the database.
    options.idle_timeout(None).max_lifetime(None);
    Database::connect(options).await
}

//! A look at a database without changing anything about it.

use sea_orm::ConnectionTrait;

use super::{
    DatabaseUrl,
    connect::{self, Access, ConnectError},
    cuts::Cuts,
    schema::{self, SchemaError, check_postgres},
};

/// A database that the service can start on, and what starting would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    /// The schema is the one of this version.
    Current,
    /// `serve` makes it.
    New,
    /// `serve` carries these steps out, after copying the file.
    Older(Vec<String>),
}

/// Looks at the database of a URL, as the role that the service uses.
pub async fn inspect(url: &DatabaseUrl) -> Result<Inspection, SchemaError> {
    match url {
        DatabaseUrl::SqliteMemory => Ok(Inspection::New),
        // Opening would make it.
        DatabaseUrl::SqliteFile(path) if !path.exists() => Ok(Inspection::New),
        DatabaseUrl::SqliteFile(path) => {
            let failed = |source| ConnectError::NotSqlite { file: path.clone(), source };
            let url = format!("sqlite://{}", path.display());
            let database = connect::sqlite(url, 1, Access::Look).await.map_err(failed)?;
            // Nothing of the file was read so far.
            database.execute_unprepared("PRAGMA schema_version").await.map_err(failed)?;
            let status = schema::status(&database).await?;
            database.close().await.map_err(failed)?;
            if !status.unknown.is_empty() {
                return Err(SchemaError::Newer(status.unknown));
            }
            if status.pending.is_empty() {
                Ok(Inspection::Current)
            } else {
                Ok(Inspection::Older(status.pending))
            }
        }
        DatabaseUrl::Postgres(url) => {
            let database =
                connect::postgres(url, 1, &Cuts::default()).await.map_err(ConnectError::Unreachable)?;
            check_postgres(&database).await?;
            Ok(Inspection::Current)
        }
    }
}

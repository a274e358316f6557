//! The database: one URL, or the parts of one.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    reader::{Parsed, Reader},
    setting::Setting,
};

static DATABASE_URL: Setting = Setting::new("DATABASE_URL", "database.url").secret();
static DATABASE_ADMIN_URL: Setting = Setting::new("DATABASE_ADMIN_URL", "database.admin_url").secret();
static POSTGRES_HOST: Setting = Setting::environment_only("POSTGRES_HOST");
static POSTGRES_PORT: Setting = Setting::environment_only("POSTGRES_PORT");
static POSTGRES_USER: Setting = Setting::environment_only("POSTGRES_USER");
static POSTGRES_PASSWORD: Setting = Setting::environment_only("POSTGRES_PASSWORD").secret();
static POSTGRES_DB: Setting = Setting::environment_only("POSTGRES_DB");

pub(super) static SETTINGS: &[&Setting] = &[
    &DATABASE_URL,
    &DATABASE_ADMIN_URL,
    &POSTGRES_HOST,
    &POSTGRES_PORT,
    &POSTGRES_USER,
    &POSTGRES_PASSWORD,
    &POSTGRES_DB,
];

const DEFAULT_URL: &str = "sqlite://data/tenantry.db";
const DEFAULT_POSTGRES_PORT: u16 = 5432;

/// Which database the URL means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    SqliteFile(PathBuf),
    /// Gone with the process.
    SqliteMemory,
    Postgres,
}

/// `[database]`.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    pub kind: DatabaseKind,
    pub url: SecretString,
    /// The owner of the schema, for `tenantry migrate` only.
    pub admin_url: Option<SecretString>,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let given = reader.secret(&DATABASE_URL);
        let url = if reader.is_set(&DATABASE_URL) { given } else { composed(reader) };
        let url = url.unwrap_or_else(|| SecretString::from(DEFAULT_URL));
        let url = SecretString::from(url.expose_secret().trim());
        let kind = kind(url.expose_secret()).unwrap_or_else(|refusal| {
            if reader.is_set(&DATABASE_URL) {
                reader.problem(&DATABASE_URL, format!("the value {refusal}"));
            } else {
                reader.problem(&POSTGRES_HOST, "is no host; give a name or an address");
            }
            DatabaseKind::SqliteMemory
        });
        let admin_url = reader.value(&DATABASE_ADMIN_URL, |text| match kind_of_server(text) {
            Some(_) => Ok(SecretString::from(text)),
            None => Err("is not a PostgreSQL URL; give one such as postgres://owner:…@host/database"),
        });
        Self { kind, url, admin_url }
    }
}

/// The URL that the `POSTGRES_…` names make together; `None` when they name no server.
fn composed(reader: &mut Reader) -> Option<SecretString> {
    let plain = |text: &str| Ok(text.to_owned());
    let host = reader.value(&POSTGRES_HOST, plain);
    let port = reader.value(&POSTGRES_PORT, |text| {
        text.parse().ok().filter(|port| *port > 0).ok_or("is not a port; give a number from 1 to 65535")
    });
    let user = reader.value(&POSTGRES_USER, plain);
    let password = reader.secret(&POSTGRES_PASSWORD);
    let database = reader.value(&POSTGRES_DB, plain);
    let names = [&POSTGRES_HOST, &POSTGRES_USER, &POSTGRES_DB];
    if !names.into_iter().chain([&POSTGRES_PASSWORD]).any(|setting| reader.is_set(setting)) {
        return None;
    }
    for setting in names {
        if !reader.is_set(setting) {
            reader.problem(
                setting,
                "not set, though other POSTGRES_ names are; set it, or give DATABASE_URL instead",
            );
        }
    }
    let (host, user, database) = (host?, user?, database?);
    let host = if host.contains(':') { format!("[{host}]") } else { encoded(&host) };
    let port = port.unwrap_or(DEFAULT_POSTGRES_PORT);
    let password =
        password.map(|password| format!(":{}", encoded(password.expose_secret()))).unwrap_or_default();
    let url = format!("postgres://{}{password}@{host}:{port}/{}", encoded(&user), encoded(&database));
    Some(SecretString::from(url))
}

/// Percent-encoded, so that no character of a password ends it (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            encoded + &format!("%{byte:02X}")
        }
    })
}

fn kind(url: &str) -> Parsed<DatabaseKind> {
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.strip_prefix("//").unwrap_or(path);
        return if path == ":memory:" || query.split('&').any(|pair| pair == "mode=memory") {
            Ok(DatabaseKind::SqliteMemory)
        } else if path.is_empty() {
            Err("names no file; give one, such as sqlite://data/tenantry.db")
        } else {
            Ok(DatabaseKind::SqliteFile(PathBuf::from(path)))
        };
    }
    kind_of_server(url).ok_or(
        "is not a database URL that is known; give sqlite://path, sqlite::memory: or \
         postgres://user:password@host/database, with other characters percent-encoded",
    )
}

fn kind_of_server(url: &str) -> Option<DatabaseKind> {
    let url = Url::parse(url).ok()?;
    matches!(url.scheme(), "postgres" | "postgresql").then_some(DatabaseKind::Postgres)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    #[test]
    fn the_default_is_a_file() {
        let database = loaded(&[]).database;
        assert_eq!(database.kind, DatabaseKind::SqliteFile("data/tenantry.db".into()));
        assert_eq!(database.url.expose_secret(), "sqlite://data/tenantry.db");
        assert!(database.admin_url.is_none());
    }

    #[test]
    fn each_form_of_url_is_understood() {
        assert_eq!(kind("sqlite::memory:"), Ok(DatabaseKind::SqliteMemory));
        assert_eq!(kind("sqlite://a.db?mode=memory"), Ok(DatabaseKind::SqliteMemory));
        assert_eq!(kind("sqlite:///var/a.db?mode=rwc"), Ok(DatabaseKind::SqliteFile("/var/a.db".into())));
        assert_eq!(kind("sqlite:a.db"), Ok(DatabaseKind::SqliteFile("a.db".into())));
        assert_eq!(kind("postgres://u:p@h/d"), Ok(DatabaseKind::Postgres));
        assert_eq!(kind("postgresql://u:p@h:6432/d"), Ok(DatabaseKind::Postgres));
        for wrong in ["mysql://h/d", "mongodb://h/d", "tenantry.db", "sqlite://", "postgres://u:p@h:port/d"] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_that_is_refused_is_not_printed() {
        let problems = refused(&[
            ("DATABASE_URL", "mysql://root:hunter2@db/tenantry"),
            ("DATABASE_ADMIN_URL", "sqlite://hunter2.db"),
        ]);
        assert!(
            problems.contains("DATABASE_URL: the value is not a database URL that is known"),
            "{problems}"
        );
        assert!(problems.contains("DATABASE_ADMIN_URL: the value is not a PostgreSQL URL"), "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }

    #[test]
    fn the_parts_make_a_url_with_every_character_kept() {
        let parts = [
            ("TOKEN_KEY", "a key for tests, which is long enough to be one"),
            ("POSTGRES_HOST", "db"),
            ("POSTGRES_USER", "tenantry app"),
            ("POSTGRES_PASSWORD", "p@ss/w:%41ö"),
            ("POSTGRES_DB", "tenantry"),
        ];
        let database = loaded(&parts).database;
        assert_eq!(database.kind, DatabaseKind::Postgres);
        assert_eq!(
            database.url.expose_secret(),
            "postgres://tenantry%20app:p%40ss%2Fw%3A%2541%C3%B6@db:5432/tenantry"
        );
    }

    #[test]
    fn the_parts_count_only_without_a_url() {
        let database = loaded(&[("DATABASE_URL", "sqlite::memory:"), ("POSTGRES_USER", "tenantry")]).database;
        assert_eq!(database.kind, DatabaseKind::SqliteMemory);
        let database = loaded(&[("POSTGRES_PORT", "5433")]).database;
        assert_eq!(database.kind, DatabaseKind::SqliteFile("data/tenantry.db".into()));
    }

    #[test]
    fn a_host_may_be_an_address_or_a_socket_and_not_nonsense() {
        let url = |host| {
            let parts = [
                ("TOKEN_KEY", "a key for tests, which is long enough to be one"),
                ("POSTGRES_HOST", host),
                ("POSTGRES_USER", "u"),
                ("POSTGRES_DB", "d"),
            ];
            loaded(&parts).database.url.expose_secret().to_owned()
        };
        assert_eq!(url("fd00::1"), "postgres://u@[fd00::1]:5432/d");
        assert_eq!(url("/run/postgresql"), "postgres://u@%2Frun%2Fpostgresql:5432/d");
        let problems = refused(&[("POSTGRES_HOST", "db:5432"), ("POSTGRES_USER", "u"), ("POSTGRES_DB", "d")]);
        assert!(problems.contains("POSTGRES_HOST: is no host"), "{problems}");
    }

    #[test]
    fn parts_that_are_missing_are_named() {
        let problems = refused(&[("POSTGRES_USER", "tenantry"), ("POSTGRES_PORT", "none")]);
        assert!(problems.contains("POSTGRES_HOST: not set, though"), "{problems}");
        assert!(problems.contains("POSTGRES_DB: not set, though"), "{problems}");
        assert!(problems.contains(r#"POSTGRES_PORT: "none" is not a port"#), "{problems}");
        assert!(!problems.contains("POSTGRES_USER:"), "{problems}");
    }
}

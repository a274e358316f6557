//! A database of its own for each test: a file for SQLite, a copy of a migrated template for PostgreSQL.
//!
//! Which of the two is decided once for a run: `TEST_POSTGRES_URL` names a server and a superuser of it, who makes
//! the two roles that a deployment has.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::OnceLock,
};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

/// Rows as their columns by name, in a form that can be compared.
pub type Rows = Vec<BTreeMap<String, Value>>;

const OWNER: &str = "tenantry_test_owner";
const SERVICE: &str = "tenantry_test_service";

/// The server to make databases on; `None` for a run on SQLite.
fn server() -> Option<&'static Url> {
    static SERVER: OnceLock<Option<Url>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place where the tests ask which database they run on"
            )]
            let url = std::env::var("TEST_POSTGRES_URL").ok()?;
            Some(Url::parse(&url).expect("TEST_POSTGRES_URL is a URL"))
        })
        .as_ref()
}

/// Whether this run is on PostgreSQL.
pub fn is_postgres() -> bool {
    server().is_some()
}

/// A database that belongs to one test.
pub struct TestDatabase {
    /// For the service.
    pub url: String,
    /// For a look that no policy limits.
    inspector: DatabaseConnection,
    folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// A new database: migrated on PostgreSQL, absent on SQLite, where the service makes it.
    pub async fn create() -> Self {
        match server() {
            Some(server) => Self::on_postgres(server).await,
            None => Self::on_sqlite().await,
        }
    }

    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("tenantry.db");
        let inspect = format!("sqlite://{}?mode=rwc", file.display());
        let inspector = Database::connect(inspect).await.expect("the file can be made");
        Self { url: format!("sqlite://{}", file.display()), inspector, folder: Some(folder) }
    }

    async fn on_postgres(server: &Url) -> Self {
        let template = template(server).await;
        let name = format!("t{}", uuid::Uuid::from_bytes(unique()).simple());
        let admin = connect(server.as_str()).await;
        run(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")).await;
        admin.close().await.expect("the connection closes");
        let inspector = connect(database(server, &name).as_str()).await;
        Self { url: as_role(&database(server, &name), SERVICE).into(), inspector, folder: None }
    }

    /// The URL of the role that owns the tables (PostgreSQL).
    pub fn owner_url(&self) -> String {
        let url = Url::parse(&self.url).expect("the service's URL is one");
        as_role(&url, OWNER).into()
    }

    /// The URL of a superuser (PostgreSQL).
    pub fn superuser_url(&self) -> String {
        let url = Url::parse(&self.url).expect("the service's URL is one");
        database(server().expect("a run on PostgreSQL"), url.path().trim_start_matches('/')).into()
    }

    /// The file (SQLite).
    pub fn file(&self) -> PathBuf {
        self.folder().join("tenantry.db")
    }

    /// The folder of the file (SQLite).
    pub fn folder(&self) -> PathBuf {
        self.folder.as_ref().expect("a run on SQLite").path().to_owned()
    }

    /// Runs a statement past every policy.
    pub async fn execute(&self, sql: &str) {
        run(&self.inspector, sql).await;
    }

    /// Reads rows past every policy.
    pub async fn query(&self, sql: &str) -> Rows {
        let statement = statement(self.inspector.get_database_backend(), sql);
        let rows =
            self.inspector.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter()
            .map(|row| row.column_names().into_iter().map(|name| (name.clone(), value(row, &name))).collect())
            .collect()
    }

    /// The number that a query gives.
    pub async fn count(&self, sql: &str) -> i64 {
        let rows = self.query(sql).await;
        rows.first().and_then(|row| row.values().next()).and_then(Value::as_i64).expect("a query that counts")
    }
}

/// A run makes hundreds of databases of some 10 MB each: without this they fill a small disk.
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(server) = server() else { return };
        let Ok(url) = Url::parse(&self.url) else { return };
        let name = url.path().trim_start_matches('/').to_owned();
        // The test's own runtime may be the one that drops this, and cannot wait.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let admin = Database::connect(server.as_str()).await.map_err(std::io::Error::other)?;
                // The second is what tests of the first migration make beside it.
                for name in [name.clone(), format!("{name}_empty")] {
                    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    admin.execute_unprepared(&sql).await.map_err(std::io::Error::other)?;
                }
                Ok::<_, std::io::Error>(())
            })
        });
        // What cannot be dropped is gone with its cluster, and must not fail a test that passed.
        drop(dropping.join());
    }
}

/// A column's value, whatever its type: numbers as they are, the rest as text.
fn value(row: &sea_orm::QueryResult, name: &str) -> Value {
    if let Ok(number) = row.try_get::<Option<i64>>("", name) {
        return number.into();
    }
    // Before the UUID: SQLite would take a text of 16 bytes for one.
    if let Ok(text) = row.try_get::<Option<String>>("", name) {
        return text.into();
    }
    if let Ok(uuid) = row.try_get::<Option<uuid::Uuid>>("", name) {
        return uuid.map(|uuid| uuid.to_string()).into();
    }
    if let Ok(flag) = row.try_get::<Option<bool>>("", name) {
        return flag.into();
    }
    if let Ok(json) = row.try_get::<Option<Value>>("", name) {
        return json.unwrap_or_default();
    }
    if let Ok(time) = row.try_get::<Option<chrono::DateTime<chrono::Utc>>>("", name) {
        return time.map(|time| time.to_rfc3339()).into();
    }
    if let Ok(bytes) = row.try_get::<Option<Vec<u8>>>("", name) {
        let hex = |bytes: Vec<u8>| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        return bytes.map(hex).into();
    }
    panic!("the column {name} has a type that the test cannot read")
}

fn statement(backend: DbBackend, sql: &str) -> Statement {
    #[expect(clippy::disallowed_methods, reason = "a test looks past the service")]
    Statement::from_string(backend, sql)
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    Database::connect(options)
        .await
        .unwrap_or_else(|error| panic!("the test's database cannot be reached: {error}"))
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn database(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

fn as_role(url: &Url, role: &str) -> Url {
    let mut url = url.clone();
    url.set_username(role).expect("the URL has a host");
    url.set_password(Some("test")).expect("the URL has a host");
    url
}

fn unique() -> [u8; 16] {
    use domain::entropy::Entropy;
    let mut bytes = [0; 16];
    infra::entropy::SystemEntropy.fill(&mut bytes);
    bytes
}

/// The migrated template, made by whichever test process needs it first; a new one for each state of the migrations.
async fn template(server: &Url) -> String {
    static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("tenantry_template_{:016x}", migrations_hash());
            let admin = connect(server.as_str()).await;
            // The lock is the session's, so it must be one session's: a transaction keeps it.
            let lock = sea_orm::TransactionTrait::begin(&admin).await.expect("a transaction begins");
            lock.execute_unprepared("SELECT pg_advisory_xact_lock(4711)").await.expect("the lock is had");
            let exists = format!("SELECT 1 AS one FROM pg_database WHERE datname = '{name}'");
            let exists = admin
                .query_one_raw(statement(DbBackend::Postgres, &exists))
                .await
                .expect("a list of databases");
            if exists.is_none() {
                make_template(server, &admin, &name).await;
            }
            lock.rollback().await.expect("the lock is given back");
            name
        })
        .await
        .clone()
}

async fn make_template(server: &Url, admin: &DatabaseConnection, name: &str) {
    for role in [OWNER, SERVICE] {
        let exists = format!("SELECT 1 AS one FROM pg_roles WHERE rolname = '{role}'");
        let exists =
            admin.query_one_raw(statement(DbBackend::Postgres, &exists)).await.expect("a list of roles");
        if exists.is_none() {
            run(admin, &format!("CREATE ROLE {role} LOGIN PASSWORD 'test'")).await;
        }
    }
    let making = format!("{name}_making");
    run(admin, &format!("DROP DATABASE IF EXISTS {making}")).await;
    run(admin, &format!("CREATE DATABASE {making} OWNER {OWNER}")).await;
    let url = database(server, &making);
    let owner = SecretString::from(String::from(as_role(&url, OWNER)));
    let service = SecretString::from(String::from(as_role(&url, SERVICE)));
    infra::db::migrate(&owner, &service).await.expect("the migrations run");
    run(admin, &format!("ALTER DATABASE {making} RENAME TO {name}")).await;
}

fn migrations_hash() -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migration/src");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations")
        .filter_map(|file| Some(file.ok()?.path()))
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(&file).expect("a migration").hash(&mut hasher);
    }
    hasher.finish()
}

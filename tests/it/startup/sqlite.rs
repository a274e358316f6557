//! SQLite files.

use std::{os::unix::fs::PermissionsExt, path::Path};

use api::app::migrate;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::{config, refusal, start};

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn open(file: &Path) -> DatabaseConnection {
    Database::connect(format!("{}?mode=rwc", url(file))).await.expect("a SQLite file")
}

async fn count(database: &DatabaseConnection, sql: &str) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a test looks past the service")]
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = database.query_one_raw(statement).await.expect("it answers").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// How many copies from before a migration stand beside a file.
fn copies(file: &Path) -> usize {
    let folder = file.parent().expect("a file is in a folder");
    let files = std::fs::read_dir(folder).expect("the folder can be read").map(|file| file.expect("a file"));
    files.filter(|file| file.file_name().to_string_lossy().contains("before-migration")).count()
}

#[tokio::test]
async fn a_new_file_is_made_with_its_folder_and_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not/there/yet/tenantry.db");
    start(&url(&file)).await.unwrap().close().await.unwrap();
    assert!(file.exists());
    assert_eq!(copies(&file), 0);
    let database = open(&file).await;
    let applied = Migrator::get_applied_migrations_read_only(&database).await.unwrap();
    assert_eq!(applied.len(), Migrator::migrations().len());
    start(&url(&file)).await.unwrap().close().await.unwrap();
    assert_eq!(copies(&file), 0);
}

#[tokio::test]
async fn only_the_services_own_user_can_read_what_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenantry.db");
    let app = start(&url(&file)).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
    app.close().await.unwrap();
}

#[tokio::test]
async fn the_command_that_migrates_makes_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenantry.db");
    migrate(&config(&url(&file), &[]).database).await.unwrap();
    assert!(Migrator::get_pending_migrations(&open(&file).await).await.unwrap().is_empty());
    migrate(&config(&url(&file), &[]).database).await.unwrap();
}

#[tokio::test]
async fn an_older_file_is_copied_beside_itself_before_it_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it's tenantry.db");
    let older = u32::try_from(Migrator::migrations().len()).unwrap() - 1;
    let database = open(&file).await;
    Migrator::up(&database, Some(older)).await.unwrap();
    start(&url(&file)).await.unwrap().close().await.unwrap();
    assert!(Migrator::get_pending_migrations(&database).await.unwrap().is_empty());
    // With a single step, what is before it is an empty file, of which a copy is worth nothing.
    assert_eq!(copies(&file), usize::from(older > 0));
}

/// What operators look for organizations by is made of what an older file has.
#[tokio::test]
async fn the_organizations_of_an_older_file_are_found_by_name_and_domain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenantry.db");
    let steps = Migrator::migrations();
    let before = steps.iter().position(|step| step.name() == "m20261121_14_operators").unwrap();
    let database = open(&file).await;
    Migrator::up(&database, Some(u32::try_from(before).unwrap())).await.unwrap();
    let organization = "INSERT INTO organizations (id, origin_key, name, name_source, status, consent, config, version, \
         created_at, updated_at) VALUES (x'00000000000000000000000000000001', 'k', 'MÜLLER Straße', 'graph', 'active', 'active', '{}', 1, '2026', '2026')";
    let onboarding = "INSERT INTO onboardings (org_id, id, granted, missing, reported_scopes, domains) \
         VALUES (x'00000000000000000000000000000001', x'01', '[]', '[]', '[]', '[\"Contoso.com\",\"contoso.onmicrosoft.com\"]')";
    for sql in [organization, onboarding] {
        database.execute_unprepared(sql).await.unwrap();
    }
    start(&url(&file)).await.unwrap().close().await.unwrap();
    let found = "SELECT count(*) FROM organizations WHERE folded_name = 'müller strasse' \
                 AND default_domain = 'Contoso.com' AND folded_domain = 'contoso.com'";
    assert_eq!(count(&database, found).await, 1);
}

#[tokio::test]
async fn two_that_start_at_once_on_a_new_file_both_start() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder.path().join("tenantry.db"));
    let (one, other) = tokio::join!(start(&url), start(&url));
    one.unwrap();
    other.unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenantry.db");
    start(&url(&file)).await.unwrap().close().await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_1_future', 0)";
    open(&file).await.execute_unprepared(newer).await.unwrap();
    let reason = refusal(&url(&file)).await;
    assert!(reason.starts_with("the schema is newer than this version of Tenantry"), "{reason}");
    assert!(reason.contains("m99991231_1_future"), "{reason}");
    assert_eq!(copies(&file), 0);
}

#[tokio::test]
async fn a_database_of_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, table) in [
        ("notes.db", "CREATE TABLE notes (id INTEGER PRIMARY KEY)"),
        (
            "other.db",
            "CREATE TABLE seaql_migrations (version TEXT PRIMARY KEY, applied_at BIGINT); \
                      INSERT INTO seaql_migrations VALUES ('m20200101_000001_theirs', 0)",
        ),
    ] {
        let file = folder.path().join(name);
        let database = open(&file).await;
        database.execute_unprepared(table).await.unwrap();
        database.execute_unprepared("VACUUM").await.unwrap();
        let before = std::fs::read(&file).unwrap();
        let reason = refusal(&url(&file)).await;
        assert!(reason.starts_with("the database holds tables of something else"), "{reason}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "not even how its journal is kept");
        let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table'";
        assert_eq!(count(&database, tables).await, 1);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    let text = "Dear reader, this is a letter. ".repeat(1000);
    std::fs::write(&file, &text).unwrap();
    let reason = refusal(&url(&file)).await;
    let expected = format!("the file {} cannot be opened as a SQLite database", file.display());
    assert!(reason.starts_with(&expected), "{reason}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let reason = refusal(&url(folder.path())).await;
    assert!(reason.contains("cannot be opened as a SQLite database"), "{reason}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let reason = refusal(&url(&in_the_way.join("tenantry.db"))).await;
    let expected = format!("the folder {} for the database cannot be made", in_the_way.display());
    assert!(reason.starts_with(&expected), "{reason}");
}

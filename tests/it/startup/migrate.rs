//! `tenantry migrate` on PostgreSQL.

use api::{
    app::{App, Parts, migrate},
    config::Config,
};
use migration::{Migrator, MigratorTrait};
use tests::{TestDatabase, is_postgres};

use super::{config, parse, refusal};

const KEY: &str = "a key for tests, which is long enough to be one";

/// An empty database beside the test's own.
struct Empty {
    database: TestDatabase,
    name: String,
}

impl Empty {
    async fn create() -> Self {
        let database = TestDatabase::create().await;
        let name = format!("{}_empty", parse(&database.url).path().trim_start_matches('/'));
        let owner = parse(&database.owner_url()).username().to_owned();
        database.execute(&format!("CREATE DATABASE {name} OWNER {owner}")).await;
        Self { database, name }
    }

    fn of(&self, url: &str) -> String {
        let mut url = parse(url);
        url.set_path(&self.name);
        url.into()
    }

    fn service(&self) -> String {
        self.of(&self.database.url)
    }

    fn owner(&self) -> String {
        self.of(&self.database.owner_url())
    }

    fn config(&self) -> Config {
        config(&self.service(), &[("DATABASE_ADMIN_URL", &self.owner()), ("TOKEN_KEY", KEY)])
    }
}

async fn migration_refusal(config: &Config) -> String {
    format!("{:#}", migrate(&config.database).await.expect_err("it is refused"))
}

fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

#[tokio::test]
async fn an_empty_database_is_migrated_by_the_command_only_and_as_often_as_one_likes() {
    if !is_postgres() {
        return;
    }
    let empty = Empty::create().await;
    let reason = refusal(&empty.service()).await;
    assert!(reason.starts_with("the schema is older than this version needs"), "{reason}");
    assert!(reason.contains("run `tenantry migrate` with DATABASE_ADMIN_URL"), "{reason}");

    let config = empty.config();
    let first = migrate(&config.database).await.unwrap();
    assert_eq!(first.applied, steps());
    let role = parse(&empty.service()).username().to_owned();
    assert_eq!(first.granted_to.as_deref(), Some(role.as_str()));
    App::build(&config, Parts::system()).await.unwrap();

    let second = migrate(&config.database).await.unwrap();
    assert!(second.applied.is_empty());
    assert_eq!(second.granted_to, first.granted_to);
}

#[tokio::test]
async fn of_several_that_migrate_at_once_one_does_and_the_others_wait() {
    if !is_postgres() {
        return;
    }
    let empty = Empty::create().await;
    let config = empty.config();
    let (a, b, c) =
        tokio::join!(migrate(&config.database), migrate(&config.database), migrate(&config.database));
    let mut applied: Vec<Vec<String>> = [a, b, c].map(|report| report.unwrap().applied).into();
    applied.sort_by_key(Vec::len);
    assert_eq!(applied, [vec![], vec![], steps()]);
}

#[tokio::test]
async fn the_service_must_not_be_the_owner() {
    if !is_postgres() {
        return;
    }
    let empty = Empty::create().await;
    let same = config(&empty.owner(), &[("DATABASE_ADMIN_URL", &empty.owner()), ("TOKEN_KEY", KEY)]);
    let owner = parse(&empty.owner()).username().to_owned();
    let reason = migration_refusal(&same).await;
    let expected = format!("DATABASE_URL and DATABASE_ADMIN_URL use the same role {owner}");
    assert!(reason.starts_with(&expected), "{reason}");
}

#[tokio::test]
async fn a_role_of_the_service_that_there_is_not_is_named_before_anything_is_made() {
    if !is_postgres() {
        return;
    }
    let empty = Empty::create().await;
    let mut missing = parse(&empty.service());
    missing.set_username("nobody\"'here").unwrap();
    let config = config(missing.as_str(), &[("DATABASE_ADMIN_URL", &empty.owner()), ("TOKEN_KEY", KEY)]);
    let reason = migration_refusal(&config).await;
    assert!(reason.starts_with("the role nobody\"'here of DATABASE_URL does not exist"), "{reason}");
    let still = refusal(&empty.service()).await;
    assert!(still.starts_with("the schema is older"), "{still}");
}

#[tokio::test]
async fn the_owners_url_is_wanted() {
    if !is_postgres() {
        return;
    }
    let empty = Empty::create().await;
    let reason = migration_refusal(&config(&empty.service(), &[("TOKEN_KEY", KEY)])).await;
    assert!(reason.starts_with("DATABASE_ADMIN_URL is not set"), "{reason}");
}

#[tokio::test]
async fn a_newer_schema_and_one_of_something_else_are_left_alone() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    database
        .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_1_future', 0)")
        .await;
    let owner = database.owner_url();
    let config = config(&database.url, &[("DATABASE_ADMIN_URL", &owner), ("TOKEN_KEY", KEY)]);
    let reason = migration_refusal(&config).await;
    assert!(reason.starts_with("the schema is newer than this version of Tenantry"), "{reason}");

    database.execute("ALTER TABLE seaql_migrations RENAME TO theirs").await;
    let reason = migration_refusal(&config).await;
    assert!(reason.starts_with("the database holds tables of something else"), "{reason}");
    let reason = refusal(&database.url).await;
    assert!(reason.starts_with("the database holds tables of something else"), "{reason}");
}

//! PostgreSQL: the schema must be current, and the role one that row-level security binds.

use tests::{TestDatabase, is_postgres};

use super::{config, parse, refusal};
use api::app::{App, Parts, Severity, findings};

/// A key is configured since replicas share one.
const KEY: (&str, &str) = ("TOKEN_KEY", "a key for tests, which is long enough to be one");

/// The URL of a role that is made for this test.
async fn role(database: &TestDatabase, what: &str, options: &str) -> (String, String) {
    let mut url = parse(&database.url);
    // Roles belong to the whole server, where other tests make theirs.
    let name = format!("{what}_{}", url.path().trim_start_matches('/'));
    database.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'test' {options}")).await;
    url.set_username(&name).expect("it has a host");
    url.set_password(Some("test")).expect("it has a host");
    (name, url.into())
}

#[tokio::test]
async fn the_role_that_a_migration_granted_to_may_start() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    App::build(&config(&database.url, &[KEY]), Parts::system()).await.unwrap();
}

#[tokio::test]
async fn a_superuser_is_refused_by_name() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    let (name, url) = role(&database, "super", "SUPERUSER").await;
    let reason = refusal(&url).await;
    assert!(reason.starts_with(&format!("the role {name} is a superuser")), "{reason}");
}

#[tokio::test]
async fn a_role_that_bypasses_row_level_security_is_refused_by_name() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    let (name, url) = role(&database, "bypass", "BYPASSRLS").await;
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")).await;
    let reason = refusal(&url).await;
    assert!(reason.starts_with(&format!("the role {name} bypasses row-level security")), "{reason}");
}

#[tokio::test]
async fn the_owner_of_the_tables_and_its_members_are_refused_by_name() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    let owner = parse(&database.owner_url()).username().to_owned();
    let (member, member_url) = role(&database, "member", &format!("IN ROLE {owner}")).await;
    let (heir, heir_url) = role(&database, "heir", &format!("NOINHERIT IN ROLE {member}")).await;
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {heir}")).await;
    for (name, url) in [(owner, database.owner_url()), (member, member_url), (heir, heir_url)] {
        let reason = refusal(&url).await;
        assert!(reason.starts_with(&format!("the role {name} owns the table ")), "{reason}");
        assert!(reason.contains("(or is a member of the role that does)"), "{reason}");
    }
}

#[tokio::test]
async fn a_role_without_rights_is_refused_with_the_command_that_grants_them() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    let (name, url) = role(&database, "poor", "").await;
    let fix =
        "run `tenantry migrate` with DATABASE_ADMIN_URL, which grants the role of DATABASE_URL what it needs";
    let reason = refusal(&url).await;
    assert_eq!(reason, format!("the role {name} may not SELECT the table seaql_migrations; {fix}"));
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")).await;
    let reason = refusal(&url).await;
    assert_eq!(reason, format!("the role {name} may not INSERT the table accounts; {fix}"));

    let found = findings(&config(&url, &[KEY]), &Parts::system()).await;
    let found = found.iter().find(|finding| finding.subject == "database").unwrap();
    assert_eq!((found.severity, found.text.as_str()), (Severity::Wrong, reason.as_str()));
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    database
        .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_1_future', 0)")
        .await;
    let reason = refusal(&database.url).await;
    assert!(reason.starts_with("the schema is newer than this version of Tenantry"), "{reason}");
    assert!(reason.contains("m99991231_1_future"), "{reason}");
}

#[tokio::test]
async fn a_schema_without_a_step_is_refused_with_the_command_that_brings_it() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    database.execute("DELETE FROM seaql_migrations").await;
    let reason = refusal(&database.url).await;
    assert!(reason.contains("run `tenantry migrate` with DATABASE_ADMIN_URL"), "{reason}");
}

//! Row-level security, tried as the service's own role by somebody who could run any SQL in it (PostgreSQL only).

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
use tests::{Rows, TestDatabase, is_postgres};

use super::catalog::{GLOBAL, Table, tables};
use crate::isolation::world::World;

/// One session of the service's role.
struct Session(DatabaseConnection);

impl Session {
    async fn of_the_service(database: &TestDatabase) -> Self {
        let mut options = ConnectOptions::new(&database.url);
        options.min_connections(1).max_connections(1).sqlx_logging(false);
        Self(Database::connect(options).await.expect("the service's role is let in"))
    }

    async fn run(&self, sql: &str) -> u64 {
        let done = self.0.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| unreachable!("{sql}: {error}")).rows_affected()
    }

    /// Begins a transaction inside an organization, as a unit of work does.
    async fn enter(&self, organization: &str) {
        self.run("BEGIN").await;
        self.run(&format!("SELECT set_config('app.org_id', '{organization}', true)")).await;
    }

    async fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) AS rows FROM {from}");
        #[expect(
            clippy::disallowed_methods,
            reason = "a test tries what somebody with the service's role could do"
        )]
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = self.0.query_one_raw(statement).await.expect("a query that counts");
        row.expect("a row").try_get("", "rows").expect("a number")
    }

    /// What the database says to a statement that it must refuse; the transaction, if there is one, goes on.
    async fn refused(&self, sql: &str) -> String {
        let in_transaction = self.0.execute_unprepared("SAVEPOINT before").await.is_ok();
        let refusal = self.0.execute_unprepared(sql).await.err().map(|error| error.to_string());
        if in_transaction {
            self.run("ROLLBACK TO before").await;
        }
        refusal.unwrap_or_else(|| unreachable!("the service's role may: {sql}"))
    }
}

/// The filled world with a session of the service's role; `None` on SQLite, which has no roles.
async fn intruder() -> Option<(World, Session, Vec<Table>)> {
    if !is_postgres() {
        return None;
    }
    let world = World::filled().await;
    let session = Session::of_the_service(&world.app.database).await;
    let owned: Vec<Table> = tables(&world.app.database).await.into_iter().filter(Table::is_owned).collect();
    for Table { name, .. } in &owned {
        for organization in [&world.a.id, &world.b.id] {
            let rows = format!("SELECT count(*) FROM {name} WHERE org_id = '{organization}'");
            let rows = world.app.database.count(&rows).await;
            assert!(
                rows > 0,
                "{name} has no row of {organization}: give it one in World, or this proves nothing"
            );
        }
    }
    Some((world, session, owned))
}

fn texts(rows: &Rows) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.iter().map(|row| row.values().map(text).collect()).collect()
}

#[tokio::test]
async fn it_is_enabled_and_forced_on_every_owned_table_with_the_two_policies() {
    let Some((world, _, owned)) = intruder().await else { return };
    let database = &world.app.database;
    for Table { name, .. } in owned {
        let state = format!(
            "SELECT relrowsecurity::int::bigint AS enabled, relforcerowsecurity::int::bigint AS forced, \
             relowner::regrole::text AS owner FROM pg_class WHERE oid = '{name}'::regclass"
        );
        let state = database.query(&state).await;
        assert_eq!(state[0]["enabled"], 1, "{name}: row-level security is not enabled");
        assert_eq!(state[0]["forced"], 1, "{name}: row-level security is not forced");
        let policies = format!(
            "SELECT policyname::text AS a, permissive AS b, roles::text AS c, cmd AS d, qual AS e, with_check AS f \
             FROM pg_policies WHERE schemaname = 'public' AND tablename = '{name}' ORDER BY policyname"
        );
        let own = "(org_id = (( SELECT NULLIF(current_setting('app.org_id'::text, true), ''::text) AS \"nullif\"))::uuid)";
        let migrator = format!("{{{}}}", state[0]["owner"].as_str().unwrap());
        assert_eq!(
            texts(&database.query(&policies).await),
            [
                ["migration", "PERMISSIVE", migrator.as_str(), "ALL", "true", "true"],
                ["organization", "PERMISSIVE", "{public}", "ALL", own, own],
            ],
            "{name}: the policies"
        );
    }
}

#[tokio::test]
async fn the_services_role_can_neither_own_nor_bypass() {
    let Some((world, session, _)) = intruder().await else { return };
    let role = "SELECT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)::int::bigint AS a, \
                (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS b, \
                (SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid) AS c \
                FROM pg_roles WHERE rolname = 'tenantry_test_service'";
    assert_eq!(texts(&world.app.database.query(role).await), [["0", "0", "0"]]);
    assert_eq!(
        session.count("pg_roles WHERE rolname = current_user AND rolname = 'tenantry_test_service'").await,
        1
    );
}

#[tokio::test]
async fn without_an_organization_no_row_is_seen_or_written() {
    let Some((_world, session, owned)) = intruder().await else { return };
    for Table { name, .. } in owned {
        assert_eq!(session.count(&name).await, 0, "{name}");
        assert_eq!(session.run(&format!("UPDATE {name} SET org_id = org_id")).await, 0, "{name}");
        assert_eq!(session.run(&format!("DELETE FROM {name}")).await, 0, "{name}");
    }
}

#[tokio::test]
async fn inside_one_organization_no_row_of_another_is_seen_changed_or_deleted() {
    let Some((world, session, owned)) = intruder().await else { return };
    let a = &world.a.id;
    session.enter(&world.b.id).await;
    for Table { name, .. } in owned {
        assert!(session.count(&name).await > 0, "{name}: its own rows");
        assert_eq!(session.count(&format!("{name} WHERE org_id = '{a}'")).await, 0, "{name}");
        assert_eq!(
            session.run(&format!("UPDATE {name} SET org_id = org_id WHERE org_id = '{a}'")).await,
            0,
            "{name}"
        );
        assert_eq!(session.run(&format!("DELETE FROM {name} WHERE org_id = '{a}'")).await, 0, "{name}");
    }
}

#[tokio::test]
async fn inside_one_organization_no_row_can_be_given_to_another() {
    let Some((world, session, owned)) = intruder().await else { return };
    let a = &world.a.id;
    session.enter(&world.b.id).await;
    for Table { name, .. } in owned {
        let moved = session.refused(&format!("UPDATE {name} SET org_id = '{a}'")).await;
        assert!(moved.contains("violates row-level security policy"), "{name}: {moved}");
        // A row of the other organization, to the letter: what refuses it is nothing but the policy.
        let row = format!("SELECT to_jsonb({name})::text AS row FROM {name} WHERE org_id = '{a}' LIMIT 1");
        let rows = world.app.database.query(&row).await;
        let row = rows[0]["row"].as_str().unwrap().replace('\'', "''");
        let added = format!("INSERT INTO {name} SELECT * FROM jsonb_populate_record(NULL::{name}, '{row}')");
        let added = session.refused(&added).await;
        assert!(added.contains("violates row-level security policy"), "{name}: {added}");
    }
}

#[tokio::test]
async fn the_organization_of_a_transaction_does_not_reach_into_the_next_one_of_the_session() {
    let Some((world, session, owned)) = intruder().await else { return };
    for end in ["COMMIT", "ROLLBACK"] {
        session.enter(&world.a.id).await;
        for Table { name, .. } in &owned {
            assert!(session.count(name).await > 0, "{name}");
        }
        session.run(end).await;
        for Table { name, .. } in &owned {
            assert_eq!(session.count(name).await, 0, "{name} after {end}");
        }
    }
}

#[tokio::test]
async fn the_services_role_cannot_take_the_lock_off() {
    let Some((world, session, owned)) = intruder().await else { return };
    let migrator = "tenantry_test_owner";
    let mut tries = vec![
        format!("SET ROLE {migrator}"),
        format!("SET SESSION AUTHORIZATION {migrator}"),
        "ALTER ROLE CURRENT_USER BYPASSRLS".to_owned(),
        "CREATE TABLE public.mine (a int)".to_owned(),
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_1_mine', 0)".to_owned(),
        "UPDATE seaql_migrations SET applied_at = 0".to_owned(),
        "DELETE FROM seaql_migrations".to_owned(),
    ];
    for Table { name, .. } in owned {
        tries.extend([
            format!("CREATE POLICY mine ON {name} USING (true)"),
            format!("DROP POLICY organization ON {name}"),
            format!("ALTER POLICY organization ON {name} USING (true)"),
            format!("ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {name} OWNER TO CURRENT_USER"),
            // It would not ask the policies.
            format!("TRUNCATE {name} CASCADE"),
            format!("DROP TABLE {name} CASCADE"),
            format!("CREATE TRIGGER mine BEFORE INSERT ON {name} EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
        ]);
    }
    for (name, _) in GLOBAL {
        tries.extend([format!("TRUNCATE {name} CASCADE"), format!("DROP TABLE {name} CASCADE")]);
    }
    for sql in tries {
        let refusal = session.refused(&sql).await;
        let is_denied = ["permission denied", "must be owner", "must be able to", "must be superuser"]
            .iter()
            .any(|reason| refusal.contains(reason));
        assert!(is_denied, "{sql}: {refusal}");
    }
    // Asking not to be filtered is answered with an error, not with the rows.
    session.run("SET row_security = off").await;
    let refusal = session.refused("SELECT * FROM taxonomies").await;
    assert!(refusal.contains("would be affected by row-level security policy"), "{refusal}");
    drop(world);
}

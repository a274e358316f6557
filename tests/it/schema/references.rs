//! That no row can point into another organization is held by the database itself, whoever writes.

use sea_orm::{ConnectionTrait, Database, SqlErr};
use tests::is_postgres;

use super::catalog::{ForeignKey, Table, tables};
use crate::isolation::world::World;

/// An id as the database writes it.
fn literal(id: &str) -> String {
    if is_postgres() { format!("'{id}'") } else { format!("X'{}'", id.replace('-', "")) }
}

/// Lets a row of one organization reference a row of another one.
fn redirect(table: &Table, key: &ForeignKey, from: &str, to: &str) -> String {
    let (from, to) = (literal(from), literal(to));
    let (owner, rest) = key.columns.split_first().expect("a foreign key has columns");
    let targets = key.references.iter().skip(1);
    let set: Vec<String> = rest
        .iter()
        .zip(targets)
        .map(|(column, target)| {
            let other = format!("SELECT {target} FROM {} WHERE org_id = {to} ORDER BY id LIMIT 1", key.table);
            format!("{column} = ({other})")
        })
        .collect();
    // One row: two would become the same where the reference is part of a key.
    let row = if is_postgres() { "ctid" } else { "rowid" };
    let name = &table.name;
    let first = format!("SELECT min({row}) FROM {name} WHERE {owner} = {from}");
    format!("UPDATE {name} SET {} WHERE {row} = ({first})", set.join(", "))
}

#[tokio::test]
async fn a_reference_into_another_organization_is_refused_by_the_database() {
    let world = World::filled().await;
    let database = &world.app.database;
    let url = if is_postgres() { database.superuser_url() } else { database.url.clone() };
    let connection = Database::connect(url).await.unwrap();
    let mut tried = Vec::new();
    for table in tables(database).await {
        for key in table.foreign_keys.iter().filter(|key| key.columns.len() > 1) {
            let refusal =
                connection.execute_unprepared(&redirect(&table, key, &world.a.id, &world.b.id)).await;
            let refusal =
                refusal.expect_err(&format!("{}: {key:?} takes a row of another organization", table.name));
            let kind = refusal.sql_err();
            assert!(matches!(kind, Some(SqlErr::ForeignKeyConstraintViolation(_))), "{key:?}: {refusal}");
            tried.push(format!("{} to {}", table.name, key.table));
        }
    }
    for expected in
        ["terms to taxonomies", "terms to terms", "annotation_terms to terms", "organizations to taxonomies"]
    {
        assert!(tried.iter().any(|tried| tried == expected), "{expected} was not among {tried:?}");
    }
}

#[tokio::test]
async fn a_row_that_is_added_with_a_reference_into_another_organization_is_refused_too() {
    let world = World::filled().await;
    let database = &world.app.database;
    let url = if is_postgres() { database.superuser_url() } else { database.url.clone() };
    let connection = Database::connect(url).await.unwrap();
    let term = |taxonomy_of: &str| {
        format!(
            "INSERT INTO terms (org_id, id, taxonomy_id, label, version, created_at, updated_at) \
             SELECT {}, {}, id, 'stray', 1, created_at, created_at FROM taxonomies \
             WHERE org_id = {} ORDER BY id LIMIT 1",
            if is_postgres() { literal(&world.a.id) + "::uuid" } else { literal(&world.a.id) },
            if is_postgres() { literal(&world.b.id) + "::uuid" } else { literal(&world.b.id) },
            literal(taxonomy_of),
        )
    };
    let refusal = connection.execute_unprepared(&term(&world.b.id)).await.unwrap_err();
    assert!(matches!(refusal.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))), "{refusal}");
    // With a taxonomy of its own the same row is taken, so it was the taxonomy that was refused.
    connection.execute_unprepared(&term(&world.a.id)).await.unwrap();
}

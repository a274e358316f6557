//! The schema as the database has it: what belongs to an organization cannot be reached past it.
//!
//! A table is an organization's unless it stands in the closed list of `catalog`, so a new one is held to all of
//! this without anybody writing a test.

pub(crate) mod catalog;
mod references;
mod row_level_security;

use catalog::{GLOBAL, Table, tables};
use tests::TestApp;

async fn owned() -> Vec<Table> {
    let app = TestApp::start().await;
    let owned: Vec<Table> = tables(&app.database).await.into_iter().filter(Table::is_owned).collect();
    assert!(!owned.is_empty(), "no table belongs to an organization, so looking at them proves nothing");
    owned
}

#[tokio::test]
async fn the_list_of_tables_that_belong_to_nobody_is_not_longer_than_it_must_be() {
    let app = TestApp::start().await;
    let tables = tables(&app.database).await;
    for (name, reason) in GLOBAL {
        assert!(!reason.is_empty());
        assert!(
            tables.iter().any(|table| table.name == *name),
            "{name} is in the list and not in the database"
        );
    }
}

#[tokio::test]
async fn every_key_of_an_owned_table_begins_with_the_organization() {
    for Table { name, columns, primary_key, indexes, .. } in owned().await {
        let of = columns.iter().find(|column| column.name == "org_id");
        let of =
            of.unwrap_or_else(|| panic!("{name} has no org_id; if it can be nobody's, say so in GLOBAL"));
        assert!(of.is_not_null, "{name}: org_id may be null");
        assert_eq!(primary_key.first().map(String::as_str), Some("org_id"), "{name}: the primary key");
        assert!(primary_key.len() > 1, "{name}: the organization alone is the primary key");
        for index in indexes {
            let first = index.columns.first().map(String::as_str);
            assert_eq!(first, Some("org_id"), "{name}: {} does not begin with org_id", index.name);
        }
    }
}

#[tokio::test]
async fn every_reference_of_an_owned_table_stays_in_the_organization() {
    let owned = owned().await;
    for Table { name, foreign_keys, .. } in &owned {
        let to_organization = foreign_keys.iter().filter(|key| key.table == "organizations");
        let columns: Vec<_> = to_organization.map(|key| (&key.columns, &key.references)).collect();
        assert_eq!(
            columns,
            [(&vec!["org_id".to_owned()], &vec!["id".to_owned()])],
            "{name} references organizations by org_id, and by nothing else"
        );
        for key in foreign_keys.iter().filter(|key| key.table != "organizations") {
            let target = &key.table;
            assert!(
                owned.iter().any(|table| table.name == *target),
                "{name} references {target}, which is global"
            );
            let starts = (key.columns.first(), key.references.first());
            let org_id = &"org_id".to_owned();
            assert_eq!(starts, (Some(org_id), Some(org_id)), "{name}: a reference to {target}");
            assert!(key.columns.len() > 1, "{name}: a reference to {target}");
        }
    }
}

#[tokio::test]
async fn a_global_table_references_what_is_owned_only_together_with_its_organization() {
    let app = TestApp::start().await;
    let tables = tables(&app.database).await;
    for table in tables.iter().filter(|table| !table.is_owned()) {
        for key in &table.foreign_keys {
            let target = tables.iter().find(|target| target.name == key.table).unwrap();
            if target.is_owned() {
                assert_eq!(key.references[0], "org_id", "{} to {}", table.name, target.name);
                // The organizations' own table knows a row of its own organization, by its id; the others name both.
                let is_own = table.name == "organizations" && key.columns[0] == "id";
                assert!(is_own || key.columns[0] == "org_id", "{}: {:?}", table.name, key.columns);
                assert!(key.columns.len() > 1, "{}: {:?}", table.name, key.columns);
            }
        }
    }
}

/// What an organization owns goes with it when it leaves: into its hands, and out of ours.
#[tokio::test]
async fn every_owned_table_is_purged_and_exported_or_kept_back_for_a_reason() {
    let listed = infra::leaving::owned_tables();
    let mut names: Vec<&str> = listed.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let owned = owned().await;
    let mut expected: Vec<&str> = owned.iter().map(|table| table.name.as_str()).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "infra/src/db/owned.rs has another list than the database");
    assert!(listed.iter().all(|(_, kept_back)| kept_back.is_none_or(|reason| reason.len() > 10)));
}

/// An entity with the trait gets the organization's predicate on every query; without it, its rows cannot be had.
#[tokio::test]
async fn the_entity_of_every_owned_table_is_queried_by_organization_only() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/src/db/entities");
    let mut known = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.split("table_name = \"").skip(1) {
            let name = part.split('"').next().unwrap().to_owned();
            let is_scoped = text.contains("impl crate::db::OrgOwned for Entity")
                && text.contains("const ORG: Column = Column::OrgId;");
            let is_global = GLOBAL.iter().any(|(global, _)| *global == name);
            assert_ne!(
                is_scoped,
                is_global,
                "{}: OrgOwned is for the tables of organizations",
                file.display()
            );
            known.push(name);
        }
    }
    for table in owned().await {
        assert!(
            known.contains(&table.name),
            "{} has no entity: look whether something reads it otherwise",
            table.name
        );
    }
}

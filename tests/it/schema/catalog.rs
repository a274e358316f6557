//! What the database itself says about its tables.

use serde_json::Value;
use tests::{Rows, TestDatabase, is_postgres};

/// Tables that belong to no organization. Whoever adds one says why it can be none's, and keeps content out of it.
pub(crate) const GLOBAL: &[(&str, &str)] = &[
    ("organizations", "the organizations themselves: looked for before there is a scope, by their tenant"),
    ("outbox", "pointers to events (id, organization, time) for the relay, which serves all organizations"),
    ("epochs", "ids and counters of what was revoked: read before an organization is known"),
    (
        "jobs",
        "ids, times and leases of work: claimed before an organization is known; what is to be done is not in it",
    ),
    (
        "ring_keys",
        "ids and fingerprints of the service's own keys, which wrap the data keys of all organizations",
    ),
    ("lookups", "prefixes and digests of what arrives before its organization is known, and ids"),
    (
        "onboarding_attempts",
        "ways to consent: digests, ids and times of whoever begins, who has no organization yet",
    ),
    (
        "onboarding_invitations",
        "operators' links: made before there is an organization; the note is the operators' own",
    ),
    ("accounts", "people's logins: a person may belong to several organizations"),
    ("identities", "whose outside identity it is: asked before an organization is known"),
    ("memberships", "which organizations an account belongs to (ids): asked before one is entered"),
    ("sessions", "an account's; looked for by the id in a token, before an organization is known"),
    ("spent_secrets", "digests of what was used once, until it expires"),
    ("seaql_migrations", "which steps of the schema were carried out"),
];

/// A table with its keys.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub primary_key: Vec<String>,
    pub indexes: Vec<Index>,
    pub foreign_keys: Vec<ForeignKey>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub name: String,
    pub is_not_null: bool,
}

/// An index, the ones behind constraints included.
#[derive(Debug)]
pub(crate) struct Index {
    pub name: String,
    pub columns: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub columns: Vec<String>,
    pub table: String,
    pub references: Vec<String>,
}

impl Table {
    /// Whether it belongs to organizations: each table does that is not in the closed list.
    pub(crate) fn is_owned(&self) -> bool {
        !GLOBAL.iter().any(|(name, _)| *name == self.name)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Every table there is.
pub(crate) async fn tables(database: &TestDatabase) -> Vec<Table> {
    let names = if is_postgres() {
        "SELECT relname::text AS name FROM pg_class \
         WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname"
    } else {
        // What begins with `sqlite_` is SQLite's own.
        r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"
    };
    let mut tables = Vec::new();
    for row in database.query(names).await {
        let name = row.get("name").map(text).unwrap_or_default();
        tables.push(if is_postgres() {
            on_postgres(database, name).await
        } else {
            on_sqlite(database, name).await
        });
    }
    tables
}

/// Groups rows by what names their key, in the order in which they come.
fn grouped<T>(rows: &Rows, by: &str, make: impl Fn(&str, &Rows) -> T) -> Vec<T> {
    let mut groups: Vec<(String, Rows)> = Vec::new();
    for row in rows {
        let key = row.get(by).map(Value::to_string).unwrap_or_default();
        match groups.last_mut() {
            Some((last, rows)) if *last == key => rows.push(row.clone()),
            _ => groups.push((key, vec![row.clone()])),
        }
    }
    groups.iter().map(|(key, rows)| make(key.trim_matches('"'), rows)).collect()
}

fn column(rows: &Rows, name: &str) -> Vec<String> {
    rows.iter().filter_map(|row| row.get(name)).map(text).collect()
}

fn foreign_keys(rows: &Rows) -> Vec<ForeignKey> {
    grouped(rows, "key", |_, rows| ForeignKey {
        columns: column(rows, "source"),
        table: column(rows, "target_table").swap_remove(0),
        references: column(rows, "target"),
    })
}

fn indexes(rows: &Rows) -> Vec<Index> {
    grouped(rows, "key", |name, rows| Index { name: name.to_owned(), columns: column(rows, "name") })
}

fn columns(rows: &Rows) -> Vec<Column> {
    rows.iter()
        .map(|row| Column {
            name: row.get("name").map(text).unwrap_or_default(),
            is_not_null: row.get("is_not_null").and_then(Value::as_i64) == Some(1),
        })
        .collect()
}

async fn on_sqlite(database: &TestDatabase, name: String) -> Table {
    let about = |what: &str| format!("{what}('{name}')");
    let info = about("pragma_table_info");
    let all = format!("SELECT name, \"notnull\" AS is_not_null FROM {info} ORDER BY cid");
    let primary = format!("SELECT name FROM {info} WHERE pk > 0 ORDER BY pk");
    let index = format!(
        "SELECT list.name AS key, column.name AS name FROM {} AS list, pragma_index_info(list.name) AS column \
         ORDER BY list.name, column.seqno",
        about("pragma_index_list")
    );
    let foreign = format!(
        "SELECT id AS key, \"from\" AS source, \"table\" AS target_table, \"to\" AS target FROM {} ORDER BY id, seq",
        about("pragma_foreign_key_list")
    );
    Table {
        columns: columns(&database.query(&all).await),
        primary_key: column(&database.query(&primary).await, "name"),
        indexes: indexes(&database.query(&index).await),
        foreign_keys: foreign_keys(&database.query(&foreign).await),
        name,
    }
}

async fn on_postgres(database: &TestDatabase, name: String) -> Table {
    let all = format!(
        "SELECT attname::text AS name, attnotnull::int::bigint AS is_not_null FROM pg_attribute \
         WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    );
    let keys = |condition: &str| {
        format!(
            "SELECT index.relname::text AS key, coalesce(attname::text, '(an expression)') AS name \
             FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid \
             CROSS JOIN LATERAL unnest(indkey::int2[]) WITH ORDINALITY AS part(number, position) \
             LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number \
             WHERE indrelid = '{name}'::regclass {condition} ORDER BY index.relname, position"
        )
    };
    let foreign = format!(
        "SELECT conname::text AS key, own.attname::text AS source, confrelid::regclass::text AS target_table, \
         their.attname::text AS target FROM pg_constraint \
         CROSS JOIN LATERAL unnest(conkey, confkey) WITH ORDINALITY AS part(own, their, position) \
         JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = part.own \
         JOIN pg_attribute AS their ON their.attrelid = confrelid AND their.attnum = part.their \
         WHERE contype = 'f' AND conrelid = '{name}'::regclass ORDER BY conname, position"
    );
    Table {
        columns: columns(&database.query(&all).await),
        primary_key: column(&database.query(&keys("AND indisprimary")).await, "name"),
        indexes: indexes(&database.query(&keys("")).await),
        foreign_keys: foreign_keys(&database.query(&foreign).await),
        name,
    }
}

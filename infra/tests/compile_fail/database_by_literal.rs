//! A database is opened, and its schema and role looked at.

use infra::db::Database;

fn forge(other: Database) -> Database {
    Database { ..other }
}

fn main() {}

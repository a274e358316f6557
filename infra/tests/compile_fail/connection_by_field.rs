//! The connections are the database's own.

use infra::db::Database;

fn writer(database: &Database) {
    let _ = &database.writer;
    let _ = &database.reader;
}

fn main() {}

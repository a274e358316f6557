//! A database is opened, and its schema and role looked at.

use infra::db::Database;
use sea_orm::DatabaseConnection;

fn forge(writer: DatabaseConnection) -> Database {
    Database { writer }
}

fn main() {}

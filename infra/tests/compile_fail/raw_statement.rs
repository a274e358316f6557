//! A database runs no statements for others.

use infra::db::Database;
use sea_orm::ConnectionTrait;

async fn run(database: &Database) {
    let _ = database.execute_unprepared("DELETE FROM annotations").await;
}

fn main() {}

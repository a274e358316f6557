//! Row-level security, the second lock on every organization-owned table (PostgreSQL only).

use sea_orm_migration::prelude::{DbErr, SchemaManager};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// The setting that a unit of work fills with its organization, for its transaction only.
pub const SETTING: &str = "app.org_id";

/// Enables and forces row-level security: without `app.org_id` no row is seen or written. The role that migrates
/// owns the table and is bound by FORCE too, so it gets a policy of its own; a backfill would see nothing without.
/// `nullif` because the setting is an empty string, not NULL, after the transaction that set it.
pub async fn protect(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let own_rows = format!("org_id = (SELECT nullif(current_setting('{SETTING}', true), ''))::uuid");
    manager
        .get_connection()
        .execute_unprepared(&format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY organization ON {table} USING ({own_rows}) WITH CHECK ({own_rows});
             CREATE POLICY migration ON {table} TO CURRENT_USER USING (true) WITH CHECK (true);"
        ))
        .await?;
    Ok(())
}

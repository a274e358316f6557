//! The service's own staff: which accounts are of it, what it looks for organizations by, and what became of its links.

use sea_orm_migration::{
    prelude::{ColumnDef, DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait},
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::shape::optional;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            ("accounts", optional::time("operator_since")),
            ("organizations", ColumnDef::new("folded_name").text().not_null().default("").take()),
            ("organizations", optional::text("default_domain")),
            ("organizations", optional::text("folded_domain")),
            ("organizations", optional::text("status_reason")),
            ("onboarding_invitations", optional::text("created_by")),
            ("onboarding_invitations", optional::uuid("org_id")),
            ("onboarding_invitations", optional::time("withdrawn_at")),
        ];
        // One at a time: SQLite adds no two columns at once.
        for (table, column) in columns {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let first = if manager.get_database_backend() == DbBackend::Postgres {
            "domains->>0"
        } else {
            "json_extract(domains, '$[0]')"
        };
        // Of those that are there the database folds what it can; their next change folds the rest.
        let connection = manager.get_connection();
        let known = format!(
            "UPDATE organizations SET folded_name = lower(name), default_domain = \
             (SELECT {first} FROM onboardings WHERE onboardings.org_id = organizations.id)"
        );
        connection.execute_unprepared(&known).await?;
        let fold = "UPDATE organizations SET folded_domain = lower(default_domain)";
        connection.execute_unprepared(fold).await?;
        Ok(())
    }
}

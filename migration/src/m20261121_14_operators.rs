//! The service's own staff: which accounts are of it, what it looks for organizations by, and what became of its links.

use sea_orm_migration::{
    prelude::{
        ColumnDef, DbErr, DeriveMigrationName, Expr, ExprTrait, MigrationTrait, Query, SchemaManager, Table,
        async_trait,
    },
    sea_orm::{ConnectionTrait, DbBackend, prelude::Uuid},
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
        let connection = manager.get_connection();
        let known = format!(
            "UPDATE organizations SET default_domain = \
             (SELECT {first} FROM onboardings WHERE onboardings.org_id = organizations.id)"
        );
        connection.execute_unprepared(&known).await?;
        fold(manager).await
    }
}

/// Folds what is there as it is looked for: no database knows every alphabet.
async fn fold(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let all = Query::select().columns(["id", "name", "default_domain"]).from("organizations").take();
    for row in manager.get_connection().query_all(&all).await? {
        let (id, name): (Uuid, String) = (row.try_get("", "id")?, row.try_get("", "name")?);
        let domain: Option<String> = row.try_get("", "default_domain")?;
        let update = Query::update()
            .table("organizations")
            .value("folded_name", folded(&name))
            .value("folded_domain", domain.as_deref().map(folded))
            .and_where(Expr::col("id").eq(id))
            .take();
        manager.execute(update).await?;
    }
    Ok(())
}

/// As the service does it; to upper case first, since some letters have several small forms, or a large one that is two.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

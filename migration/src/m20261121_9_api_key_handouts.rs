//! What an API key says of the tokens that it gets: of which connections, encrypted to whom, and what it may ask for
//! where it gets none.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait,
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
        for column in ["allowed_connections", "public_key", "proxy_rules"] {
            let table = Table::alter().table("api_keys").add_column(optional::json(column)).take();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

//! The addresses of connected accounts as they are compared: in one case, whatever the alphabet and the database.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Expr, ExprTrait, Func, Index, MigrationTrait, Query, SchemaManager, Table,
    async_trait,
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
        let table = Table::alter().table("connections").add_column(optional::text("folded_email")).take();
        manager.alter_table(table).await?;
        // Of those that are there the database folds what it can; connecting anew folds the rest.
        let fold = Query::update()
            .table("connections")
            .value("folded_email", Expr::expr(Func::lower(Expr::col("email"))))
            .and_where(Expr::col("email").is_not_null())
            .take();
        manager.execute(fold).await?;
        let index = Index::create().name("ix_connections_folded_email").table("connections").take();
        manager.create_index(index.clone().col("org_id").col("folded_email").take()).await
    }
}

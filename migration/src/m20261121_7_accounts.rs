//! Accounts: the logins of people, and which memberships and outside identities are theirs.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, ForeignKey, ForeignKeyAction, Index, IntoIden, MigrationTrait, SchemaManager,
    Table, async_trait,
};

use crate::shape::{optional, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let accounts =
            Table::create().table("accounts").col(uuid("id").primary_key()).col(time("created_at")).take();
        manager.create_table(accounts).await?;
        let identities = Table::create()
            .table("identities")
            .col(text("provider"))
            .col(text("issuer"))
            .col(text("subject"))
            .col(uuid("account_id"))
            .col(optional::text("email"))
            .col(optional::text("display_name"))
            .col(time("linked_at"))
            .primary_key(Index::create().col("provider").col("issuer").col("subject"))
            .foreign_key(&mut of_account("identities"))
            .take();
        manager.create_table(identities).await?;
        let mut of_identities = Index::create().name("ix_identities_account").table("identities").take();
        manager.create_index(of_identities.col("account_id").take()).await?;
        let memberships = Table::create()
            .table("memberships")
            .col(uuid("account_id"))
            .col(uuid("org_id"))
            .col(uuid("user_id"))
            .col(time("created_at"))
            .primary_key(Index::create().col("account_id").col("org_id").col("user_id"))
            .foreign_key(&mut of_account("memberships"))
            .foreign_key(&mut of_user("memberships"))
            .take();
        manager.create_table(memberships).await?;
        // No foreign key: what an organization owns refers to nothing outside of it.
        let column = Table::alter().table("users").add_column(optional::uuid("account_id")).take();
        manager.alter_table(column).await
    }
}

/// What is an account's goes with it.
pub(crate) fn of_account(table: &'static str) -> sea_orm_migration::prelude::ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_account"))
        .from(table, "account_id")
        .to("accounts", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// What points to a membership goes with it.
pub(crate) fn of_user(table: &'static str) -> sea_orm_migration::prelude::ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_user"))
        .from_tbl(table.into_iden())
        .from_col("org_id")
        .from_col("user_id")
        .to_tbl("users".into_iden())
        .to_col("org_id")
        .to_col("id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

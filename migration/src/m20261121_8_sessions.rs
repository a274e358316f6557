//! Sessions of accounts, and what may be used once only.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::{
    m20261121_7_accounts::{of_account, of_user},
    shape::{flag, optional, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sessions = Table::create()
            .table("sessions")
            .col(uuid("id").primary_key())
            .col(uuid("account_id"))
            .col(uuid("org_id"))
            .col(uuid("user_id"))
            .col(text("method"))
            .col(flag("is_email_verified"))
            .col(optional::text("granted_role"))
            .col(optional::time("granted_until"))
            .col(uuid("refresh_id"))
            .col(optional::uuid("previous_refresh_id"))
            .col(optional::time("rotated_at"))
            .col(optional::text("user_agent"))
            .col(optional::text("ip"))
            .col(time("created_at"))
            .col(time("last_active_at"))
            .col(time("expires_at"))
            .col(optional::time("ended_at"))
            .col(optional::text("end_reason"))
            .foreign_key(&mut of_account("sessions"))
            .foreign_key(&mut of_user("sessions"))
            .take();
        manager.create_table(sessions).await?;
        let mut of_sessions = Index::create().name("ix_sessions_account").table("sessions").take();
        manager.create_index(of_sessions.col("account_id").col("id").take()).await?;
        let spent = Table::create()
            .table("spent_secrets")
            .col(text("purpose"))
            .col(text("digest"))
            .col(time("expires_at"))
            .primary_key(Index::create().col("purpose").col("digest"))
            .take();
        manager.create_table(spent).await?;
        let mut expiry = Index::create().name("ix_spent_secrets_expiry").table("spent_secrets").take();
        manager.create_index(expiry.col("expires_at").take()).await
    }
}

//! How tenants come and go: the consent of an organization, the ways to it, imports of people, deletion.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::{
    row_level_security::protect,
    shape::{integer, json, optional, owned, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite adds no two columns at once.
        let consent = ColumnDef::new("consent").text().not_null().default("pending").take();
        for column in [consent, optional::time("deleted_at")] {
            manager.alter_table(Table::alter().table("organizations").add_column(column).take()).await?;
        }
        let known = "UPDATE organizations SET consent = 'active' WHERE consented_at IS NOT NULL";
        manager.get_connection().execute_unprepared(known).await?;
        organization_owned(manager).await?;
        global_tables(manager).await
    }
}

async fn organization_owned(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let consent = vec![
        uuid("id"),
        json("granted"),
        json("missing"),
        json("reported_scopes"),
        optional::uuid("consented_by"),
        optional::time("verify_until"),
        optional::time("checked_at"),
        optional::text("finding"),
        json("domains"),
        optional::text("tenant_type"),
    ];
    manager.create_table(owned("onboardings", consent, &["id"])).await?;
    let import = vec![
        uuid("id"),
        text("state"),
        integer("seen"),
        integer("added"),
        integer("updated"),
        integer("skipped"),
        optional::text("next"),
        optional::text("trouble"),
        time("started_at"),
        time("updated_at"),
    ];
    manager.create_table(owned("user_imports", import, &["id"])).await?;
    protect(manager, "onboardings").await?;
    protect(manager, "user_imports").await
}

/// Tables that belong to no organization; each is in the schema test's closed list with its reason.
async fn global_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let attempts = Table::create()
        .table("onboarding_attempts")
        .col(uuid("id").primary_key())
        .col(text("state_digest").unique_key())
        .col(text("browser_digest").unique_key())
        .col(optional::uuid("tenant"))
        .col(optional::uuid("invitation_id"))
        .col(optional::uuid("initiator"))
        .col(optional::uuid("org_id"))
        .col(optional::text("answer"))
        .col(optional::time("used_at"))
        .col(time("expires_at"))
        .take();
    manager.create_table(attempts).await?;
    let mut old = Index::create().name("ix_onboarding_attempts_expiry").table("onboarding_attempts").take();
    manager.create_index(old.col("expires_at").take()).await?;
    let invitations = Table::create()
        .table("onboarding_invitations")
        .col(uuid("id").primary_key())
        .col(text("digest").unique_key())
        .col(optional::uuid("tenant"))
        .col(text("note"))
        .col(time("created_at"))
        .col(time("expires_at"))
        .col(optional::time("accepted_at"))
        .take();
    manager.create_table(invitations).await
}

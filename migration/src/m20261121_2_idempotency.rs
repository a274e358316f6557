//! Idempotency keys.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, async_trait,
};

use crate::{
    row_level_security::protect,
    shape::{owned, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            text("caller"),
            text("operation"),
            text("key"),
            text("digest"),
            uuid("made_id"),
            time("expires_at"),
        ];
        let primary = &["caller", "operation", "key"];
        manager.create_table(owned("idempotency_keys", columns, primary)).await?;
        let mut expired = Index::create().name("ix_idempotency_keys_expiry").table("idempotency_keys").take();
        manager.create_index(expired.col("org_id").col("expires_at").take()).await?;
        protect(manager, "idempotency_keys").await
    }
}

//! The keys of the ring, and the data keys of organizations that they wrap.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::{
    row_level_security::protect,
    shape::{bytes, integer, optional, owned, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ring_keys = Table::create()
            .table("ring_keys")
            .col(text("id").primary_key())
            .col(text("fingerprint"))
            .col(text("state"))
            .col(time("first_used_at"))
            .col(optional::time("retired_at"))
            .take();
        manager.create_table(ring_keys).await?;
        let columns = vec![
            uuid("id"),
            integer("generation"),
            text("ring_key_id"),
            bytes("wrapped"),
            time("created_at"),
            optional::time("destroyed_at"),
        ];
        let data_keys = owned("data_keys", columns, &["id"])
            .index(Index::create().name("uq_data_keys_generation").unique().col("org_id").col("generation"))
            .take();
        manager.create_table(data_keys).await?;
        protect(manager, "data_keys").await
    }
}

//! Connected Microsoft accounts and their tokens.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, ForeignKeyAction, Index, MigrationTrait, SchemaManager, TableCreateStatement,
    async_trait,
};

use crate::{
    row_level_security::protect,
    shape::{bytes, integer, json, optional, owned, reference, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [connections(), tokens()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("ix_connections_data_key", "connections", &["org_id", "data_key_id"][..]),
            ("ix_connection_tokens_data_key", "connection_tokens", &["org_id", "data_key_id"]),
        ] {
            let mut index = Index::create().name(name).table(table).take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        for table in ["connections", "connection_tokens"] {
            protect(manager, table).await?;
        }
        Ok(())
    }
}

fn connections() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("user_id"),
        uuid("tenant_id"),
        uuid("object_id"),
        optional::text("email"),
        optional::text("display_name"),
        optional::text("share_point_host"),
        text("status"),
        optional::text("trouble"),
        optional::text("claims"),
        json("scopes"),
        optional::uuid("data_key_id"),
        optional::bytes("refresh_token"),
        optional::time("grant_expires_at"),
        time("refreshed_at"),
        optional::time("paused_until"),
        integer("failures"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("connections", columns, &["id"])
        .index(
            Index::create()
                .name("uq_connections_account")
                .unique()
                .col("org_id")
                .col("user_id")
                .col("tenant_id")
                .col("object_id"),
        )
        .foreign_key(&mut reference(
            "fk_connections_user",
            ("connections", &["user_id"]),
            ("users", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .foreign_key(&mut reference(
            "fk_connections_data_key",
            ("connections", &["data_key_id"]),
            ("data_keys", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn tokens() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("connection_id"),
        text("resource"),
        json("scopes"),
        uuid("data_key_id"),
        bytes("access_token"),
        time("issued_at"),
        time("expires_at"),
        time("refresh_at"),
        optional::time("used_at"),
    ];
    owned("connection_tokens", columns, &["id"])
        .index(
            Index::create()
                .name("uq_connection_tokens_resource")
                .unique()
                .col("org_id")
                .col("connection_id")
                .col("resource"),
        )
        .foreign_key(&mut reference(
            "fk_connection_tokens_connection",
            ("connection_tokens", &["connection_id"]),
            ("connections", &["id"]),
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut reference(
            "fk_connection_tokens_data_key",
            ("connection_tokens", &["data_key_id"]),
            ("data_keys", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

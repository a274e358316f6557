//! API keys, and what arrives before its organization is known.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, ForeignKeyAction, Index, MigrationTrait, SchemaManager, Table,
    TableCreateStatement, async_trait,
};

use crate::{
    row_level_security::protect,
    shape::{bytes, flag, integer, json, optional, owned, reference, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lookups = Table::create()
            .table("lookups")
            .col(text("kind"))
            .col(text("value"))
            .col(uuid("org_id"))
            .col(uuid("target_id"))
            .primary_key(Index::create().col("kind").col("value").col("org_id").col("target_id"))
            .take();
        manager.create_table(lookups).await?;
        for table in [keys(), secrets(), uses()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("ix_api_keys_owner", "api_keys", &["org_id", "owner_id"][..]),
            ("ix_api_key_secrets_key", "api_key_secrets", &["org_id", "key_id"]),
            ("ix_api_key_secrets_data_key", "api_key_secrets", &["org_id", "data_key_id"]),
            ("ix_api_key_uses_key", "api_key_uses", &["org_id", "key_id", "id"]),
        ] {
            let mut index = Index::create().name(name).table(table).take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        for table in ["api_keys", "api_key_secrets", "api_key_uses"] {
            protect(manager, table).await?;
        }
        Ok(())
    }
}

fn keys() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("owner_id"),
        text("name"),
        optional::text("service_id"),
        text("reach"),
        json("scopes"),
        json("allowed_ips"),
        optional::json("allowed_user_ids"),
        optional::json("allowed_resources"),
        flag("include_refresh_token"),
        optional::integer("requests_per_minute"),
        text("prefix"),
        flag("is_active"),
        optional::time("expires_at"),
        optional::time("last_used_at"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("api_keys", columns, &["id"])
        .foreign_key(&mut reference(
            "fk_api_keys_owner",
            ("api_keys", &["owner_id"]),
            ("users", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn secrets() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("key_id"),
        text("prefix"),
        text("pepper_key_id"),
        bytes("digest"),
        uuid("data_key_id"),
        bytes("wire_key"),
        optional::time("expires_at"),
        time("created_at"),
    ];
    owned("api_key_secrets", columns, &["id"])
        .foreign_key(&mut reference(
            "fk_api_key_secrets_key",
            ("api_key_secrets", &["key_id"]),
            ("api_keys", &["id"]),
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut reference(
            "fk_api_key_secrets_data_key",
            ("api_key_secrets", &["data_key_id"]),
            ("data_keys", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn uses() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("key_id"),
        text("method"),
        text("path"),
        text("outcome"),
        optional::text("ip"),
        integer("count"),
        time("first_at"),
        time("last_at"),
    ];
    owned("api_key_uses", columns, &["id"])
        .foreign_key(&mut reference(
            "fk_api_key_uses_key",
            ("api_key_uses", &["key_id"]),
            ("api_keys", &["id"]),
            ForeignKeyAction::Cascade,
        ))
        .take()
}

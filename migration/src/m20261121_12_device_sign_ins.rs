//! Accounts that are connected from devices without a browser, and the application that such a grant was given to.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, ForeignKeyAction, Index, MigrationTrait, SchemaManager, Table,
    TableCreateStatement, async_trait,
};

use crate::{
    row_level_security::protect,
    shape::{integer, optional, owned, reference, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("connections").add_column(optional::uuid("public_client_id")).take();
        manager.alter_table(table).await?;
        manager.create_table(device_sign_ins()).await?;
        for (name, column) in
            [("ix_device_sign_ins_data_key", "data_key_id"), ("ix_device_sign_ins_expires_at", "expires_at")]
        {
            let index = Index::create().name(name).table("device_sign_ins").col("org_id").col(column).take();
            manager.create_index(index).await?;
        }
        protect(manager, "device_sign_ins").await
    }
}

fn device_sign_ins() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("user_id"),
        text("state"),
        optional::text("reason"),
        optional::uuid("connection_id"),
        optional::uuid("data_key_id"),
        optional::bytes("device_code"),
        integer("interval_seconds"),
        time("poll_at"),
        time("expires_at"),
        time("created_at"),
    ];
    owned("device_sign_ins", columns, &["id"])
        .foreign_key(&mut reference(
            "fk_device_sign_ins_user",
            ("device_sign_ins", &["user_id"]),
            ("users", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .foreign_key(&mut reference(
            "fk_device_sign_ins_data_key",
            ("device_sign_ins", &["data_key_id"]),
            ("data_keys", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

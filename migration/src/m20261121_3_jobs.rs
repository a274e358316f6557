//! Work in the background.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::shape::{integer, optional, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("jobs")
            .col(text("kind"))
            .col(uuid("key"))
            .col(optional::uuid("org_id"))
            .col(time("run_at"))
            .col(optional::time("locked_until"))
            .col(optional::uuid("owner"))
            .col(integer("attempt"))
            .col(integer("version"))
            .col(optional::time("given_up_at"))
            .primary_key(Index::create().col("kind").col("key"))
            .take();
        manager.create_table(table).await?;
        // Those that are due are a range of this; those that were given up are out of its way.
        let mut due = Index::create().name("ix_jobs_due").table("jobs").take();
        manager.create_index(due.col("given_up_at").col("run_at").take()).await?;
        let mut of_organization = Index::create().name("ix_jobs_organization").table("jobs").take();
        manager.create_index(of_organization.col("org_id").take()).await?;
        // A new organization comes with this row; those that were there get theirs here.
        let tidy = "INSERT INTO jobs (kind, key, org_id, run_at, attempt, version) \
                    SELECT 'organization.tidy', id, id, created_at, 0, 1 FROM organizations";
        manager.get_connection().execute_unprepared(tidy).await?;
        Ok(())
    }
}

//! Organizations, their users, the sample module, events, and the epochs of revocation.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, ForeignKey, ForeignKeyAction, Index, IntoIden, MigrationTrait, SchemaManager,
    Table, TableCreateStatement, async_trait,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::{
    row_level_security::protect,
    shape::{flag, integer, json, optional, owned, reference, text, time, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        global_tables(manager).await?;
        for table in [users(), taxonomies(), terms(), annotations(), annotation_terms(), events()] {
            manager.create_table(table).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.create_foreign_key(default_taxonomy()).await?;
        }
        for (name, table, columns) in [
            ("ix_terms_parent", "terms", &["org_id", "taxonomy_id", "parent_id"][..]),
            ("ix_annotations_item", "annotations", &["org_id", "drive_id", "item_id"]),
            ("ix_annotations_author", "annotations", &["org_id", "author_id"]),
            ("ix_annotation_terms_term", "annotation_terms", &["org_id", "term_id"]),
        ] {
            let mut index = Index::create().name(name).table(table).take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        for table in ["users", "taxonomies", "terms", "annotations", "annotation_terms", "events"] {
            protect(manager, table).await?;
        }
        Ok(())
    }
}

/// Tables that belong to no organization; each is in the schema test's closed list with its reason.
async fn global_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut organizations = Table::create()
        .table("organizations")
        .col(uuid("id").primary_key())
        .col(text("origin_key").unique_key())
        .col(optional::uuid("azure_tenant_id"))
        .col(text("name"))
        .col(text("name_source"))
        .col(text("status"))
        .col(optional::time("consented_at"))
        .col(optional::uuid("default_taxonomy_id"))
        .col(json("config"))
        .col(integer("version"))
        .col(time("created_at"))
        .col(time("updated_at"))
        .take();
    // SQLite takes a foreign key to a table that does not exist yet, but adds none later; PostgreSQL the reverse.
    if manager.get_database_backend() == DbBackend::Sqlite {
        organizations.foreign_key(&mut default_taxonomy());
    }
    manager.create_table(organizations).await?;
    manager
        .create_table(
            Table::create()
                .table("outbox")
                .col(uuid("event_id").primary_key())
                .col(uuid("org_id"))
                .col(time("created_at"))
                .take(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("epochs")
                .col(text("kind"))
                .col(uuid("id"))
                .col(integer("epoch"))
                .col(time("changed_at"))
                .primary_key(Index::create().col("kind").col("id"))
                .take(),
        )
        .await
}

fn default_taxonomy() -> sea_orm_migration::prelude::ForeignKeyCreateStatement {
    ForeignKey::create()
        .name("fk_organizations_default_taxonomy")
        .from_tbl("organizations".into_iden())
        .from_col("id")
        .from_col("default_taxonomy_id")
        .to_tbl("taxonomies".into_iden())
        .to_col("org_id")
        .to_col("id")
        .take()
}

fn users() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        text("kind"),
        optional::uuid("object_id"),
        optional::text("email"),
        optional::text("display_name"),
        flag("is_guest"),
        time("profile_as_of"),
        optional::text("role"),
        text("status"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("users", columns, &["id"])
        .index(Index::create().name("uq_users_object_id").unique().col("org_id").col("object_id"))
        .take()
}

fn taxonomies() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        text("name"),
        optional::text("description"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("taxonomies", columns, &["id"])
        .index(Index::create().name("uq_taxonomies_name").unique().col("org_id").col("name"))
        .take()
}

fn terms() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        uuid("taxonomy_id"),
        optional::uuid("parent_id"),
        text("label"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("terms", columns, &["id"])
        .index(Index::create().name("uq_terms_taxonomy").unique().col("org_id").col("taxonomy_id").col("id"))
        .foreign_key(&mut reference(
            "fk_terms_taxonomy",
            ("terms", &["taxonomy_id"]),
            ("taxonomies", &["id"]),
            ForeignKeyAction::Cascade,
        ))
        // A parent is a term of the same taxonomy.
        .foreign_key(&mut reference(
            "fk_terms_parent",
            ("terms", &["taxonomy_id", "parent_id"]),
            ("terms", &["taxonomy_id", "id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn annotations() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        text("site_id"),
        text("drive_id"),
        text("item_id"),
        optional::integer("page"),
        optional::integer("text_start"),
        optional::integer("text_end"),
        text("note"),
        uuid("author_id"),
        integer("version"),
        time("created_at"),
        time("updated_at"),
    ];
    owned("annotations", columns, &["id"])
        .foreign_key(&mut reference(
            "fk_annotations_author",
            ("annotations", &["author_id"]),
            ("users", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn annotation_terms() -> TableCreateStatement {
    let columns = vec![uuid("annotation_id"), uuid("term_id")];
    owned("annotation_terms", columns, &["annotation_id", "term_id"])
        .foreign_key(&mut reference(
            "fk_annotation_terms_annotation",
            ("annotation_terms", &["annotation_id"]),
            ("annotations", &["id"]),
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut reference(
            "fk_annotation_terms_term",
            ("annotation_terms", &["term_id"]),
            ("terms", &["id"]),
            ForeignKeyAction::NoAction,
        ))
        .take()
}

fn events() -> TableCreateStatement {
    let columns = vec![
        uuid("id"),
        text("name"),
        text("actor_kind"),
        optional::uuid("actor_id"),
        text("request_id"),
        optional::text("ip"),
        json("data"),
        time("created_at"),
    ];
    owned("events", columns, &["id"]).take()
}

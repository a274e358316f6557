//! The shapes that tables repeat, so that an organization-owned one cannot be made without its parts.

use sea_orm_migration::prelude::{
    ColumnDef, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, IntoIden, Table,
    TableCreateStatement,
};

/// A column that must have a value.
pub(crate) fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

pub(crate) fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub(crate) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

pub(crate) fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().take()
}

pub(crate) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

pub(crate) fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().take()
}

/// Columns that may be empty.
pub(crate) mod optional {
    use sea_orm_migration::prelude::ColumnDef;

    pub(crate) fn uuid(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).uuid().null().take()
    }

    pub(crate) fn text(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).text().null().take()
    }

    pub(crate) fn bytes(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().null().take()
    }

    pub(crate) fn integer(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().null().take()
    }

    pub(crate) fn json(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).json_binary().null().take()
    }

    pub(crate) fn time(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).timestamp_with_time_zone().null().take()
    }
}

/// A table that belongs to an organization: its primary key and its foreign keys begin with `org_id`.
pub(crate) fn owned(
    name: &'static str,
    columns: Vec<ColumnDef>,
    key: &[&'static str],
) -> TableCreateStatement {
    let mut table = Table::create().table(name).col(uuid("org_id")).take();
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create().col("org_id").take();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table.foreign_key(
        ForeignKey::create()
            .name(format!("fk_{name}_organization"))
            .from(name, "org_id")
            .to("organizations", "id"),
    );
    table
}

/// A reference from one organization-owned table to another: always with `org_id`, so that a row cannot point into
/// another organization.
pub(crate) fn reference(
    name: &str,
    from: (&'static str, &[&'static str]),
    to: (&'static str, &[&'static str]),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create().name(name).on_delete(on_delete).take();
    key.from_tbl(from.0.into_iden()).from_col("org_id");
    for column in from.1 {
        key.from_col(*column);
    }
    key.to_tbl(to.0.into_iden()).to_col("org_id");
    for column in to.1 {
        key.to_col(*column);
    }
    key
}

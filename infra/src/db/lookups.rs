//! The table of lookups: what arrives before its organization is known (prefixes, digests), and where it leads. It
//! holds no content. A value is not unique: whoever looks one up compares every candidate.

use domain::id::{OrgId, TypedId};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    Unit,
    entities::lookups::{ActiveModel, Column, Entity, Model},
};

/// What is looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    /// The prefix of an API key, which leads to one of its secrets.
    ApiKey,
}

impl Lookup {
    fn word(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
        }
    }
}

/// Where a value leads, across organizations.
#[expect(clippy::disallowed_methods, reason = "a global table: it is asked before an organization is known")]
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    kind: Lookup,
    value: &str,
) -> Result<Vec<(OrgId, Uuid)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Kind.eq(kind.word()))
        .filter(Column::Value.eq(value))
        .order_by_asc(Column::TargetId)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|Model { org_id, target_id, .. }| (OrgId::from_uuid(org_id), target_id))
        .collect())
}

/// Lets a value lead to something of the unit's organization.
#[expect(clippy::disallowed_methods, reason = "a global table, with the unit's own organization")]
pub(crate) async fn add(unit: &Unit, kind: Lookup, value: &str, target: Uuid) -> Result<(), DbErr> {
    let row = ActiveModel {
        kind: Set(kind.word().to_owned()),
        value: Set(value.to_owned()),
        org_id: Set(unit.org_id().uuid()),
        target_id: Set(target),
    };
    Entity::insert(row).exec_without_returning(&unit.connection).await?;
    Ok(())
}

/// Forgets what leads to these things of the unit's organization.
#[expect(clippy::disallowed_methods, reason = "a global table, with the unit's own organization")]
pub(crate) async fn remove(unit: &Unit, kind: Lookup, targets: &[(String, Uuid)]) -> Result<(), DbErr> {
    for (value, target) in targets {
        Entity::delete_many()
            .filter(Column::Kind.eq(kind.word()))
            .filter(Column::Value.eq(value))
            .filter(Column::OrgId.eq(unit.org_id().uuid()))
            .filter(Column::TargetId.eq(*target))
            .exec(&unit.connection)
            .await?;
    }
    Ok(())
}

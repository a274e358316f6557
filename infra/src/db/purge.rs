//! What is left of an organization in the global tables, and in references, when its own rows go.

use domain::id::{OrgId, TypedId};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::Expr,
};

use super::{
    entities::{accounts, epochs, jobs, lookups, memberships, organizations, outbox, terms, users},
    onboarding::{forget_attempts_of, forget_invitations_of},
    unit::Unit,
};

/// Whether the organization is deleted, and not restored meanwhile.
pub(crate) async fn is_deleted(unit: &Unit) -> Result<bool, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "the organization's own row, by its id")]
    let deleted = organizations::Entity::find()
        .filter(organizations::Column::Id.eq(unit.org_id().uuid()))
        .filter(organizations::Column::Status.eq("deleted"));
    Ok(deleted.count(&unit.connection).await? > 0)
}

/// Lets go what refers to a table's rows from elsewhere, or from itself.
pub(crate) async fn loosen(unit: &Unit, table: &str) -> Result<(), DbErr> {
    match table {
        // Terms refer to each other.
        "terms" => {
            unit.scoped()
                .update::<terms::Entity>()
                .filter(terms::Column::ParentId.is_not_null())
                .col_expr(terms::Column::ParentId, Expr::value(Option::<uuid::Uuid>::None))
                .exec(&unit.connection)
                .await?;
        }
        "taxonomies" => {
            #[expect(clippy::disallowed_methods, reason = "the organization's own row, by its id")]
            organizations::Entity::update_many()
                .filter(organizations::Column::Id.eq(unit.org_id().uuid()))
                .filter(organizations::Column::DefaultTaxonomyId.is_not_null())
                .col_expr(organizations::Column::DefaultTaxonomyId, Expr::value(Option::<uuid::Uuid>::None))
                .exec(&unit.connection)
                .await?;
        }
        "users" => {
            let of_users =
                unit.scoped().find::<users::Entity>().select_only().column(users::Column::Id).into_query();
            #[expect(clippy::disallowed_methods, reason = "a global table, by the organization's own users")]
            epochs::Entity::delete_many()
                .filter(epochs::Column::Kind.eq("user"))
                .filter(epochs::Column::Id.in_subquery(of_users))
                .exec(&unit.connection)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

/// Deletes the organization, if it is still deleted, and what the global tables have of it. `false` when it was
/// restored meanwhile.
#[expect(clippy::disallowed_methods, reason = "global tables, by the organization's own id")]
pub(crate) async fn organization(unit: &Unit) -> Result<bool, DbErr> {
    let org_id: OrgId = unit.org_id();
    let gone = organizations::Entity::delete_many()
        .filter(organizations::Column::Id.eq(org_id.uuid()))
        .filter(organizations::Column::Status.eq("deleted"))
        .exec(&unit.connection)
        .await?;
    if gone.rows_affected == 0 {
        return Ok(false);
    }
    outbox::Entity::delete_many()
        .filter(outbox::Column::OrgId.eq(org_id.uuid()))
        .exec(&unit.connection)
        .await?;
    jobs::Entity::delete_many().filter(jobs::Column::OrgId.eq(org_id.uuid())).exec(&unit.connection).await?;
    epochs::Entity::delete_many()
        .filter(epochs::Column::Kind.eq("organization"))
        .filter(epochs::Column::Id.eq(org_id.uuid()))
        .exec(&unit.connection)
        .await?;
    lookups::Entity::delete_many()
        .filter(lookups::Column::OrgId.eq(org_id.uuid()))
        .exec(&unit.connection)
        .await?;
    forget_attempts_of(&unit.connection, org_id).await?;
    forget_invitations_of(&unit.connection, org_id).await?;
    dismiss_homeless(unit).await?;
    Ok(true)
}

/// Ends that accounts are of the service's staff which were members of no other organization. Nobody can sign in with one,
/// and whoever comes again in another organization is to be made one of the staff again.
#[expect(clippy::disallowed_methods, reason = "global tables: accounts that no organization has any more")]
async fn dismiss_homeless(unit: &Unit) -> Result<(), DbErr> {
    let own = Expr::col((memberships::Entity, memberships::Column::AccountId));
    let memberships = memberships::Entity::find()
        .select_only()
        .column(memberships::Column::AccountId)
        .filter(own.equals((accounts::Entity, accounts::Column::Id)))
        .into_query();
    accounts::Entity::update_many()
        .filter(accounts::Column::OperatorSince.is_not_null())
        .filter(Expr::exists(memberships).not())
        .col_expr(accounts::Column::OperatorSince, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .exec(&unit.connection)
        .await?;
    Ok(())
}

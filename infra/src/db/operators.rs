//! What the service's staff ask across organizations: narrow questions over global tables. An organization is entered for
//! anything else.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{AccountSummary, JobCounts, OperatorDirectory, Subject, TenantList, TenantQuery},
    id::{AccountId, OrgId, TypedId},
    organizations::OrganizationSummary,
    store::StoreError,
    text::folded,
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use super::{Database, accounts, epochs, identities, jobs as table, memberships, organizations, store_error};
use crate::organizations::organization;

#[async_trait]
impl OperatorDirectory for Database {
    async fn tenants(&self, query: &TenantQuery) -> Result<TenantList, StoreError> {
        use organizations::{Column, Entity};
        #[expect(clippy::disallowed_methods, reason = "the global table of organizations: which there are")]
        let mut rows = Entity::find();
        if let Some(text) = &query.filter {
            rows = rows.filter(fits(text));
        }
        let connection = self.global();
        let total = rows.clone().count(&connection).await.map_err(store_error)?;
        let rows = rows.order_by_desc(Column::Id).offset(query.offset).limit(query.limit);
        let rows = rows.all(&connection).await.map_err(store_error)?;
        let items = rows.into_iter().map(organization).collect::<Result<_, _>>()?;
        Ok(TenantList { items, total })
    }

    async fn account_by_id(&self, id: Uuid) -> Result<Option<AccountSummary>, StoreError> {
        use memberships::{Column, Entity};
        // One whose last organization was purged has no membership any more.
        let found = self.summaries(vec![id]).await.map_err(store_error)?;
        if let Some(account) = found.into_iter().next() {
            return Ok(Some(account));
        }
        #[expect(clippy::disallowed_methods, reason = "a global table: whose membership it is, an id only")]
        let rows = Entity::find().select_only().column(Column::AccountId).filter(Column::UserId.eq(id));
        let found: Option<Uuid> = rows.into_tuple().one(&self.global()).await.map_err(store_error)?;
        let found = self.summaries(found.into_iter().collect()).await.map_err(store_error)?;
        Ok(found.into_iter().next())
    }

    async fn accounts_by_email(&self, email: &str) -> Result<Vec<AccountSummary>, StoreError> {
        use identities::{Column, Entity};
        // Addresses are folded here, since no database knows every alphabet; it is asked once in a long while.
        #[expect(clippy::disallowed_methods, reason = "identities belong to accounts, not to organizations")]
        let rows = Entity::find()
            .select_only()
            .columns([Column::AccountId, Column::Email])
            .filter(Column::Email.is_not_null());
        let known: Vec<(Uuid, String)> = rows.into_tuple().all(&self.global()).await.map_err(store_error)?;
        let wanted = folded(email);
        let theirs = known.into_iter().filter(|(_, known)| folded(known) == wanted);
        let ids: std::collections::BTreeSet<Uuid> = theirs.map(|(account, _)| account).collect();
        self.summaries(ids.into_iter().collect()).await.map_err(store_error)
    }

    async fn staff(&self) -> Result<Vec<AccountSummary>, StoreError> {
        use accounts::{Column, Entity};
        #[expect(clippy::disallowed_methods, reason = "the global table of accounts: which are staff")]
        let rows = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OperatorSince.is_not_null())
            .order_by_asc(Column::OperatorSince)
            .order_by_asc(Column::Id);
        let ids: Vec<Uuid> = rows.into_tuple().all(&self.global()).await.map_err(store_error)?;
        self.summaries(ids).await.map_err(store_error)
    }

    async fn dismiss(&self, account: AccountId) -> Result<bool, StoreError> {
        use accounts::{Column, Entity};
        let connection = self.global_transaction().await.map_err(store_error)?;
        #[expect(clippy::disallowed_methods, reason = "the global table of accounts, by an id")]
        let dismissed = Entity::update_many()
            .filter(Column::Id.eq(account.uuid()))
            .filter(Column::OperatorSince.is_not_null())
            .col_expr(Column::OperatorSince, Expr::value(Option::<DateTime<Utc>>::None))
            .exec(&connection)
            .await
            .map_err(store_error)?;
        let touched = [Subject::Account(account)];
        let advanced = epochs::advance(&connection, &touched, self.ids.clock().now()).await;
        let advanced = advanced.map_err(store_error)?;
        connection.commit().await.map_err(store_error)?;
        self.watch.apply(&advanced);
        Ok(dismissed.rows_affected > 0)
    }

    async fn jobs(&self, now: DateTime<Utc>, late: DateTime<Utc>) -> Result<JobCounts, StoreError> {
        let connection = self.global();
        let due = table::count_claimable(&connection, now, now).await.map_err(store_error)?;
        let late = table::count_claimable(&connection, late, now).await.map_err(store_error)?;
        Ok(JobCounts { due, late })
    }
}

impl Database {
    /// What is known of some accounts, in the order that is given. One that is not there is left out.
    async fn summaries(&self, ids: Vec<Uuid>) -> Result<Vec<AccountSummary>, DbErr> {
        let connection = self.global();
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            #[expect(clippy::disallowed_methods, reason = "the global table of accounts, by an id")]
            let account =
                accounts::Entity::find().filter(accounts::Column::Id.eq(id)).one(&connection).await?;
            let Some(account) = account else { continue };
            #[expect(clippy::disallowed_methods, reason = "an account's own identities")]
            let identities = identities::Entity::find()
                .filter(identities::Column::AccountId.eq(id))
                .order_by_asc(identities::Column::LinkedAt)
                .all(&connection)
                .await?;
            #[expect(clippy::disallowed_methods, reason = "an account's own memberships: ids only")]
            let homes = memberships::Entity::find()
                .select_only()
                .column(memberships::Column::OrgId)
                .filter(memberships::Column::AccountId.eq(id))
                .order_by_asc(memberships::Column::CreatedAt)
                .order_by_asc(memberships::Column::OrgId);
            let homes: Vec<Uuid> = homes.into_tuple().all(&connection).await?;
            let mut organizations = Vec::with_capacity(homes.len());
            for home in homes {
                #[expect(clippy::disallowed_methods, reason = "the global table of organizations, by an id")]
                let home = organizations::Entity::find().filter(organizations::Column::Id.eq(home));
                organizations.extend(home.one(&connection).await?.map(|row| OrganizationSummary {
                    id: OrgId::from_uuid(row.id),
                    name: row.name,
                    azure_tenant_id: row.azure_tenant_id,
                }));
            }
            summaries.push(AccountSummary {
                id: AccountId::from_uuid(id),
                display_name: identities.iter().find_map(|identity| identity.display_name.clone()),
                emails: identities.into_iter().filter_map(|identity| identity.email).collect(),
                organizations,
                operator_since: account.operator_since,
            });
        }
        Ok(summaries)
    }
}

/// A part of the name or of the domain, whatever its letters' case; or an id.
fn fits(text: &str) -> Condition {
    use organizations::Column;
    let part = || {
        let escaped = folded(text).replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        LikeExpr::new(format!("%{escaped}%")).escape('\\')
    };
    let of = |column: Column| Expr::col(column).like(part());
    let mut any = Condition::any().add(of(Column::FoldedName)).add(of(Column::FoldedDomain));
    if let Ok(id) = text.parse::<Uuid>() {
        any = any.add(Column::Id.eq(id)).add(Column::AzureTenantId.eq(id));
    }
    any
}

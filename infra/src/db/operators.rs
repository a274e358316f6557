//! What the service's staff ask across organizations: narrow questions over global tables. An organization is entered for
//! anything else.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{AccountSummary, JobCounts, OperatorDirectory, TenantList, TenantQuery},
    id::{AccountId, OrgId, TypedId},
    store::StoreError,
    text::folded,
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use super::{Database, accounts, identities, jobs as table, memberships, organizations, store_error};
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
        let either = Condition::any().add(Column::UserId.eq(id)).add(Column::AccountId.eq(id));
        #[expect(clippy::disallowed_methods, reason = "a global table: whose membership it is, an id only")]
        let rows = Entity::find().select_only().column(Column::AccountId).filter(either).limit(1);
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
            let emails = identities::Entity::find()
                .select_only()
                .column(identities::Column::Email)
                .filter(identities::Column::AccountId.eq(id))
                .filter(identities::Column::Email.is_not_null())
                .order_by_asc(identities::Column::LinkedAt);
            let emails: Vec<String> = emails.into_tuple().all(&connection).await?;
            #[expect(clippy::disallowed_methods, reason = "an account's own memberships: ids only")]
            let first = memberships::Entity::find()
                .select_only()
                .column(memberships::Column::OrgId)
                .filter(memberships::Column::AccountId.eq(id))
                .order_by_asc(memberships::Column::CreatedAt)
                .order_by_asc(memberships::Column::OrgId);
            let org_id: Option<Uuid> = first.into_tuple().one(&connection).await?;
            summaries.push(AccountSummary {
                id: AccountId::from_uuid(id),
                emails,
                org_id: org_id.map(OrgId::from_uuid),
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

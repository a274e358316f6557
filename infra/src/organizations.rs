//! Organizations in the database. The table is global: an organization is looked for before there is a scope. What
//! is here for a unit of work goes by the unit's own organization.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{Directory, OrganizationIds, Subject},
    id::{OrgId, TaxonomyId, TypedId},
    organizations::{
        Error, NameSource, NewOrganization, Organization, OrganizationCounts, OrganizationOrigin,
        OrganizationReader, OrganizationRepository, OrganizationStatus, onboarding::Consent,
    },
    store::StoreError,
    text::folded,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, UpdateMany,
    sea_query::{Expr, LockType},
};

use crate::db::{
    Constraint, Database, Unit, api_keys, connections, count_provisioned, insert_if_absent,
    organizations::{ActiveModel, Column, Entity, Model},
    store_error, users, violated,
};

#[expect(clippy::disallowed_methods, reason = "the global table of organizations, by the unit's own id")]
impl Unit {
    fn own(&self) -> Select<Entity> {
        Entity::find().filter(Column::Id.eq(self.org_id().uuid()))
    }

    fn update_own(&self) -> UpdateMany<Entity> {
        Entity::update_many()
            .filter(Column::Id.eq(self.org_id().uuid()))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .col_expr(Column::UpdatedAt, Expr::value(self.ids.clock().now()))
    }
}

impl Unit {
    /// Sets the domain that the tenant uses first. It is nothing that anybody edits, so the version stays.
    pub(crate) async fn set_own_domain(&self, domain: Option<&str>) -> Result<(), DbErr> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the global table of organizations, by the unit's own id"
        )]
        let update = Entity::update_many()
            .filter(Column::Id.eq(self.org_id().uuid()))
            .col_expr(Column::DefaultDomain, Expr::value(domain))
            .col_expr(Column::FoldedDomain, Expr::value(domain.map(folded)));
        update.exec(&self.connection).await?;
        Ok(())
    }

    /// Sets the state of consent; its time where it holds and none is known.
    pub(crate) async fn set_own_consent(&self, consent: Consent, now: DateTime<Utc>) -> Result<(), DbErr> {
        let mut update = self.update_own().col_expr(Column::Consent, Expr::value(consent.as_str()));
        if consent.holds() {
            let since = Expr::col(Column::ConsentedAt).if_null(Expr::value(now));
            update = update.col_expr(Column::ConsentedAt, since);
        }
        update.exec(&self.connection).await?;
        Ok(())
    }
}

pub(crate) fn organization(row: Model) -> Result<Organization, StoreError> {
    let unknown = |column: &str, word: &str| {
        StoreError::Unexpected(
            format!("organizations.{column} holds {word:?}, which this version does not know").into(),
        )
    };
    Ok(Organization {
        id: OrgId::from_uuid(row.id),
        azure_tenant_id: row.azure_tenant_id,
        name: row.name,
        name_source: NameSource::parse(&row.name_source)
            .ok_or_else(|| unknown("name_source", &row.name_source))?,
        status: OrganizationStatus::parse(&row.status).ok_or_else(|| unknown("status", &row.status))?,
        status_reason: row.status_reason,
        default_domain: row.default_domain,
        consent: Consent::parse(&row.consent).ok_or_else(|| unknown("consent", &row.consent))?,
        consented_at: row.consented_at,
        deleted_at: row.deleted_at,
        default_taxonomy_id: row.default_taxonomy_id.map(TaxonomyId::from_uuid),
        config: row.config,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

#[async_trait]
impl OrganizationReader for Unit {
    async fn get(&self) -> Result<Option<Organization>, StoreError> {
        self.own().one(&self.connection).await.map_err(store_error)?.map(organization).transpose()
    }

    async fn counts(&self) -> Result<OrganizationCounts, StoreError> {
        let members = self.scoped().find::<users::Entity>().count(&self.connection);
        let members = members.await.map_err(store_error)?;
        let connections = self.scoped().find::<connections::Entity>().count(&self.connection);
        let connections = connections.await.map_err(store_error)?;
        let live = api_keys::Column::IsActive.eq(true);
        let api_keys = self.scoped().find::<api_keys::Entity>().filter(live).count(&self.connection);
        let api_keys = api_keys.await.map_err(store_error)?;
        Ok(OrganizationCounts { members, connections, api_keys })
    }
}

#[async_trait]
impl OrganizationRepository for Unit {
    async fn add_if_absent(&self, new: &NewOrganization) -> Result<bool, StoreError> {
        let now = self.ids.clock().now();
        let azure_tenant_id = match &new.origin {
            OrganizationOrigin::Tenant(tenant) => Some(*tenant),
            OrganizationOrigin::PersonalAccount(_) => Some(domain::access::PERSONAL_ACCOUNTS_TENANT),
            OrganizationOrigin::Development(_) => None,
        };
        let row = ActiveModel {
            id: Set(self.org_id().uuid()),
            origin_key: Set(new.origin.key()),
            azure_tenant_id: Set(azure_tenant_id),
            name: Set(new.name.clone()),
            folded_name: Set(folded(&new.name)),
            name_source: Set(new.name_source.as_str().to_owned()),
            status: Set(OrganizationStatus::Active.as_str().to_owned()),
            status_reason: Set(None),
            default_domain: Set(None),
            folded_domain: Set(None),
            consented_at: Set(None),
            consent: Set(Consent::Pending.as_str().to_owned()),
            deleted_at: Set(None),
            default_taxonomy_id: Set(None),
            config: Set(serde_json::json!({})),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the global table of organizations, with the unit's own id"
        )]
        let insert = Entity::insert(row);
        let added = insert_if_absent(insert, [Column::OriginKey], &self.connection).await;
        added.inspect(|added| count_provisioned("organization", *added)).map_err(store_error)
    }

    async fn lock(&self) -> Result<(), StoreError> {
        // SQLite has one writer at a time; its transaction is the lock.
        if self.connection.get_database_backend() == DbBackend::Postgres {
            // Not the strongest lock: that would make every writer wait whose rows refer to the organization.
            self.own().lock(LockType::NoKeyUpdate).one(&self.connection).await.map_err(store_error)?;
        }
        Ok(())
    }

    async fn update(&self, organization: &Organization) -> Result<(), Error> {
        let updated = self
            .update_own()
            .filter(Column::Version.eq(organization.version))
            .col_expr(Column::Name, Expr::value(organization.name.clone()))
            .col_expr(Column::FoldedName, Expr::value(folded(&organization.name)))
            .col_expr(Column::NameSource, Expr::value(organization.name_source.as_str()))
            .col_expr(
                Column::DefaultTaxonomyId,
                Expr::value(organization.default_taxonomy_id.map(TypedId::uuid)),
            )
            .col_expr(Column::Config, Expr::value(organization.config.clone()))
            .exec(&self.connection)
            .await;
        self.touch(Subject::Organization(self.org_id()));
        match updated {
            Ok(result) if result.rows_affected == 0 => Err(Error::VersionMismatch),
            Ok(_) => Ok(()),
            Err(error) if violated(&error) == Some(Constraint::ForeignKey) => Err(Error::UnknownTaxonomy),
            Err(error) => Err(store_error(error).into()),
        }
    }

    async fn improve_name(&self, name: &str, source: NameSource) -> Result<bool, StoreError> {
        let worse =
            [NameSource::TenantId, NameSource::EmailDomain, NameSource::Graph, NameSource::Administrator]
                .into_iter()
                .filter(|other| *other < source)
                .map(NameSource::as_str);
        let updated = self
            .update_own()
            .filter(Column::NameSource.is_in(worse))
            .col_expr(Column::Name, Expr::value(name))
            .col_expr(Column::FoldedName, Expr::value(folded(name)))
            .col_expr(Column::NameSource, Expr::value(source.as_str()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        let improved = updated.rows_affected > 0;
        if improved {
            self.touch(Subject::Organization(self.org_id()));
        }
        Ok(improved)
    }

    async fn set_status(&self, status: OrganizationStatus, reason: Option<&str>) -> Result<bool, StoreError> {
        let deleted_at = (status == OrganizationStatus::Deleted).then(|| self.ids.clock().now());
        let updated = self
            .update_own()
            .col_expr(Column::Status, Expr::value(status.as_str()))
            .col_expr(Column::StatusReason, Expr::value(reason))
            .col_expr(Column::DeletedAt, Expr::value(deleted_at))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::Organization(self.org_id()));
        Ok(updated.rows_affected > 0)
    }
}

#[async_trait]
impl Directory for Database {
    async fn find(&self, origin: &OrganizationOrigin) -> Result<Option<Organization>, StoreError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the question that is asked before there is a scope, by what the credential proves"
        )]
        let found = Entity::find().filter(Column::OriginKey.eq(origin.key())).one(&self.global()).await;
        found.map_err(store_error)?.map(organization).transpose()
    }
}

#[expect(clippy::disallowed_methods, reason = "the global table of organizations: ids only")]
#[async_trait]
impl OrganizationIds for Database {
    async fn after(&self, after: Option<OrgId>, limit: u64) -> Result<Vec<OrgId>, StoreError> {
        let mut rows = Entity::find().select_only().column(Column::Id).order_by_asc(Column::Id).limit(limit);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.gt(after.uuid()));
        }
        let ids: Vec<uuid::Uuid> = rows.into_tuple().all(&self.global()).await.map_err(store_error)?;
        Ok(ids.into_iter().map(OrgId::from_uuid).collect())
    }

    async fn count(&self) -> Result<u64, StoreError> {
        Entity::find().count(&self.global()).await.map_err(store_error)
    }
}

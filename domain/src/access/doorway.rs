//! Into the organization of a tenant before anybody of it may sign in: for onboarding, which makes it.

use std::sync::Arc;

use uuid::Uuid;

use super::{Actor, Directory, OrgScope, Origin, provisioning};
use crate::{
    events::Event,
    id::{Ids, OrgId, TypedId},
    organizations::{NameSource, NewOrganization, OrganizationOrigin},
    store::{Store, StoreError},
};

/// Finds the organization of a tenant, or founds it. Only `domain` can walk through it.
#[derive(Clone)]
pub(crate) struct Doorway {
    store: Arc<dyn Store>,
    directory: Arc<dyn Directory>,
    ids: Ids,
}

impl Doorway {
    pub(crate) fn new(store: Arc<dyn Store>, directory: Arc<dyn Directory>, ids: Ids) -> Self {
        Self { store, directory, ids }
    }

    /// The scope of the tenant's organization, as the system; `None` when there is none.
    pub(crate) async fn find(&self, tenant: Uuid, origin: &Origin) -> Result<Option<OrgScope>, StoreError> {
        let found = self.directory.find(&OrganizationOrigin::Tenant(tenant)).await?;
        Ok(found.map(|organization| OrgScope::new(organization.id, Actor::System, origin.clone())))
    }

    /// The same; the organization is founded if there is none. It has nobody in it, and nobody may enter before
    /// consent is proven where the policy asks for that.
    pub(crate) async fn find_or_found(&self, tenant: Uuid, origin: &Origin) -> Result<OrgScope, StoreError> {
        for _ in 0..3 {
            if let Some(scope) = self.find(tenant, origin).await? {
                return Ok(scope);
            }
            let org_id: OrgId = self.ids.next();
            let scope = OrgScope::new(org_id, Actor::System, origin.clone());
            let tx = self.store.begin(&scope).await?;
            let new = NewOrganization {
                id: org_id,
                origin: OrganizationOrigin::Tenant(tenant),
                name: tenant.to_string(),
                name_source: NameSource::TenantId,
            };
            if tx.organization().add_if_absent(&new).await? {
                provisioning::begin_tidying(tx.as_ref(), org_id, &self.ids).await?;
                let created = serde_json::json!({ "organizationId": org_id });
                tx.commit(Event::new("identity.tenant.created", created).into()).await?;
                return Ok(scope);
            }
        }
        let lost = std::io::Error::other("an organization that exists could not be found");
        Err(StoreError::Unexpected(Box::new(lost)))
    }

    /// The organization of a way that a browser has come, which onboarding itself has written down.
    pub(crate) fn known(org_id: OrgId, origin: &Origin) -> OrgScope {
        OrgScope::new(org_id, Actor::System, origin.clone())
    }
}

/// The key of the jobs of which an organization has one.
pub(crate) fn job_key(scope: &OrgScope) -> Uuid {
    scope.org_id().uuid()
}

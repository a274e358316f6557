//! Looking at a tenant before the next day: because somebody asks, or because something was refused in normal use.

use chrono::TimeDelta;
use serde_json::json;

use super::{Onboarding, OnboardingRecord, OrganizationState};
use crate::{
    access::{Authorized, OnBehalfOf, OrgScope, Origin, doorway::Doorway},
    events::Event,
    id::{Ids, TypedId},
    jobs::Kind,
    organizations::{Manage, Organization, Read},
    store::{Store, StoreError},
};

/// What was looked at so recently is not looked at again at once.
const AT_MOST_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Where an organization stands, for its people.
#[derive(Debug)]
pub struct Status {
    pub state: OrganizationState,
    pub organization: Organization,
    pub record: OnboardingRecord,
    /// When the tenant is looked at next.
    pub next_check_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Onboarding {
    /// Where the caller's organization stands; `None` when it has been purged.
    pub async fn status(&self, caller: &Authorized<Read>) -> Result<Option<Status>, StoreError> {
        self.status_in(&caller.scope()).await
    }

    async fn status_in(&self, scope: &OrgScope) -> Result<Option<Status>, StoreError> {
        let reader = self.store.read(scope).await?;
        let Some(organization) = reader.organization().get().await? else { return Ok(None) };
        let record = reader.onboarding().get().await?;
        let state = OrganizationState::of(organization.status, organization.consent);
        let next_check_at = reader.onboarding().next_check_at().await?;
        Ok(Some(Status { state, organization, record, next_check_at }))
    }

    /// Has the tenant looked at now, in the background.
    pub async fn check_now(&self, caller: &Authorized<Manage>) -> Result<Option<Status>, StoreError> {
        request_check(self.store.as_ref(), &self.ids, &caller.scope(), "asked").await?;
        self.status_in(&caller.scope()).await
    }

    /// Something was refused for want of consent while it was used: the tenant is looked at now. What comes of it is
    /// decided by that look alone.
    pub async fn suspect(&self, caller: &OnBehalfOf) -> Result<(), StoreError> {
        let scope = Doorway::known(caller.org_id(), &Origin::default());
        request_check(self.store.as_ref(), &self.ids, &scope, "refused").await
    }
}

/// Has the tenant of an organization looked at now, unless it was a moment ago or is about to be: each request that is
/// refused for want of consent comes here, and only the first of them writes.
pub(crate) async fn request_check(
    store: &dyn Store,
    ids: &Ids,
    scope: &OrgScope,
    reason: &'static str,
) -> Result<(), StoreError> {
    let now = ids.clock().now();
    let reader = store.read(scope).await?;
    let Some(organization) = reader.organization().get().await? else { return Ok(()) };
    let record = reader.onboarding().get().await?;
    let is_recent = record.checked_at.is_some_and(|at| now - at < AT_MOST_EVERY);
    if organization.azure_tenant_id.is_none() || organization.consented_at.is_none() || is_recent {
        return Ok(());
    }
    let is_due = reader.onboarding().next_check_at().await?.is_some_and(|at| at <= now);
    if is_due {
        return Ok(());
    }
    drop(reader);
    let tx = store.begin(scope).await?;
    tx.jobs().schedule(Kind::ConsentProbe, organization.id.uuid(), now).await?;
    let data = json!({ "reason": reason });
    tx.commit(Event::new("organization.consent.check_requested", data).into()).await
}

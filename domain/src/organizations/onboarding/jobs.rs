//! Looking for the proof until it is there, and looking again every day.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Consent, Finding, Look, Onboarding, OnboardingRecord, TenantError, TenantProfile};
use crate::{
    access::{Authorized, System},
    events::{Event, Events},
    id::TypedId,
    jobs::{JobError, Kind, Outcome},
    organizations::{NameSource, Organization, OrganizationStatus},
    store::{OrgTx, StoreError},
};

/// How long the proof is looked for: consent mostly arrives within a minute, sometimes in several.
pub(super) const VERIFY_FOR: TimeDelta = TimeDelta::minutes(15);
/// How long permissions may follow the consent before they count as missing.
const PERMISSIONS_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// The longest between two looks at a tenant; each time up to a sixth of it less, so that tenants spread out.
const PROBE_EVERY: TimeDelta = TimeDelta::hours(24);

/// What a look means while the proof is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    Is(Consent),
    /// It may come yet.
    Wait,
}

/// Writes a look into the record.
fn note(look: &Result<Look, TenantError>, record: &mut OnboardingRecord, now: DateTime<Utc>) {
    record.checked_at = Some(now);
    record.finding = match look {
        Ok(look) => {
            record.granted.clone_from(&look.granted);
            record.missing.clone_from(&look.missing);
            None
        }
        Err(TenantError::NotConsented | TenantError::Forbidden) => Some(Finding::NotConsented),
        Err(TenantError::Disabled) => Some(Finding::Disabled),
        Err(TenantError::NoSuchTenant) => Some(Finding::NoSuchTenant),
        Err(TenantError::Misconfigured) => Some(Finding::ServiceMisconfigured),
        Err(TenantError::Later { .. } | TenantError::Unusable | TenantError::Restart) => {
            Some(Finding::Unanswered)
        }
    };
}

/// What a look proves, for an organization whose proof is looked for.
pub(super) fn judge_proof(
    look: &Result<Look, TenantError>,
    record: &mut OnboardingRecord,
    now: DateTime<Utc>,
) -> Judged {
    note(look, record, now);
    let until = record.verify_until.unwrap_or(now);
    let is_early = now < until - (VERIFY_FOR - PERMISSIONS_WITHIN);
    match look {
        Ok(look) if look.missing.is_empty() => Judged::Is(Consent::Active),
        Ok(_) if is_early => Judged::Wait,
        Ok(_) => Judged::Is(Consent::Degraded),
        Err(_) if now < until => Judged::Wait,
        Err(_) => Judged::Is(Consent::Pending),
    }
}

/// What a look means for an organization whose consent was proven once. Our own trouble, and Microsoft's, says nothing
/// about the tenant.
fn judge_probe(
    look: &Result<Look, TenantError>,
    record: &mut OnboardingRecord,
    before: Consent,
    now: DateTime<Utc>,
) -> Consent {
    note(look, record, now);
    match look {
        Ok(look) if look.missing.is_empty() => Consent::Active,
        Ok(_) => Consent::Degraded,
        Err(TenantError::NotConsented | TenantError::Disabled | TenantError::NoSuchTenant) => {
            Consent::Revoked
        }
        Err(
            TenantError::Forbidden
            | TenantError::Misconfigured
            | TenantError::Later { .. }
            | TenantError::Unusable
            | TenantError::Restart,
        ) => before,
    }
}

impl Onboarding {
    /// One look for the proof. It ends when the proof is there, or when it has been looked for long enough.
    pub async fn prove(&self, system: &Authorized<System>) -> Result<Outcome, JobError> {
        let Some((organization, record)) = self.seen(system).await? else { return Ok(Outcome::Done) };
        let (Some(tenant), Some(_)) = (organization.azure_tenant_id, record.verify_until) else {
            return Ok(Outcome::Done);
        };
        let look = self.tenants.look(tenant, &self.settings.permissions).await;
        let profile = self.profile_after(&look, tenant).await;
        let tx = self.store.begin(&system.scope()).await?;
        let Some((organization, mut record)) = locked(tx.as_ref()).await? else { return Ok(Outcome::Done) };
        let now = self.ids.clock().now();
        match (judge_proof(&look, &mut record, now), organization.consent) {
            (Judged::Wait, _) => {
                let after = match look {
                    Err(TenantError::Later { after }) => after,
                    Ok(_) | Err(_) => None,
                };
                Err(JobError::Retry { after, source: "the proof is not there yet".into() })
            }
            // It never came, but what was proven before is looked at by the probe.
            (Judged::Is(Consent::Pending), before @ (Consent::Active | Consent::Degraded)) => {
                record.verify_until = None;
                let to = judge_probe(&look, &mut record, before, now);
                self.come_to(tx, &organization, to, record, None, checked(&look)).await?;
                Ok(Outcome::Done)
            }
            (Judged::Is(to), _) => {
                record.verify_until = None;
                self.come_to(tx, &organization, to, record, profile, checked(&look)).await?;
                Ok(Outcome::Done)
            }
        }
    }

    /// A look at a tenant that was connected once.
    pub async fn probe(&self, system: &Authorized<System>) -> Result<Outcome, JobError> {
        let Some((organization, _)) = self.seen(system).await? else { return Ok(Outcome::Done) };
        let Some(tenant) = organization.azure_tenant_id else { return Ok(Outcome::Done) };
        let look = self.tenants.look(tenant, &self.settings.permissions).await;
        let profile = self.profile_after(&look, tenant).await;
        let tx = self.store.begin(&system.scope()).await?;
        let Some((organization, mut record)) = locked(tx.as_ref()).await? else { return Ok(Outcome::Done) };
        let now = self.ids.clock().now();
        let to = judge_probe(&look, &mut record, organization.consent, now);
        self.come_to(tx, &organization, to, record, profile, checked(&look)).await?;
        match look {
            Err(TenantError::Later { after }) => {
                Err(JobError::Retry { after, source: "Microsoft does not answer".into() })
            }
            Ok(_) | Err(_) => Ok(Outcome::Again(next_probe(now, tenant))),
        }
    }

    async fn profile_after(
        &self,
        look: &Result<Look, TenantError>,
        tenant: uuid::Uuid,
    ) -> Option<TenantProfile> {
        match look {
            Ok(_) => self.tenants.profile(tenant).await.ok(),
            Err(_) => None,
        }
    }

    async fn seen(
        &self,
        system: &Authorized<System>,
    ) -> Result<Option<(Organization, OnboardingRecord)>, StoreError> {
        let reader = self.store.read(&system.scope()).await?;
        let Some(organization) = reader.organization().get().await? else { return Ok(None) };
        if organization.status == OrganizationStatus::Deleted {
            return Ok(None);
        }
        Ok(Some((organization, reader.onboarding().get().await?)))
    }

    /// Writes where the organization has come, tells of it, and sees to what follows.
    pub(super) async fn come_to(
        &self,
        tx: Box<dyn OrgTx>,
        organization: &Organization,
        to: Consent,
        record: OnboardingRecord,
        profile: Option<TenantProfile>,
        mut events: Events,
    ) -> Result<(), StoreError> {
        let now = self.ids.clock().now();
        let mut record = record;
        if let Some(profile) = profile {
            if tx.organization().improve_name(&profile.name, NameSource::Graph).await? {
                events = events.and(Event::new("organization.updated", json!({ "changed": ["name"] })));
            }
            record.domains = profile.domains;
            record.tenant_type = profile.tenant_type;
        }
        if let Some(name) = to.event_from(organization.consent) {
            let words = |list: &[super::AppPermission]| {
                list.iter().map(|permission| permission.as_str()).collect::<Vec<_>>()
            };
            let data = json!({
                "from": organization.consent.as_str(),
                "to": to.as_str(),
                "granted": words(&record.granted),
                "missing": words(&record.missing),
                "consentedBy": record.consented_by,
                "finding": record.finding.map(Finding::as_str),
            });
            tx.onboarding().set_consent(to, now).await?;
            events = events.and(Event::new(name, data));
        }
        if to.holds() && !organization.consent.holds() {
            let key = organization.id.uuid();
            let tenant = organization.azure_tenant_id.unwrap_or_default();
            tx.jobs().schedule(Kind::ConsentProbe, key, next_probe(now, tenant)).await?;
        }
        tx.onboarding().put(&record).await?;
        tx.commit(events).await?;
        if to.holds() {
            self.invitations.accept_of(organization.id, now).await?;
        }
        Ok(())
    }
}

/// The next look: within a day, at another moment for each tenant and each day.
fn next_probe(now: DateTime<Utc>, tenant: uuid::Uuid) -> DateTime<Utc> {
    let spread = PROBE_EVERY.num_seconds() / 6;
    let mixed = tenant.as_u128() ^ u128::from(now.timestamp_micros().unsigned_abs()).rotate_left(32);
    let less = i64::try_from(mixed % u128::from(spread.unsigned_abs())).unwrap_or_default();
    now + PROBE_EVERY - TimeDelta::seconds(less)
}

/// Organization and record, which nobody else changes until the transaction ends.
async fn locked(tx: &dyn OrgTx) -> Result<Option<(Organization, OnboardingRecord)>, StoreError> {
    tx.organization().lock().await?;
    let Some(organization) = tx.organization().get().await? else { return Ok(None) };
    if organization.status == OrganizationStatus::Deleted {
        return Ok(None);
    }
    Ok(Some((organization, tx.onboarding().get().await?)))
}

fn checked(look: &Result<Look, TenantError>) -> Events {
    let finding = look.as_ref().err().map(ToString::to_string);
    Event::new("organization.consent.checked", json!({ "finding": finding })).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organizations::onboarding::AppPermission;

    fn record(now: DateTime<Utc>) -> OnboardingRecord {
        OnboardingRecord { verify_until: Some(now + VERIFY_FOR), ..OnboardingRecord::default() }
    }

    fn missing() -> Look {
        Look { granted: vec![AppPermission::UsersRead], missing: vec![AppPermission::OrganizationRead] }
    }

    #[test]
    fn what_may_be_on_its_way_is_waited_for_and_no_longer() {
        let start = DateTime::UNIX_EPOCH;
        let judged = |look: &Result<Look, TenantError>, minutes: i64| {
            judge_proof(look, &mut record(start), start + TimeDelta::minutes(minutes))
        };
        let complete = Ok(Look { granted: vec![AppPermission::UsersRead], missing: Vec::new() });
        assert_eq!(judged(&complete, 0), Judged::Is(Consent::Active));
        assert_eq!(judged(&Ok(missing()), 4), Judged::Wait);
        assert_eq!(judged(&Ok(missing()), 5), Judged::Is(Consent::Degraded));
        for trouble in
            [TenantError::NotConsented, TenantError::Misconfigured, TenantError::Later { after: None }]
        {
            assert_eq!(judged(&Err(trouble.clone()), 14), Judged::Wait, "{trouble}");
            assert_eq!(judged(&Err(trouble), 15), Judged::Is(Consent::Pending));
        }
    }

    #[test]
    fn only_what_the_tenant_says_changes_what_was_proven() {
        let now = DateTime::UNIX_EPOCH;
        let judged = |look: Result<Look, TenantError>, before| {
            judge_probe(&look, &mut OnboardingRecord::default(), before, now)
        };
        assert_eq!(judged(Ok(missing()), Consent::Active), Consent::Degraded);
        assert_eq!(judged(Ok(Look::default()), Consent::Revoked), Consent::Active);
        for gone in [TenantError::NotConsented, TenantError::Disabled, TenantError::NoSuchTenant] {
            assert_eq!(judged(Err(gone), Consent::Active), Consent::Revoked);
        }
        for trouble in [TenantError::Misconfigured, TenantError::Unusable, TenantError::Later { after: None }]
        {
            assert_eq!(judged(Err(trouble), Consent::Active), Consent::Active);
        }
    }
}

//! The service's own staff: they enter an organization that is not theirs, with a reason that is kept.
//!
//! What a reader would get wrong: an operator is no member of anything. The right opens what is here, and no other
//! operation of any organization.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{AccountScope, Actor, Authenticated, Forbidden, OrgScope, Origin, Reason};
use crate::{
    clock::Clock,
    events::Event,
    id::{AccountId, OrgId, TypedId},
    jobs::Kind,
    organizations::{
        LeavingError, Organization, OrganizationCounts, OrganizationStatus, OrganizationSummary, PURGE_AFTER,
        onboarding::OnboardingRecord,
    },
    store::{Store, StoreError},
};

/// A job that nobody has begun so long after it was due is late.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// Who of the staff is at work. Its text is what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staff {
    /// Somebody with the service's own configuration in their hands.
    CommandLine,
    /// Whoever has the administration's secret.
    Secret,
    /// A person whose account was made an operator.
    Account(AccountId),
}

impl fmt::Display for Staff {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => to.write_str("command_line"),
            Self::Secret => to.write_str("secret"),
            Self::Account(id) => id.fmt(to),
        }
    }
}

/// Some of all organizations, newest first, and how many there are.
#[derive(Debug)]
pub struct TenantList {
    pub items: Vec<Organization>,
    pub total: u64,
}

/// Which organizations are wanted.
#[derive(Clone, Debug, Default)]
pub struct TenantQuery {
    /// A part of the name or of the domain, or the whole of an id: the organization's or its tenant's.
    pub filter: Option<String>,
    pub offset: u64,
    pub limit: u64,
}

/// An organization as an operator sees it who looks at it: that it is there, how it stands, and nothing of what it owns.
#[derive(Debug)]
pub struct Tenant {
    pub organization: Organization,
    pub record: OnboardingRecord,
    pub counts: OrganizationCounts,
}

/// An account, for whoever decides on who the staff are.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    pub id: AccountId,
    /// Of the identities that are linked to it; for display. A tenant's administrator can give any address to anybody.
    pub emails: Vec<String>,
    /// Of the same; for display.
    pub display_name: Option<String>,
    /// What it belongs to, in the order in which it came there. What happens to it is told in the first.
    pub organizations: Vec<OrganizationSummary>,
    /// Since when it is one of the staff; `None` while it is not.
    pub operator_since: Option<DateTime<Utc>>,
}

/// How much is to be done in the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// What could begin now, or should have begun before.
    pub due: u64,
    /// What should have begun five minutes ago.
    pub late: u64,
}

/// The whole list of what is asked across organizations: narrow questions over global tables. Organizations are not
/// entered for it.
#[async_trait]
pub trait OperatorDirectory: Send + Sync {
    async fn tenants(&self, query: &TenantQuery) -> Result<TenantList, StoreError>;

    /// The account of this id, or of the member of this id.
    async fn account_by_id(&self, id: Uuid) -> Result<Option<AccountSummary>, StoreError>;

    /// The accounts of an e-mail address, whatever the case of its letters.
    async fn accounts_by_email(&self, email: &str) -> Result<Vec<AccountSummary>, StoreError>;

    /// Who the staff are.
    async fn staff(&self) -> Result<Vec<AccountSummary>, StoreError>;

    /// Ends that an account is one of the staff which belongs to no organization any more, in which it could be ended.
    /// `false` when it was none.
    async fn dismiss(&self, account: AccountId) -> Result<bool, StoreError>;

    /// What is due, and what has been due since before `late`, and nobody works at.
    async fn jobs(&self, now: DateTime<Utc>, late: DateTime<Utc>) -> Result<JobCounts, StoreError>;
}

/// Why nobody was made, or ceased to be, one of the staff.
#[derive(Debug, thiserror::Error)]
pub enum AppointError {
    #[error("nobody of that address or id has signed in here")]
    NotFound,
    /// An address is a claim of whoever administers a tenant, and no identity. These accounts have it.
    #[error("an address proves nothing about who has it: name the id of an account")]
    NotById(Vec<AccountSummary>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The door to the staff's work. Built where the process is put together.
#[derive(Clone)]
pub struct Operators {
    store: Arc<dyn Store>,
    directory: Arc<dyn OperatorDirectory>,
    clock: Arc<dyn Clock>,
}

impl Operators {
    pub fn new(store: Arc<dyn Store>, directory: Arc<dyn OperatorDirectory>, clock: Arc<dyn Clock>) -> Self {
        Self { store, directory, clock }
    }

    /// For commands that only somebody with the service's own configuration can run.
    pub fn at_command_line(&self) -> Operator {
        self.of(Staff::CommandLine, None, Origin::default())
    }

    /// For whoever has shown the administration's secret, from an address that may.
    pub fn by_secret(&self, origin: Origin) -> Operator {
        self.of(Staff::Secret, None, origin)
    }

    /// For a person, in a session, whose account is one of the staff.
    pub fn by_account(&self, caller: &Authenticated, origin: Origin) -> Result<Operator, Forbidden> {
        let principal = caller.principal();
        let account = principal.user().account_id.filter(|_| principal.is_operator()).ok_or(Forbidden)?;
        let profile = &principal.user().profile;
        let name = profile.display_name.clone().or_else(|| profile.email.clone());
        Ok(self.of(Staff::Account(account), name, origin))
    }

    fn of(&self, staff: Staff, name: Option<String>, origin: Origin) -> Operator {
        Operator { doors: self.clone(), staff, name, origin }
    }
}

/// Somebody of the staff, at work, and what they may do.
#[derive(Clone)]
pub struct Operator {
    doors: Operators,
    staff: Staff,
    name: Option<String>,
    origin: Origin,
}

impl Operator {
    /// Who it is.
    pub fn staff(&self) -> Staff {
        self.staff
    }

    /// Of a person, for display.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Some of all organizations, newest first, deleted ones that can be restored among them.
    pub async fn tenants(&self, query: &TenantQuery) -> Result<TenantList, StoreError> {
        self.doors.directory.tenants(query).await
    }

    /// Looks at an organization; that it was done, by whom and why, is recorded there with it. `None` when there is no
    /// such organization.
    pub async fn look(&self, org_id: OrgId, reason: &Reason) -> Result<Option<Tenant>, StoreError> {
        let tx = self.doors.store.begin(&self.scope(org_id)).await?;
        let Some(organization) = tx.organization().get().await? else { return Ok(None) };
        let record = tx.onboarding().get().await?;
        let counts = tx.organization().counts().await?;
        tx.commit(Event::new("organization.viewed", self.told(Some(reason))).into()).await?;
        Ok(Some(Tenant { organization, record, counts }))
    }

    /// Refuses everybody of the organization from now on, on every replica. `None` when there is no such
    /// organization.
    pub async fn suspend(&self, org_id: OrgId, reason: &Reason) -> Result<Option<Organization>, StoreError> {
        self.set_status(org_id, OrganizationStatus::Suspended, "organization.suspended", reason).await
    }

    /// Deletes an organization, as its administrator could. `confirmation` is its name.
    pub async fn delete(
        &self,
        org_id: OrgId,
        confirmation: &str,
        reason: &Reason,
    ) -> Result<Organization, LeavingError> {
        let tx = self.doors.store.begin(&self.scope(org_id)).await?;
        let (clock, told) = (self.doors.clock.as_ref(), self.told(Some(reason)));
        crate::organizations::delete(tx, clock, confirmation, told).await
    }

    /// Brings a deleted organization back, as it was: one that was suspended is so again. `None` when there is no such
    /// organization, it is not deleted, or its purge may have begun.
    pub async fn restore(&self, org_id: OrgId, reason: &Reason) -> Result<Option<Organization>, StoreError> {
        let tx = self.doors.store.begin(&self.scope(org_id)).await?;
        tx.organization().lock().await?;
        let Some(found) = tx.organization().get().await? else { return Ok(None) };
        let now = self.doors.clock.now();
        match found.deleted_at {
            Some(at) if found.status == OrganizationStatus::Deleted && now < at + PURGE_AFTER => {}
            Some(_) | None => return Ok(None),
        }
        let reason_before = found.status_reason.as_deref();
        let status = match reason_before {
            Some(_) => OrganizationStatus::Suspended,
            None => OrganizationStatus::Active,
        };
        tx.organization().set_status(status, reason_before).await?;
        tx.jobs().cancel(Kind::OrganizationPurge, org_id.uuid()).await?;
        let organization = tx.organization().get().await?;
        tx.commit(Event::new("organization.restored", self.told(Some(reason))).into()).await?;
        Ok(organization)
    }

    /// Enters an organization to hand over what it owns, also a deleted one; that it was done is recorded first. `None`
    /// when there is no such organization.
    pub async fn export(&self, org_id: OrgId) -> Result<Option<OrgScope>, StoreError> {
        let scope = self.scope(org_id);
        let tx = self.doors.store.begin(&scope).await?;
        if tx.organization().get().await?.is_none() {
            return Ok(None);
        }
        tx.commit(Event::new("organization.exported", self.told(None)).into()).await?;
        Ok(Some(scope))
    }

    /// Lets a suspended organization in again. `None` when there is no such organization.
    pub async fn reactivate(
        &self,
        org_id: OrgId,
        reason: &Reason,
    ) -> Result<Option<Organization>, StoreError> {
        self.set_status(org_id, OrganizationStatus::Active, "organization.reactivated", reason).await
    }

    /// Makes an account one of the staff, by its id or a membership's; or ends that, also by an e-mail address that is
    /// one account's alone. It is told in an organization of theirs, where there is something to tell and one is left.
    pub async fn appoint(
        &self,
        who: &str,
        is_operator: bool,
        reason: &Reason,
    ) -> Result<AccountSummary, AppointError> {
        let account = self.account(who, is_operator).await?;
        let name = if is_operator { "operator.granted" } else { "operator.revoked" };
        let Some(first) = account.organizations.first() else {
            // Nobody can sign in with it, so nobody is made one of the staff by it.
            if is_operator {
                return Err(AppointError::NotFound);
            }
            if self.doors.directory.dismiss(account.id).await? {
                self.log(name, account.id);
            }
            return Ok(account);
        };
        let scope = AccountScope::new(account.id, self.scope(first.id));
        let tx = self.doors.store.begin_account(&scope).await?;
        if tx.account().set_operator(is_operator).await? {
            let mut data = self.told(Some(reason));
            data.insert("accountId".to_owned(), json!(account.id));
            tx.commit(Event::new(name, data).into()).await?;
            self.log(name, account.id);
        }
        Ok(account)
    }

    /// Who the staff are.
    pub async fn colleagues(&self) -> Result<Vec<AccountSummary>, StoreError> {
        self.doors.directory.staff().await
    }

    /// How much is to be done in the background.
    pub async fn jobs(&self) -> Result<JobCounts, StoreError> {
        let now = self.doors.clock.now();
        self.doors.directory.jobs(now, now - LATE).await
    }

    /// For what belongs to no organization, in which it could be told.
    pub(crate) fn log(&self, what: &'static str, subject: impl fmt::Display) {
        let request_id = &self.origin.request_id;
        tracing::info!(operator = %self.staff, %subject, request_id, "{what}");
    }

    async fn account(&self, who: &str, is_operator: bool) -> Result<AccountSummary, AppointError> {
        let who = who.trim();
        if let Ok(id) = who.parse() {
            return self.doors.directory.account_by_id(id).await?.ok_or(AppointError::NotFound);
        }
        let mut found = self.doors.directory.accounts_by_email(who).await?;
        match found.pop() {
            None => Err(AppointError::NotFound),
            // Taking the right from the wrong one is mended; giving it to them is not.
            Some(account) if found.is_empty() && !is_operator => Ok(account),
            Some(last) => {
                found.push(last);
                Err(AppointError::NotById(found))
            }
        }
    }

    fn scope(&self, org_id: OrgId) -> OrgScope {
        OrgScope::new(org_id, Actor::Operator, self.origin.clone())
    }

    /// For an event: why, and who it was.
    fn told(&self, reason: Option<&Reason>) -> Map<String, Value> {
        let told =
            [("reason", json!(reason.map(Reason::as_str))), ("operator", json!(self.staff.to_string()))];
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    async fn set_status(
        &self,
        org_id: OrgId,
        status: OrganizationStatus,
        event: &'static str,
        reason: &Reason,
    ) -> Result<Option<Organization>, StoreError> {
        let tx = self.doors.store.begin(&self.scope(org_id)).await?;
        tx.organization().lock().await?;
        // What is deleted is restored, not reactivated.
        let found = tx.organization().get().await?;
        if found.is_none_or(|organization| organization.status == OrganizationStatus::Deleted) {
            return Ok(None);
        }
        let kept = (status == OrganizationStatus::Suspended).then_some(reason.as_str());
        tx.organization().set_status(status, kept).await?;
        let organization = tx.organization().get().await?;
        tx.commit(Event::new(event, self.told(Some(reason))).into()).await?;
        Ok(organization)
    }
}

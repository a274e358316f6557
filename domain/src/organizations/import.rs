//! Bringing the people of a tenant in before they come by themselves.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    members::Import,
    onboarding::{TenantError, TenantUser, Tenants, UserPage, request_check},
};
use crate::{
    access::{Authorized, Role, System},
    events::{Event, Events},
    id::{Ids, TypedId},
    identity::{NewUser, Profile, UserKind},
    jobs::{JobError, Kind, Outcome, Settlement},
    store::{OrgTx, Store, StoreError},
};

/// After as many failures in a row an import is given up.
const MOST_FAILURES: i64 = 12;

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    Running,
    Done,
    /// Given up; what was brought in stays. It can be begun again.
    Failed,
}

impl ImportState {
    pub const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The organization's last import.
#[derive(Clone, Debug)]
pub struct UserImport {
    pub state: ImportState,
    /// People that Microsoft listed so far.
    pub seen: i64,
    /// Of these: new here, changed here, and passed over because their accounts are switched off.
    pub added: i64,
    pub updated: i64,
    pub skipped: i64,
    /// Where Microsoft's list goes on; `None` at its beginning.
    pub next: Option<String>,
    /// Why it waits or was given up, in words.
    pub trouble: Option<String>,
    pub started_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The organization's last import, for reading.
#[async_trait]
pub trait ImportReader: Send + Sync {
    async fn get(&self) -> Result<Option<UserImport>, StoreError>;
}

/// The organization's last import, for writing.
#[async_trait]
pub trait ImportRepository: ImportReader {
    async fn put(&self, import: &UserImport) -> Result<(), StoreError>;
}

/// Imports people.
#[derive(Clone)]
pub struct Imports {
    store: Arc<dyn Store>,
    tenants: Arc<dyn Tenants>,
    ids: Ids,
}

impl Imports {
    pub fn new(store: Arc<dyn Store>, tenants: Arc<dyn Tenants>, ids: Ids) -> Self {
        Self { store, tenants, ids }
    }

    /// Begins an import, unless one is running: then that one goes on.
    pub async fn start(&self, caller: &Authorized<Import>) -> Result<UserImport, StoreError> {
        let tx = self.store.begin(&caller.scope()).await?;
        tx.organization().lock().await?;
        if let Some(running) = tx.imports().get().await?.filter(|last| last.state == ImportState::Running) {
            return Ok(running);
        }
        let now = self.ids.clock().now();
        let import = UserImport {
            state: ImportState::Running,
            seen: 0,
            added: 0,
            updated: 0,
            skipped: 0,
            next: None,
            trouble: None,
            started_at: now,
            updated_at: now,
        };
        tx.imports().put(&import).await?;
        let key = caller.scope().org_id().uuid();
        tx.jobs().schedule(Kind::UsersImport, key, now).await?;
        tx.commit(Event::new("organization.import.started", json!({})).into()).await?;
        Ok(import)
    }

    /// Goes on with an import, page by page. Each page is written together with where the next one is, so a process
    /// that dies loses at most the page that it had in hand.
    pub async fn run(
        &self,
        job: &crate::jobs::Job,
        system: &Authorized<System>,
    ) -> Result<Outcome, JobError> {
        loop {
            let reader = self.store.read(&system.scope()).await?;
            let import = reader.imports().get().await?.filter(|last| last.state == ImportState::Running);
            let tenant = reader.organization().get().await?.and_then(|known| known.azure_tenant_id);
            drop(reader);
            let (Some(import), Some(tenant)) = (import, tenant) else { return Ok(Outcome::Done) };
            match self.tenants.users(tenant, import.next.as_deref()).await {
                Ok(page) => {
                    let is_last = page.next.is_none();
                    if !self.take(job, system, import, page).await? || is_last {
                        return Ok(Outcome::Settled);
                    }
                }
                Err(TenantError::Restart) if import.next.is_some() => {
                    self.write(system, UserImport { next: None, ..import }, "begun_again").await?;
                }
                Err(error) => return self.wait(job, system, import, error).await,
            }
        }
    }

    /// Writes a page. `false`: the lease was lost, and somebody else goes on.
    async fn take(
        &self,
        job: &crate::jobs::Job,
        system: &Authorized<System>,
        import: UserImport,
        page: UserPage,
    ) -> Result<bool, JobError> {
        let now = self.ids.clock().now();
        let tx = self.store.begin(&system.scope()).await?;
        let mut import = UserImport { next: page.next, trouble: None, updated_at: now, ..import };
        let mut events: Option<Events> = None;
        for user in &page.users {
            import.seen += 1;
            if !user.is_enabled {
                import.skipped += 1;
                continue;
            }
            if let Some((event, is_new)) = self.bring(tx.as_ref(), user, now).await? {
                if is_new {
                    import.added += 1;
                } else {
                    import.updated += 1;
                }
                events = Some(match events {
                    Some(events) => events.and(event),
                    None => event.into(),
                });
            }
        }
        let held = if import.next.is_none() {
            import.state = ImportState::Done;
            tx.jobs().settle(&job.lease, Settlement::Done).await?
        } else {
            tx.jobs().hold(&job.lease).await?
        };
        if !held {
            return Ok(false);
        }
        tx.imports().put(&import).await?;
        let name = match import.state {
            ImportState::Done => "organization.import.finished",
            ImportState::Running | ImportState::Failed => "organization.import.progressed",
        };
        let progress = Event::new(name, json!({ "seen": import.seen, "added": import.added }));
        let events = match events {
            Some(events) => events.and(progress),
            None => progress.into(),
        };
        tx.commit(events).await?;
        Ok(true)
    }

    /// One person; the event that tells of it, and whether they are new. Nothing for somebody who is known as they are.
    async fn bring(
        &self,
        tx: &dyn OrgTx,
        user: &TenantUser,
        now: DateTime<Utc>,
    ) -> Result<Option<(Event, bool)>, StoreError> {
        let profile = Profile {
            email: user.email.clone(),
            display_name: user.display_name.clone(),
            is_guest: user.is_guest,
        };
        let new = NewUser {
            id: self.ids.next(),
            kind: UserKind::Person,
            object_id: Some(user.object_id),
            profile: profile.clone(),
            profile_as_of: now,
            role: Some(Role::Member),
        };
        if tx.users().add_if_absent(&new).await?.is_some() {
            let data = json!({ "userId": new.id, "kind": new.kind.as_str(), "role": Role::Member.as_str() });
            return Ok(Some((Event::new("identity.user.created", data), true)));
        }
        let known = tx.users().find_by_object_id(user.object_id).await?;
        let Some(known) = known.filter(|known| known.profile != profile) else { return Ok(None) };
        if !tx.users().set_profile(known.id, &profile, now).await? {
            return Ok(None);
        }
        Ok(Some((Event::new("identity.user.updated", json!({ "userId": known.id })), false)))
    }

    async fn wait(
        &self,
        job: &crate::jobs::Job,
        system: &Authorized<System>,
        import: UserImport,
        error: TenantError,
    ) -> Result<Outcome, JobError> {
        let is_hopeless = match error {
            TenantError::Later { .. } | TenantError::Unusable | TenantError::Restart => {
                job.attempt >= MOST_FAILURES
            }
            TenantError::NotConsented
            | TenantError::Disabled
            | TenantError::NoSuchTenant
            | TenantError::Forbidden
            | TenantError::Misconfigured => true,
        };
        let import = UserImport { trouble: Some(error.to_string()), ..import };
        if is_hopeless {
            self.write(system, UserImport { state: ImportState::Failed, ..import }, "failed").await?;
            if error.is_of_consent() {
                request_check(self.store.as_ref(), &self.ids, &system.scope(), "refused").await?;
            }
            return Ok(Outcome::Done);
        }
        self.write(system, import, "waiting").await?;
        let after = match &error {
            TenantError::Later { after } => *after,
            TenantError::NotConsented
            | TenantError::Disabled
            | TenantError::NoSuchTenant
            | TenantError::Forbidden
            | TenantError::Misconfigured
            | TenantError::Restart
            | TenantError::Unusable => None,
        };
        Err(JobError::Retry { after, source: Box::new(error) })
    }

    async fn write(
        &self,
        system: &Authorized<System>,
        import: UserImport,
        what: &'static str,
    ) -> Result<(), StoreError> {
        let tx = self.store.begin(&system.scope()).await?;
        tx.imports().put(&UserImport { updated_at: self.ids.clock().now(), ..import }).await?;
        let data = json!({ "what": what });
        tx.commit(Event::new("organization.import.changed", data).into()).await
    }
}

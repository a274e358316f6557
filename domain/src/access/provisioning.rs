//! Finding the organization and the user of a verified token, or making them on first sight.
//!
//! Known ones cost reads only. Concurrent first requests are decided by the database: each tries to insert, one
//! wins, the others read what it wrote.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{
    Actor, AdmissionPolicy, AuthenticationError, IdentityKind, OrgScope, Origin, PERSONAL_ACCOUNTS_TENANT,
    Role, TenantPolicy, VerifiedToken, authentication::check_status,
};
use crate::{
    events::{Event, Events},
    id::{Ids, OrgId, TypedId},
    identity::{NewUser, Profile, User, UserKind, UserStatus},
    jobs::Kind,
    organizations::{NameSource, NewOrganization, Organization, OrganizationOrigin},
    store::{OrgTx, Store, StoreError},
};

/// When a new organization is tidied for the first time: nothing of it expires sooner.
const TIDY_AFTER: TimeDelta = TimeDelta::days(1);

/// Every organization is tidied from its beginning on.
pub(super) async fn begin_tidying(tx: &dyn OrgTx, org_id: OrgId, ids: &Ids) -> Result<(), StoreError> {
    tx.jobs().schedule(Kind::OrganizationTidy, org_id.uuid(), ids.clock().now() + TIDY_AFTER).await
}

/// Finds organizations before a scope exists: the one question that is asked across organizations on a request.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The organization of this origin, whatever its status.
    async fn find(&self, origin: &OrganizationOrigin) -> Result<Option<Organization>, StoreError>;
}

/// Somebody who was identified, and what a first sight of them would be made from.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) origin: OrganizationOrigin,
    pub(super) user: NewUser,
    /// The organization's name and where it is from, as well as the token tells.
    pub(super) organization_name: (String, NameSource),
    /// The tenant, if only tenants with admin consent may enter.
    pub(super) needs_consent: Option<Uuid>,
    /// Whether an organization's first person becomes its administrator.
    pub(super) first_is_admin: bool,
}

impl Newcomer {
    pub(super) fn of_token(
        token: &VerifiedToken,
        kind: IdentityKind,
        policy: &AdmissionPolicy,
        ids: &Ids,
    ) -> Self {
        let personal = token.tenant == PERSONAL_ACCOUNTS_TENANT;
        let origin = if personal {
            OrganizationOrigin::PersonalAccount(token.object_id)
        } else {
            OrganizationOrigin::Tenant(token.tenant)
        };
        let profile = Profile {
            email: token.email.clone(),
            display_name: token.display_name.clone(),
            is_guest: token.is_guest,
        };
        Self {
            needs_consent: (policy.tenants == TenantPolicy::Consented && !personal).then_some(token.tenant),
            first_is_admin: policy.first_user_is_admin,
            organization_name: organization_name(token, personal),
            user: NewUser {
                id: ids.next(),
                kind: match kind {
                    IdentityKind::Delegated => UserKind::Person,
                    IdentityKind::App => UserKind::ServicePrincipal,
                },
                object_id: Some(token.object_id),
                profile,
                profile_as_of: token.issued_at,
                role: match kind {
                    IdentityKind::Delegated => Some(Role::Member),
                    IdentityKind::App => None,
                },
            },
            origin,
        }
    }

    /// Whether the organization lets people in.
    fn may_enter(&self, organization: &Organization) -> Result<(), AuthenticationError> {
        check_status(organization.status)?;
        if self.needs_consent.is_some() && !organization.consent.holds() {
            return Err(self.not_onboarded());
        }
        Ok(())
    }

    fn not_onboarded(&self) -> AuthenticationError {
        AuthenticationError::TenantNotOnboarded { tenant: self.needs_consent.unwrap_or_default() }
    }

    /// Whether the organization's name would be replaced.
    pub(super) fn has_better_name(&self, present: NameSource) -> bool {
        self.organization_name.1 > present && self.is_own_person()
    }

    /// Whether the user's profile would be replaced.
    pub(super) fn has_newer_profile(&self, user: &User) -> bool {
        self.user.profile != user.profile && self.user.profile_as_of > user.profile_as_of
    }

    fn is_own_person(&self) -> bool {
        self.user.kind == UserKind::Person && !self.user.profile.is_guest
    }
}

/// The best name the token has for its organization. A guest's address speaks of the guest's own organization.
fn organization_name(token: &VerifiedToken, personal: bool) -> (String, NameSource) {
    if personal {
        let name = token.display_name.clone().or_else(|| token.email.clone());
        return (name.unwrap_or_else(|| token.object_id.to_string()), NameSource::EmailDomain);
    }
    let domain = token.email.as_deref().filter(|_| !token.is_guest).and_then(|email| email.rsplit_once('@'));
    match domain {
        Some((_, domain)) => (domain.to_lowercase(), NameSource::EmailDomain),
        None => (token.tenant.to_string(), NameSource::TenantId),
    }
}

/// Finds or makes organizations and users.
pub(super) struct Provisioning {
    pub(super) store: Arc<dyn Store>,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) ids: Ids,
}

impl Provisioning {
    /// The organization and user of a newcomer, made if need be. Nothing is written for somebody who is refused.
    /// `remembered` is the organization, where it is in memory.
    pub(super) async fn find_or_create(
        &self,
        newcomer: &Newcomer,
        mut remembered: Option<Arc<Organization>>,
    ) -> Result<(Arc<Organization>, User), AuthenticationError> {
        // A race that is lost is settled by the next look; more than two in a row would be a defect of the store.
        for _ in 0..3 {
            if let Some(organization) = remembered.take() {
                if let Some(identity) = self.enter(organization, true, newcomer).await? {
                    return Ok(identity);
                }
                continue;
            }
            let found = match self.directory.find(&newcomer.origin).await? {
                Some(organization) => self.enter(Arc::new(organization), false, newcomer).await?,
                None if newcomer.needs_consent.is_some() => return Err(newcomer.not_onboarded()),
                None => self.found(newcomer).await?,
            };
            if let Some(identity) = found {
                return Ok(identity);
            }
        }
        let lost = std::io::Error::other("an organization or user that exists could not be read");
        Err(StoreError::Unexpected(Box::new(lost)).into())
    }

    /// Into an organization that exists. `None` when it or the user changed under our hands.
    async fn enter(
        &self,
        organization: Arc<Organization>,
        is_remembered: bool,
        newcomer: &Newcomer,
    ) -> Result<Option<(Arc<Organization>, User)>, AuthenticationError> {
        newcomer.may_enter(&organization)?;
        let scope = OrgScope::new(organization.id, Actor::System, Origin::default());
        let reader = self.store.read(&scope).await?;
        let user = match newcomer.user.object_id {
            Some(object_id) => reader.users().find_by_object_id(object_id).await?,
            None => None,
        };
        drop(reader);
        if user.as_ref().is_some_and(|user| user.status == UserStatus::Disabled) {
            return Err(AuthenticationError::UserDisabled);
        }
        let (name, source) = &newcomer.organization_name;
        let better_name = newcomer.has_better_name(organization.name_source);
        let new_profile = user.as_ref().is_some_and(|user| newcomer.has_newer_profile(user));
        match user {
            Some(user) if !better_name && !new_profile => return Ok(Some((organization, user))),
            _ => {}
        }
        let tx = self.store.begin(&scope).await?;
        let organization = if is_remembered {
            // Good enough to read by; what is written is decided by what is true now.
            let Some(now) = tx.organization().get().await? else { return Ok(None) };
            newcomer.may_enter(&now)?;
            Arc::new(now)
        } else {
            organization
        };
        let mut events: Option<Events> = None;
        let mut record = |event: Event| {
            events = Some(match events.take() {
                Some(events) => events.and(event),
                None => event.into(),
            });
        };
        if better_name && tx.organization().improve_name(name, *source).await? {
            record(Event::new("organization.updated", json!({ "changed": ["name"] })));
        }
        match user {
            None => match self.add_user(tx.as_ref(), newcomer).await? {
                Some((user, event)) if !better_name => {
                    // All is known without another look.
                    tx.commit(event.into()).await?;
                    return Ok(Some((organization, user)));
                }
                Some((_, event)) => record(event),
                None => {}
            },
            Some(user) if new_profile => {
                let profile = &newcomer.user.profile;
                if tx.users().set_profile(user.id, profile, newcomer.user.profile_as_of).await? {
                    record(Event::new("identity.user.updated", json!({ "userId": user.id })));
                }
            }
            Some(_) => {}
        }
        self.finish(tx, newcomer, events).await
    }

    /// Founds the organization with its first user. `None` when another request was first.
    async fn found(
        &self,
        newcomer: &Newcomer,
    ) -> Result<Option<(Arc<Organization>, User)>, AuthenticationError> {
        let org_id: OrgId = self.ids.next();
        let scope = OrgScope::new(org_id, Actor::System, Origin::default());
        let tx = self.store.begin(&scope).await?;
        let (name, name_source) = newcomer.organization_name.clone();
        let organization = NewOrganization { id: org_id, origin: newcomer.origin.clone(), name, name_source };
        if !tx.organization().add_if_absent(&organization).await? {
            return Ok(None);
        }
        begin_tidying(tx.as_ref(), org_id, &self.ids).await?;
        let mut events: Events =
            Event::new("identity.tenant.created", json!({ "organizationId": org_id })).into();
        if let Some((_, event)) = self.add_user(tx.as_ref(), newcomer).await? {
            events = events.and(event);
        }
        self.finish(tx, newcomer, Some(events)).await
    }

    /// Adds the user; `None` when another request was first.
    async fn add_user(
        &self,
        tx: &dyn OrgTx,
        newcomer: &Newcomer,
    ) -> Result<Option<(User, Event)>, StoreError> {
        let mut user = newcomer.user.clone();
        if newcomer.first_is_admin && newcomer.is_own_person() {
            // Two first people at once would both find nobody before them.
            tx.organization().lock().await?;
            if !tx.users().has_own_person().await? {
                user.role = Some(Role::Admin);
            }
        }
        let Some(added) = tx.users().add_if_absent(&user).await? else { return Ok(None) };
        let data =
            json!({ "userId": user.id, "kind": user.kind.as_str(), "role": user.role.map(Role::as_str) });
        Ok(Some((added, Event::new("identity.user.created", data))))
    }

    /// Reads what is there now and commits what was written, if anything was.
    async fn finish(
        &self,
        tx: Box<dyn OrgTx>,
        newcomer: &Newcomer,
        events: Option<Events>,
    ) -> Result<Option<(Arc<Organization>, User)>, AuthenticationError> {
        let organization = tx.organization().get().await?.map(Arc::new);
        let user = match newcomer.user.object_id {
            Some(object_id) => tx.users().find_by_object_id(object_id).await?,
            None => None,
        };
        if let Some(events) = events {
            tx.commit(events).await?;
        }
        Ok(organization.zip(user))
    }
}

//! Sessions: how they begin, go on, and end.
//!
//! A refresh token is good once. What comes back after it was replaced is a copy in somebody else's hands, so the
//! whole session ends; but tabs of one browser race, so for [`GRACE`] the one before still gets what its successor
//! got.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{AccountScope, Actor, OrgScope, Origin, Proven, TenantPolicy};
use crate::{
    events::{Event, Events},
    id::{Ids, SessionId, TypedId},
    identity::{
        AccessClaims, AccountDirectory, CannotSign, Device, EndReason, IssuedTokens, RefreshClaims,
        RefreshFamily, Session, SessionTokens, User, UserStatus,
    },
    organizations::{Organization, OrganizationStatus},
    store::{Store, StoreError},
};

/// How long the refresh token before the current one is still taken.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// How often it is asked whether a session has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionCheck {
    /// Never: a session that was ended goes on until it expires. Only the reuse of a refresh token ends it.
    None,
    /// When it is refreshed: its access token is good until it expires.
    OnRefresh,
    /// With every call; from memory, so it costs nothing.
    #[default]
    EveryCall,
}

/// How long tokens last, and how sessions are checked.
#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    pub access_lasts: Duration,
    /// From the last refresh on.
    pub refresh_lasts: Duration,
    pub check: SessionCheck,
}

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// `401 INVALID_REFRESH_TOKEN`.
    #[error("the refresh token does not hold")]
    InvalidRefreshToken,
    /// `401 SESSION_REVOKED`.
    #[error("the session has ended")]
    Revoked,
    /// There is no session of this id.
    #[error("there is no such session")]
    NotFound,
    /// `403 TENANT_NOT_ONBOARDED`: the tenant's consent is gone, or was never there.
    #[error("the tenant has not completed admin consent")]
    TenantNotOnboarded { tenant: Uuid },
    /// `403 ORGANIZATION_SUSPENDED`.
    #[error("the organization is suspended")]
    OrganizationSuspended,
    /// `403 ORGANIZATION_DELETED`.
    #[error("the organization is deleted")]
    OrganizationDeleted,
    /// `403 USER_DISABLED`.
    #[error("the user is disabled")]
    UserDisabled,
    #[error(transparent)]
    Signing(#[from] CannotSign),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What [`Sessions`] needs from outside.
#[derive(Clone)]
pub struct SessionPorts {
    pub store: Arc<dyn Store>,
    pub accounts: Arc<dyn AccountDirectory>,
    pub tokens: Arc<dyn SessionTokens>,
    pub ids: Ids,
}

/// Begins, refreshes and ends sessions. Built where the process is put together, since a refresh token, like any
/// credential, gives a scope.
#[derive(Clone)]
pub struct Sessions {
    ports: SessionPorts,
    policy: SessionPolicy,
    tenants: TenantPolicy,
}

impl Sessions {
    pub fn new(ports: SessionPorts, policy: SessionPolicy, tenants: TenantPolicy) -> Self {
        Self { ports, policy, tenants }
    }

    /// Begins a session of somebody of whom nothing more is wanted. Its id is new, whatever the browser had before.
    pub(crate) async fn begin(&self, proven: Proven, device: Device) -> Result<IssuedTokens, SessionError> {
        let Proven { account, organization, user, method, is_email_verified, authenticated_at, granted_role } =
            proven;
        let now = self.now();
        let session = Session {
            id: self.ports.ids.next(),
            account_id: account.account_id(),
            org_id: organization.id,
            user_id: user.id,
            method,
            is_email_verified,
            authenticated_at,
            granted_role,
            refresh: RefreshFamily { current: self.refresh_id(), previous: None, rotated_at: None },
            device,
            created_at: now,
            last_active_at: now,
            expires_at: now + self.policy.refresh_lasts,
            ended: None,
        };
        let tx = self.ports.store.begin_account(&account).await?;
        tx.sessions().add(&session).await?;
        let data =
            json!({ "userId": user.id, "sessionHandle": session.id, "loginProvider": method.as_str() });
        let events = Events::from(Event::new("identity.auth.login.success", data.clone()))
            .and(Event::new("identity.auth.oauth.success", data.clone()))
            .and(Event::new("identity.session.created", data));
        tx.commit(events).await?;
        self.issue(&session, &user, now)
    }

    /// Goes on with a session: a new access token, and the next refresh token.
    pub async fn refresh(&self, token: &str, origin: &Origin) -> Result<IssuedTokens, SessionError> {
        let claims = self.read_refresh(token)?;
        // A race that is lost is settled by the next look.
        for _ in 0..3 {
            let session = self.session(&claims).await?;
            let (organization, user) = self.standing(&session).await?;
            let scope = scope(&session, origin);
            let now = self.now();
            if claims.id == session.refresh.current {
                if let Some(session) = self.rotate(&session, &scope, now).await? {
                    return self.issue(&session, &user, now);
                }
                continue;
            }
            let is_racing = session.refresh.previous == Some(claims.id)
                && session.refresh.rotated_at.is_some_and(|at| now - at <= GRACE);
            if is_racing {
                return self.issue(&session, &user, now);
            }
            tracing::warn!(
                session.id = %session.id, org.id = %organization.id,
                "a refresh token that had been replaced came back; the session ends"
            );
            self.end_one(&scope, session.id, EndReason::Reuse).await?;
            return Err(SessionError::Revoked);
        }
        let lost = std::io::Error::other("a session changed with every look at it");
        Err(StoreError::Unexpected(Box::new(lost)).into())
    }

    /// Ends the session of a refresh token, if there is one; a token that does not hold ends nothing.
    pub async fn sign_out(&self, token: &str, origin: &Origin) -> Result<(), SessionError> {
        let Ok(claims) = self.read_refresh(token) else { return Ok(()) };
        match self.ports.accounts.session(claims.session).await? {
            Some(session) if session.ended.is_none() => {
                self.end_one(&scope(&session, origin), session.id, EndReason::SignedOut).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends one of the account's sessions.
    pub async fn end(
        &self,
        account: &AccountScope,
        id: SessionId,
        reason: EndReason,
    ) -> Result<(), SessionError> {
        if self.end_one(account, id, reason).await? { Ok(()) } else { Err(SessionError::NotFound) }
    }

    /// Ends all of the account's sessions but one; gives how many.
    pub async fn end_all(
        &self,
        account: &AccountScope,
        but: Option<SessionId>,
    ) -> Result<usize, SessionError> {
        let tx = self.ports.store.begin_account(account).await?;
        let ended = tx.sessions().end_all(but, EndReason::Revoked).await?;
        let mut events = ended.iter().map(|id| ended_event(*id, EndReason::Revoked));
        let Some(first) = events.next() else { return Ok(0) };
        let events = events.fold(Events::from(first), Events::and);
        tx.commit(events).await?;
        Ok(ended.len())
    }

    /// Which session a refresh token is of, whatever its state.
    pub fn session_of(&self, token: &str) -> Option<SessionId> {
        self.read_refresh(token).ok().map(|claims| claims.session)
    }

    fn now(&self) -> DateTime<Utc> {
        self.ports.ids.clock().now()
    }

    fn refresh_id(&self) -> Uuid {
        self.ports.ids.next::<SessionId>().uuid()
    }

    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, SessionError> {
        self.ports.tokens.read_refresh(token).map_err(|reason| {
            tracing::info!(%reason, "refresh token rejected");
            SessionError::InvalidRefreshToken
        })
    }

    /// The session of a refresh token, if it may go on.
    async fn session(&self, claims: &RefreshClaims) -> Result<Session, SessionError> {
        let session = self.ports.accounts.session(claims.session).await?;
        let session = session.ok_or(SessionError::InvalidRefreshToken)?;
        let has_ended = match (session.ended, self.policy.check) {
            (None, _) | (Some(EndReason::SignedOut | EndReason::Revoked), SessionCheck::None) => false,
            (Some(_), _) => true,
        };
        if has_ended {
            return Err(SessionError::Revoked);
        }
        if session.expires_at <= self.now() {
            return Err(SessionError::InvalidRefreshToken);
        }
        Ok(session)
    }

    /// The organization and the membership, which may have been shut or taken away since.
    async fn standing(&self, session: &Session) -> Result<(Organization, User), SessionError> {
        let scope = OrgScope::new(session.org_id, Actor::System, Origin::default());
        let reader = self.ports.store.read(&scope).await?;
        let organization = reader.organization().get().await?;
        let user = reader.users().get(session.user_id).await?;
        let user = user.filter(|user| user.account_id == Some(session.account_id));
        let (organization, user) = organization.zip(user).ok_or(SessionError::Revoked)?;
        let lacks_consent = self.tenants.lacks_consent(&organization);
        match (organization.status, user.status) {
            (OrganizationStatus::Suspended, _) => Err(SessionError::OrganizationSuspended),
            (OrganizationStatus::Deleted, _) => Err(SessionError::Revoked),
            (OrganizationStatus::Active, UserStatus::Disabled) => Err(SessionError::UserDisabled),
            (OrganizationStatus::Active, UserStatus::Active) => match lacks_consent {
                Some(tenant) => Err(SessionError::TenantNotOnboarded { tenant }),
                None => Ok((organization, user)),
            },
        }
    }

    /// Replaces the refresh token; `None` when another request was first.
    async fn rotate(
        &self,
        session: &Session,
        scope: &AccountScope,
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, SessionError> {
        let (current, expires_at) = (self.refresh_id(), now + self.policy.refresh_lasts);
        let tx = self.ports.store.begin_account(scope).await?;
        if !tx.sessions().rotate(session.id, session.refresh.current, current, expires_at).await? {
            return Ok(None);
        }
        let data = json!({ "userId": session.user_id, "sessionHandle": session.id });
        tx.commit(Event::new("identity.session.rotated", data).into()).await?;
        let refresh =
            RefreshFamily { current, previous: Some(session.refresh.current), rotated_at: Some(now) };
        Ok(Some(Session { refresh, expires_at, ..session.clone() }))
    }

    async fn end_one(
        &self,
        account: &AccountScope,
        id: SessionId,
        reason: EndReason,
    ) -> Result<bool, StoreError> {
        let tx = self.ports.store.begin_account(account).await?;
        if !tx.sessions().end(id, reason).await? {
            return Ok(false);
        }
        let mut events = Events::from(ended_event(id, reason));
        if reason == EndReason::SignedOut {
            events = events.and(Event::new("identity.auth.logout", json!({ "sessionHandle": id })));
        }
        tx.commit(events).await?;
        Ok(true)
    }

    fn issue(
        &self,
        session: &Session,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<IssuedTokens, SessionError> {
        let access_expires_at = now + self.policy.access_lasts;
        let access = AccessClaims {
            session: session.id,
            account: session.account_id,
            organization: session.org_id,
            user: user.id,
            email: user.profile.email.clone(),
            role: user.role.max(session.role_granted_at(now)),
            login_provider: session.method.as_str().to_owned(),
            is_email_verified: session.is_email_verified,
            issued_at: now,
            expires_at: access_expires_at,
        };
        let refresh = RefreshClaims {
            session: session.id,
            id: session.refresh.current,
            issued_at: now,
            expires_at: session.expires_at,
        };
        Ok(IssuedTokens {
            session: session.id,
            access: self.ports.tokens.access(&access)?,
            access_expires_at,
            refresh: self.ports.tokens.refresh(&refresh)?,
            refresh_expires_at: session.expires_at,
        })
    }
}

/// Whoever holds a session's refresh token acts as its account.
fn scope(session: &Session, origin: &Origin) -> AccountScope {
    let organization = OrgScope::new(session.org_id, Actor::User(session.user_id), origin.clone());
    AccountScope::new(session.account_id, organization)
}

fn ended_event(id: SessionId, reason: EndReason) -> Event {
    let data = json!({ "sessionHandle": id, "reason": reason.as_str() });
    Event::new("identity.session.revoked", data)
}

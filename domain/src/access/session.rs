//! The principal of a session's access token.

use std::sync::{Arc, atomic::AtomicU64};

use super::{
    Actor, Authenticated, AuthenticatedBy, Authentication, AuthenticationError, CachedPrincipal,
    CurrentSession, OrgScope, Origin, Principal, Rejection, SessionCheck, Subject,
    authentication::{check_standing, permissions_of},
};
use crate::{
    id::SessionId,
    identity::{AccessClaims, Session, User},
    organizations::Organization,
};

impl Authentication {
    /// The principal of an access token of ours, from a cookie or as a bearer.
    pub async fn session(&self, token: &str) -> Result<Authenticated, Arc<AuthenticationError>> {
        let entry = self.remembered(token, || Box::pin(self.load_session(token))).await?;
        Ok(Authenticated::without_assertion(Arc::clone(&entry.principal)))
    }

    /// The principal of a session that goes on, by its id: for somebody who went elsewhere from it and comes back. The
    /// id must come from where nobody but this service could put it.
    pub async fn resumed(&self, id: SessionId) -> Result<Authenticated, AuthenticationError> {
        let session = self.accounts.session(id).await?.ok_or(AuthenticationError::SessionRevoked)?;
        let now = self.provisioning.ids.clock().now();
        if session.ended.is_some() || session.expires_at <= now {
            return Err(AuthenticationError::SessionRevoked);
        }
        let claims = AccessClaims {
            session: session.id,
            account: session.account_id,
            organization: session.org_id,
            user: session.user_id,
            email: None,
            role: None,
            login_provider: session.method.as_str().to_owned(),
            is_email_verified: session.is_email_verified,
            issued_at: now,
            expires_at: session.expires_at,
        };
        let (organization, user) = self.members(&claims).await?;
        check_standing(&organization, &user)?;
        let role = user.role.max(session.role_granted_at(now));
        // Nobody comes back from elsewhere as one of the staff.
        Ok(Authenticated::without_assertion(Arc::new(principal(&session, &organization, user, role, false))))
    }

    async fn load_session(&self, token: &str) -> Result<Arc<CachedPrincipal>, AuthenticationError> {
        let mark = self.mark();
        let claims = self.tokens.read_access(token)?;
        // There is no session of this id for whoever could forge our signature; or it was deleted, long after its end.
        let session =
            self.accounts.session(claims.session).await?.ok_or(AuthenticationError::SessionRevoked)?;
        if self.policy.session_check == SessionCheck::EveryCall && session.ended.is_some() {
            return Err(AuthenticationError::SessionRevoked);
        }
        if session.account_id != claims.account {
            return Err(Rejection::TokenKind.into());
        }
        let (organization, user) = self.members(&claims).await?;
        check_standing(&organization, &user)?;
        if let Some(tenant) = self.policy.tenants.lacks_consent(&organization) {
            return Err(AuthenticationError::TenantNotOnboarded { tenant });
        }
        let is_operator = self.accounts.is_operator(session.account_id).await?;
        let mut subjects = vec![
            Subject::Organization(organization.id),
            Subject::User(user.id),
            Subject::Account(session.account_id),
        ];
        if self.policy.session_check == SessionCheck::EveryCall {
            subjects.push(Subject::Session(session.id));
        }
        let now = self.provisioning.ids.clock().now();
        // A role that ends before the token does ends in memory, too.
        let expires_at = match session.granted_role {
            Some(granted) if now < granted.until => claims.expires_at.min(granted.until),
            _ => claims.expires_at,
        };
        let role = user.role.max(session.role_granted_at(now));
        let principal = principal(&session, &organization, user, role, is_operator);
        Ok(Arc::new(CachedPrincipal {
            principal: Arc::new(principal),
            not_before: None,
            expires_at,
            key_id: None,
            subjects: subjects.into(),
            mark: AtomicU64::new(mark.0),
        }))
    }

    /// The organization that the token is for, and the account's membership there, which must still be the account's.
    async fn members(&self, claims: &AccessClaims) -> Result<(Organization, User), AuthenticationError> {
        let scope = OrgScope::new(claims.organization, Actor::System, Origin::default());
        let reader = self.provisioning.store.read(&scope).await?;
        let organization = reader.organization().get().await?;
        let user = reader.users().get(claims.user).await?;
        let user = user.filter(|user| user.account_id == Some(claims.account));
        organization.zip(user).ok_or(AuthenticationError::SessionRevoked)
    }
}

fn principal(
    session: &Session,
    organization: &Organization,
    user: User,
    role: Option<super::Role>,
    is_operator: bool,
) -> Principal {
    Principal {
        organization: Arc::new(organization.into()),
        user: Arc::new(user),
        role,
        permissions: permissions_of(role),
        scopes: Vec::new(),
        app_roles: Vec::new(),
        client_id: None,
        authenticated_by: AuthenticatedBy::Session,
        delegable: None,
        api_key: None,
        is_operator,
        authenticated_at: session.authenticated_at,
        session: Some(CurrentSession {
            id: session.id,
            method: session.method,
            is_email_verified: session.is_email_verified,
        }),
    }
}

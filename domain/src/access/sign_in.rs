//! From what a sign-in method proved to a person, a membership and an account.
//!
//! Each method ends in a [`Proven`], and there is no other way to a session: what policies want of a person is asked
//! of a [`Proven`] and not of a method (see `identity::SignIn`).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    AccountScope, Actor, Authentication, AuthenticationError, IdentityKind, OrgScope, Origin, Rejection,
    Role, VerifiedToken, authentication::check_standing, provisioning::Newcomer,
};
use crate::{
    events::{Event, Events},
    id::AccountId,
    identity::{GRANTED_ROLE_LASTS, GrantedRole, NewIdentity, OutsideIdentity, SignInMethod, User, UserKind},
    organizations::Organization,
    store::StoreError,
};

/// Somebody who proved who they are, by one method. It is made by authentication only, and used up by the sign-in
/// that it permits.
#[derive(Debug)]
pub struct Proven {
    pub(super) account: AccountScope,
    pub(super) organization: Arc<Organization>,
    pub(super) user: User,
    pub(super) method: SignInMethod,
    pub(super) is_email_verified: bool,
    pub(super) authenticated_at: Option<DateTime<Utc>>,
    pub(super) granted_role: Option<GrantedRole>,
}

impl Proven {
    /// The account, which can act from here on.
    pub fn account_id(&self) -> AccountId {
        self.account.account_id()
    }

    /// How they proved it.
    pub fn method(&self) -> SignInMethod {
        self.method
    }

    /// The organization that they enter.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Their membership of it.
    pub fn user(&self) -> &User {
        &self.user
    }
}

impl Authentication {
    /// Somebody whose ID token of Microsoft's was verified: admitted and provisioned by the same rules as by an access
    /// token, and with an account, which is made on the first sign-in. The account goes by tenant and object id; an
    /// e-mail address neither finds nor joins one (Microsoft identity platform, "Secure applications and APIs by
    /// validating claims").
    pub async fn microsoft(
        &self,
        token: &VerifiedToken,
        origin: &Origin,
    ) -> Result<Proven, AuthenticationError> {
        self.admit_tenant(token).await?;
        let newcomer =
            Newcomer::of_token(token, IdentityKind::Delegated, &self.policy, &self.provisioning.ids);
        let (organization, user) = self.provisioning.find_or_create(&newcomer, None).await?;
        check_standing(&organization, &user)?;
        if user.kind != UserKind::Person {
            return Err(Rejection::PermissionClaims.into());
        }
        let identity = NewIdentity {
            key: OutsideIdentity::microsoft(token.tenant, token.object_id),
            email: token.email.clone(),
            display_name: token.display_name.clone(),
        };
        let scope = OrgScope::new(organization.id, Actor::User(user.id), origin.clone());
        let account = self.account_of(&identity, &user, scope).await?;
        let user = User { account_id: Some(account.account_id()), ..user };
        Ok(Proven {
            account,
            organization,
            user,
            method: SignInMethod::Microsoft,
            is_email_verified: token.email_domain_owner_verified,
            authenticated_at: token.authenticated_at,
            granted_role: self.granted_role(token),
        })
    }

    /// What the token gives on top of the role that the organization gave.
    fn granted_role(&self, token: &VerifiedToken) -> Option<GrantedRole> {
        let role = self.policy.role_by_token(token, IdentityKind::Delegated)?;
        let until: DateTime<Utc> = token.issued_at + GRANTED_ROLE_LASTS;
        (role > Role::Member).then_some(GrantedRole { role, until })
    }

    /// The account of an identity, made if there is none, with the membership linked to it.
    async fn account_of(
        &self,
        identity: &NewIdentity,
        user: &User,
        scope: OrgScope,
    ) -> Result<AccountScope, StoreError> {
        // A race that is lost is settled by the next look.
        for _ in 0..3 {
            let known = self.accounts.account_of(&identity.key).await?;
            let account_id = known.unwrap_or_else(|| self.provisioning.ids.next());
            let account = AccountScope::new(account_id, scope.clone());
            if known.is_some() && user.account_id == known {
                return Ok(account);
            }
            let tx = self.provisioning.store.begin_account(&account).await?;
            let mut events: Option<Events> = None;
            if known.is_none() {
                tx.account().add().await?;
                if !tx.account().add_identity_if_absent(identity).await? {
                    continue;
                }
                let linked = json!({ "userId": user.id, "provider": identity.key.provider.as_str() });
                events = Some(Event::new("identity.user.linked", linked).into());
            }
            if tx.account().link_membership(user.id).await? {
                let added = Event::new("identity.tenant.user.added", json!({ "userId": user.id }));
                events = Some(match events {
                    Some(events) => events.and(added),
                    None => added.into(),
                });
            }
            if let Some(events) = events {
                tx.commit(events).await?;
            }
            return Ok(account);
        }
        let lost = std::io::Error::other("an account that exists could not be read");
        Err(StoreError::Unexpected(Box::new(lost)))
    }
}

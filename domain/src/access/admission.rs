//! Which verified tokens may enter: tenant policy, required claims, known clients, and who is an administrator.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    IdentityKind, PERSONAL_ACCOUNTS_TENANT, Rejection, Role, SessionCheck, VerificationError, VerifiedToken,
};
use crate::organizations::Organization;

/// The app role that makes its holder an administrator.
const ADMIN_APP_ROLE: &str = "Tenantry.Admin";

/// Which tenants become organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantPolicy {
    /// Any tenant of the authority, on first sight.
    Open,
    /// Those that completed admin consent.
    Consented,
    /// Those on a list.
    AllowList,
}

impl TenantPolicy {
    /// The tenant of an organization that may not be entered for want of its consent. Personal accounts have nobody who
    /// could consent.
    pub(super) fn lacks_consent(self, organization: &Organization) -> Option<Uuid> {
        let tenant = organization.azure_tenant_id.filter(|tenant| *tenant != PERSONAL_ACCOUNTS_TENANT)?;
        (self == Self::Consented && !organization.consent.holds()).then_some(tenant)
    }
}

/// The list behind [`TenantPolicy::AllowList`]: tenant ids, and verified domains that are resolved to ids.
#[async_trait]
pub trait AllowedTenants: Send + Sync {
    /// Whether the tenant is on the list. `Unavailable` when a domain on it could not be resolved yet and no other
    /// entry matches.
    async fn contains(&self, tenant: Uuid) -> Result<bool, VerificationError>;
}

/// What the deployment decided about who may enter.
#[derive(Clone, Debug)]
pub struct AdmissionPolicy {
    pub tenants: TenantPolicy,
    /// Each personal Microsoft account becomes an organization of its own; otherwise they are refused.
    pub allow_personal_accounts: bool,
    /// `azp`/`appid` values that may call; empty for any.
    pub allowed_clients: Vec<Uuid>,
    /// Directory roles (template ids) whose holders are administrators.
    pub admin_directory_roles: Vec<Uuid>,
    /// E-mail addresses, lower case, whose holders are administrators; only where Entra vouches for the domain.
    pub admin_emails: Vec<String>,
    /// The first person of an organization, guests aside, is its administrator.
    pub first_user_is_admin: bool,
    /// How often it is asked whether a session has ended.
    pub session_check: SessionCheck,
}

impl AdmissionPolicy {
    /// The tenant is one that could be an organization at all.
    pub(super) fn check_personal(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        if token.tenant == PERSONAL_ACCOUNTS_TENANT && !self.allow_personal_accounts {
            return Err(Rejection::TenantNotAllowed);
        }
        Ok(())
    }

    /// The token says what it may do: a person's a scope, an application's a role. Entra gives a token without
    /// roles to any client of the tenant for any resource, so an app-only token without one proves nothing
    /// (Microsoft identity platform, "OAuth 2.0 client credentials flow").
    pub(super) fn check_permission_claims(token: &VerifiedToken) -> Result<IdentityKind, Rejection> {
        match token.kind() {
            Some(IdentityKind::Delegated) => Ok(IdentityKind::Delegated),
            Some(IdentityKind::App) if !token.app_roles.is_empty() => Ok(IdentityKind::App),
            Some(IdentityKind::App) | None => Err(Rejection::PermissionClaims),
        }
    }

    /// The client is a known one, where only known ones may call.
    pub(super) fn check_client(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        let known = self.allowed_clients.is_empty()
            || token.client_id.is_some_and(|client| self.allowed_clients.contains(&client));
        if known { Ok(()) } else { Err(Rejection::ClientNotAllowed) }
    }

    /// The roles that the token itself gives; those that the organization gave are in its user row.
    pub(super) fn role_by_token(&self, token: &VerifiedToken, kind: IdentityKind) -> Option<Role> {
        let by_app_role = token.app_roles.iter().any(|role| role == ADMIN_APP_ROLE);
        match kind {
            IdentityKind::App => by_app_role.then_some(Role::Admin),
            IdentityKind::Delegated => {
                let by_directory =
                    token.directory_roles.iter().any(|role| self.admin_directory_roles.contains(role));
                let by_email = token.email_domain_owner_verified
                    && token
                        .email
                        .as_ref()
                        .is_some_and(|email| self.admin_emails.contains(&email.to_lowercase()));
                Some(if by_app_role || by_directory || by_email { Role::Admin } else { Role::Member })
            }
        }
    }
}

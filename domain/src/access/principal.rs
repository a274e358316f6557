//! Who is asking.

use uuid::Uuid;

use super::{Permission, Role, on_behalf_of::Delegable};
use crate::{id::UserId, identity::User, organizations::OrganizationSummary};

/// Who did something, as events and logs name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, or a service principal of the organization's tenant.
    User(UserId),
    /// Tenantry itself, such as when it provisions who is seen for the first time.
    System,
    /// The service's own staff, who entered the organization with a reason.
    Operator,
}

impl Actor {
    /// The word for the kind of actor.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::System => "system",
            Self::Operator => "operator",
        }
    }

    /// The membership that acted, if it was one.
    pub fn user_id(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::System | Self::Operator => None,
        }
    }
}

/// How a principal proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticatedBy {
    /// An Entra ID access token of a person (`scp`).
    EntraDelegated,
    /// An Entra ID access token of an application acting for itself.
    EntraApp,
    /// Nothing: the development identity, which only debug builds have.
    Development,
}

impl AuthenticatedBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntraDelegated => "entra-delegated",
            Self::EntraApp => "entra-app",
            Self::Development => "development",
        }
    }
}

/// Who is asking, in which organization, and what they may do: what authentication made of a credential.
///
/// The fields are private and there is no constructor outside `access`. It is a snapshot; whoever caches it keeps
/// it only while nothing it depends on has changed (see [`super::Epochs`]).
#[derive(Debug)]
pub struct Principal {
    pub(super) organization: OrganizationSummary,
    pub(super) user: User,
    pub(super) roles: Vec<Role>,
    pub(super) permissions: Vec<&'static str>,
    pub(super) scopes: Vec<String>,
    pub(super) app_roles: Vec<String>,
    pub(super) client_id: Option<Uuid>,
    pub(super) authenticated_by: AuthenticatedBy,
    /// For a person with an access token of theirs.
    pub(super) delegable: Option<Delegable>,
}

impl Principal {
    /// The organization the caller belongs to.
    pub fn organization(&self) -> &OrganizationSummary {
        &self.organization
    }

    /// The caller's membership of it.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The caller's roles; a service principal may have none.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The words of what the caller may do, sorted.
    pub fn permissions(&self) -> &[&'static str] {
        &self.permissions
    }

    /// The delegated scopes of the credential (`scp`), short names.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The app roles of the credential (`roles`).
    pub fn app_roles(&self) -> &[String] {
        &self.app_roles
    }

    /// The client the credential was issued to (`azp` or `appid`).
    pub fn client_id(&self) -> Option<Uuid> {
        self.client_id
    }

    pub fn authenticated_by(&self) -> AuthenticatedBy {
        self.authenticated_by
    }

    /// Whether the caller has a permission.
    pub fn may<P: Permission>(&self) -> bool {
        P::NAME.is_none_or(|word| self.permissions.contains(&word))
    }
}

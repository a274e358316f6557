//! Who is asking.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{KnownKey, Permission, Role, on_behalf_of::Delegable};
use crate::{
    api_keys::ApiKey,
    id::{ApiKeyId, SessionId, TypedId, UserId},
    identity::{SignInMethod, User},
    organizations::OrganizationSummary,
    secret::Sealed,
};

/// Who did something, as events and logs name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, or a service principal of the organization's tenant.
    User(UserId),
    /// Tenantry itself, such as when it provisions who is seen for the first time.
    System,
    /// The service's own staff, who entered the organization with a reason.
    Operator,
    /// An automation with an API key. What it makes is the owner's.
    ApiKey { id: ApiKeyId, owner: UserId },
}

impl Actor {
    /// The word for the kind of actor.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::System => "system",
            Self::Operator => "operator",
            Self::ApiKey { .. } => "api_key",
        }
    }

    /// The id of the membership or of the API key that acted, if it was one.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.uuid()),
            Self::ApiKey { id, .. } => Some(id.uuid()),
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
    /// An API key.
    ApiKey,
    /// A session of ours.
    Session,
    /// Nothing: the development identity, which only debug builds have.
    Development,
}

impl AuthenticatedBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntraDelegated => "entra-delegated",
            Self::EntraApp => "entra-app",
            Self::ApiKey => "api-key",
            Self::Session => "session",
            Self::Development => "development",
        }
    }
}

/// The session that a principal calls in.
#[derive(Clone, Copy, Debug)]
pub struct CurrentSession {
    pub id: SessionId,
    /// How it began.
    pub method: SignInMethod,
    /// The identity provider vouched for the e-mail address.
    pub is_email_verified: bool,
}

/// Who is asking, in which organization, and what they may do: what authentication made of a credential.
///
/// The fields are private and there is no constructor outside `access`. It is a snapshot; whoever caches it keeps
/// it only while nothing it depends on has changed (see [`super::Epochs`]).
#[derive(Debug)]
pub struct Principal {
    pub(super) organization: Arc<OrganizationSummary>,
    pub(super) user: Arc<User>,
    pub(super) role: Option<Role>,
    /// Those of a role, which are the same for everybody, or some of one's own.
    pub(super) permissions: Cow<'static, [&'static str]>,
    pub(super) scopes: Vec<String>,
    pub(super) app_roles: Vec<String>,
    pub(super) client_id: Option<Uuid>,
    pub(super) authenticated_by: AuthenticatedBy,
    pub(super) session: Option<CurrentSession>,
    /// When the person showed who they are, as far as the credential proves it.
    pub(super) authenticated_at: Option<DateTime<Utc>>,
    /// For a person with an access token of theirs.
    pub(super) delegable: Option<Delegable>,
    pub(super) api_key: Option<Box<ApiKeyIdentity>>,
    /// The account is one of the service's own staff; known of sessions only.
    pub(super) is_operator: bool,
}

/// The API key that calls, and the key of its wire format.
#[derive(Debug)]
pub struct ApiKeyIdentity {
    pub key: ApiKey,
    pub wire_key: Sealed,
}

impl Principal {
    /// The organization the caller belongs to.
    pub fn organization(&self) -> &OrganizationSummary {
        &self.organization
    }

    /// The API key that calls; `None` for every other credential.
    pub fn api_key(&self) -> Option<&ApiKeyIdentity> {
        self.api_key.as_deref()
    }

    /// The API key that calls, as its log knows it.
    pub fn known_key(&self) -> Option<KnownKey> {
        self.api_key.as_ref().map(|identity| KnownKey { org_id: self.organization.id, id: identity.key.id })
    }

    /// Who acts, for events.
    pub fn actor(&self) -> Actor {
        match &self.api_key {
            Some(identity) => Actor::ApiKey { id: identity.key.id, owner: self.user.id },
            None => Actor::User(self.user.id),
        }
    }

    /// The caller's membership of it; an API key's owner.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The caller's roles; a service principal may have none.
    pub fn roles(&self) -> &[Role] {
        self.role.as_slice()
    }

    /// The words of what the caller may do, sorted.
    pub fn permissions(&self) -> &[&'static str] {
        &self.permissions
    }

    /// The delegated scopes of the credential (`scp`), short names; an API key's own.
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

    /// The session that the caller uses, if it is one of ours.
    pub fn session(&self) -> Option<&CurrentSession> {
        self.session.as_ref()
    }

    /// Whether the caller, in a session, is one of the service's own staff. It opens nothing inside an organization.
    pub fn is_operator(&self) -> bool {
        self.is_operator
    }

    /// Whether the caller has a permission.
    pub fn may<P: Permission>(&self) -> bool {
        P::NAME.is_none_or(|word| self.permissions.contains(&word))
    }
}

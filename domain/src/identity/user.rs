//! A membership of one organization.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    access::Role,
    id::{AccountId, UserId},
    page::{Page, PageRequest},
    store::StoreError,
};

/// Who the membership is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    Person,
    /// An application of the organization's tenant, calling for itself.
    ServicePrincipal,
}

impl UserKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::ServicePrincipal => "service_principal",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "person" => Some(Self::Person),
            "service_principal" => Some(Self::ServicePrincipal),
            _ => None,
        }
    }
}

/// Whether the membership may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    Active,
    /// Refused with `403 USER_DISABLED`, whatever the credential says.
    Disabled,
}

impl UserStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

/// What a token says of a person, for display; it identifies nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub is_guest: bool,
}

/// A membership of one organization. Everything that an organization owns refers to it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub kind: UserKind,
    /// `oid` in the organization's tenant; with the tenant's id, who this is.
    pub object_id: Option<Uuid>,
    /// Whose membership it is; empty for who has only ever called with tokens of Entra's.
    pub account_id: Option<AccountId>,
    pub profile: Profile,
    /// When the token was issued that the profile was taken from: an older token does not set it back.
    pub profile_as_of: DateTime<Utc>,
    /// The role that the organization gave; a token may give more for as long as it lives.
    pub role: Option<Role>,
    pub status: UserStatus,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A membership to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    pub kind: UserKind,
    pub object_id: Option<Uuid>,
    pub profile: Profile,
    pub profile_as_of: DateTime<Utc>,
    pub role: Option<Role>,
}

/// Memberships of one organization, for reading.
#[async_trait]
pub trait UserReader: Send + Sync {
    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// By `oid` in the organization's tenant.
    async fn find_by_object_id(&self, object_id: Uuid) -> Result<Option<User>, StoreError>;

    /// Newest first.
    async fn list(&self, page: PageRequest) -> Result<Page<User>, StoreError>;
}

/// Memberships of one organization, for writing.
#[async_trait]
pub trait UserRepository: UserReader {
    /// Adds a membership unless the organization already has one for this `oid`, and gives it. `None` when it has:
    /// another request was first, and its row can be read now.
    async fn add_if_absent(&self, user: &NewUser) -> Result<Option<User>, StoreError>;

    /// Whether the organization has a person who is not a guest.
    async fn has_own_person(&self) -> Result<bool, StoreError>;

    /// Takes over a profile. `false` when a newer token's is already there.
    async fn set_profile(
        &self,
        id: UserId,
        profile: &Profile,
        as_of: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Gives a role. `false` when there is no such membership.
    async fn set_role(&self, id: UserId, role: Role) -> Result<bool, StoreError>;

    /// Enables or disables. `false` when there is no such membership.
    async fn set_status(&self, id: UserId, status: UserStatus) -> Result<bool, StoreError>;
}

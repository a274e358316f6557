//! A person's login, apart from any organization: which outside identities and which memberships are theirs.

use async_trait::async_trait;
use uuid::Uuid;

use super::Session;
use crate::{
    id::{AccountId, SessionId, UserId},
    store::StoreError,
};

/// Who vouches for an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Microsoft Entra ID, work, school and personal accounts.
    Microsoft,
}

impl Provider {
    /// The word for it, in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Microsoft => "microsoft",
        }
    }
}

/// An identity as its provider knows it. Never an e-mail address: those are changed and given to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideIdentity {
    pub provider: Provider,
    /// Within the provider, who named the subject: of Microsoft the tenant.
    pub issuer: String,
    pub subject: String,
}

impl OutsideIdentity {
    /// By tenant and object id, which together are one person for ever (Microsoft identity platform, "ID token
    /// claims reference").
    pub fn microsoft(tenant: Uuid, object_id: Uuid) -> Self {
        Self { provider: Provider::Microsoft, issuer: tenant.to_string(), subject: object_id.to_string() }
    }
}

/// An identity to be recorded as an account's.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    pub key: OutsideIdentity,
    /// For display.
    pub email: Option<String>,
    /// For display.
    pub display_name: Option<String>,
}

/// What is asked before an account is known: ids, and what a session needs to be judged.
#[async_trait]
pub trait AccountDirectory: Send + Sync {
    /// Whose identity it is.
    async fn account_of(&self, identity: &OutsideIdentity) -> Result<Option<AccountId>, StoreError>;

    /// A session, ended or not.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Whether an account is one of the service's own staff.
    async fn is_operator(&self, id: AccountId) -> Result<bool, StoreError>;
}

/// One account, for writing. No method takes an account's id: the unit of work has it.
#[async_trait]
pub trait AccountRepository: Send + Sync {
    /// Adds the account itself.
    async fn add(&self) -> Result<(), StoreError>;

    /// Makes the account one of the service's own staff, or ends that. `false` when it was so before, or there is none.
    async fn set_operator(&self, is_operator: bool) -> Result<bool, StoreError>;

    /// Records an identity as the account's, unless it is somebody's already: `false` then.
    async fn add_identity_if_absent(&self, identity: &NewIdentity) -> Result<bool, StoreError>;

    /// Records a membership of the unit's organization as the account's, here and in the membership itself. `false`
    /// when it was so before.
    async fn link_membership(&self, user: UserId) -> Result<bool, StoreError>;
}

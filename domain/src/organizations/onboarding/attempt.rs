//! One administrator's way through Microsoft's page and back, and the links that invite to it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{id::OrgId, store::StoreError};

/// A way that was begun. The texts are secrets of the browser that began it; only digests of them are kept.
#[derive(Debug)]
pub struct NewAttempt<'a> {
    pub id: Uuid,
    /// What goes to Microsoft and comes back.
    pub state: &'a str,
    /// What stays in the browser's cookie.
    pub browser: &'a str,
    /// The tenant that it must be, where that is known.
    pub tenant: Option<Uuid>,
    pub invitation: Option<Uuid>,
    /// Who began it, where they were signed in.
    pub initiator: Option<Uuid>,
    pub expires_at: DateTime<Utc>,
}

/// A way as it is kept.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: Uuid,
    pub tenant: Option<Uuid>,
    pub invitation: Option<Uuid>,
    pub initiator: Option<Uuid>,
    /// Where it led, once somebody came back.
    pub org_id: Option<OrgId>,
    /// The word of how it ended, once somebody came back; see `Answer`.
    pub answer: Option<String>,
}

/// What using a state gave.
#[derive(Clone, Debug)]
pub enum Used {
    /// It was used now, for the first and only time.
    Now(Attempt),
    /// The same browser used it before.
    Before(Attempt),
    /// Nobody knows it, its time is over, or it is another browser's.
    Not,
}

/// Ways that were begun. They belong to no organization: whoever begins has none yet.
#[async_trait]
pub trait AttemptStore: Send + Sync {
    async fn begin(&self, attempt: &NewAttempt<'_>) -> Result<(), StoreError>;

    /// Uses a state, if this browser began with it; of two that try at once one is first. One that another browser
    /// brings is not used up by that.
    async fn use_state(&self, state: &str, browser: &str, now: DateTime<Utc>) -> Result<Used, StoreError>;

    /// The browser's own way.
    async fn of_browser(&self, browser: &str) -> Result<Option<Attempt>, StoreError>;

    /// Keeps how it ended.
    async fn answer(&self, id: Uuid, answer: &str, org_id: Option<OrgId>) -> Result<(), StoreError>;
}

/// A link for one customer, to be made. The text is the secret in the link.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    pub id: Uuid,
    pub text: &'a str,
    /// The tenant that it is for, where that is known.
    pub tenant: Option<Uuid>,
    /// The operator's own note.
    pub note: &'a str,
    /// Who of the staff made it.
    pub created_by: &'a str,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A link for one customer.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: Uuid,
    pub tenant: Option<Uuid>,
    pub note: String,
    /// Who of the staff made it; `None` for one that is older than that is kept.
    pub created_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// When a tenant was connected by it; it serves once.
    pub accepted_at: Option<DateTime<Utc>>,
    /// The organization that was connected by it, while there is one.
    pub org_id: Option<OrgId>,
    /// When it was taken back.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// What has become of it.
    pub fn state(&self, now: DateTime<Utc>) -> InvitationState {
        if self.accepted_at.is_some() {
            InvitationState::Used
        } else if self.withdrawn_at.is_some() {
            InvitationState::Withdrawn
        } else if self.expires_at <= now {
            InvitationState::Expired
        } else {
            InvitationState::Open
        }
    }
}

/// What has become of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    Open,
    /// A tenant was connected by it.
    Used,
    Expired,
    /// The staff took it back.
    Withdrawn,
}

impl InvitationState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Some of all links, newest first, and how many there are.
#[derive(Clone, Debug)]
pub struct InvitationList {
    pub items: Vec<Invitation>,
    pub total: u64,
}

/// The operators' links. They belong to no organization: there is none before one is used.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    async fn add(&self, invitation: &NewInvitation<'_>) -> Result<(), StoreError>;

    async fn find(&self, text: &str) -> Result<Option<Invitation>, StoreError>;

    async fn get(&self, id: Uuid) -> Result<Option<Invitation>, StoreError>;

    /// Some of them, newest first, after so many others.
    async fn list(&self, limit: u64, offset: u64) -> Result<InvitationList, StoreError>;

    /// Ends it by a tenant that was connected. `false` when it was ended before.
    async fn accept(&self, id: Uuid, org_id: OrgId, now: DateTime<Utc>) -> Result<bool, StoreError>;

    /// The same, of each open one with which somebody came back for that organization: its proof came later than they.
    async fn accept_of(&self, org_id: OrgId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Ends it at once. `false` when there is none that was not used.
    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError>;
}

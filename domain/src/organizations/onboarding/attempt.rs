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
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A link for one customer.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: Uuid,
    pub tenant: Option<Uuid>,
    pub note: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// When a tenant was connected by it; it serves once.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// The operators' links. They belong to no organization: there is none before one is used.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    async fn add(&self, invitation: &NewInvitation<'_>) -> Result<(), StoreError>;

    async fn find(&self, text: &str) -> Result<Option<Invitation>, StoreError>;

    /// Newest first.
    async fn list(&self) -> Result<Vec<Invitation>, StoreError>;

    /// Ends it by a tenant that was connected. `false` when it was ended before.
    async fn accept(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Ends it at once. `false` when there is none.
    async fn revoke(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError>;
}

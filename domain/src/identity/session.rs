//! Sessions: a browser or a program in which a person is signed in.

use std::net::IpAddr;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    access::Role,
    id::{AccountId, OrgId, SessionId, UserId},
    page::{Page, PageRequest},
    store::StoreError,
};

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInMethod {
    /// At Microsoft, with whatever factors their tenant wants.
    Microsoft,
}

impl SignInMethod {
    /// The word for it, in the API (`loginProvider`) and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Microsoft => "microsoft",
        }
    }

    /// The method of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "microsoft" => Some(Self::Microsoft),
            _ => None,
        }
    }
}

/// Where somebody is signed in, as far as the request tells. For display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub user_agent: Option<String>,
    pub ip: Option<IpAddr>,
}

/// The longest user agent that is kept, in bytes.
const MAX_USER_AGENT: usize = 256;

impl Device {
    /// Cuts what is too long to be shown, and leaves out what cannot be.
    pub fn new(user_agent: Option<&str>, ip: Option<IpAddr>) -> Self {
        let kept = user_agent.map(|text| {
            let shown = text.chars().filter(|c| !c.is_control());
            let mut kept = String::new();
            for letter in shown {
                if kept.len() + letter.len_utf8() > MAX_USER_AGENT {
                    break;
                }
                kept.push(letter);
            }
            kept
        });
        Self { user_agent: kept.filter(|text| !text.is_empty()), ip }
    }
}

/// A role that the identity provider's token gave at sign-in. It is not asked again before the next sign-in, so it
/// holds for a while only, however long the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedRole {
    pub role: Role,
    pub until: DateTime<Utc>,
}

/// How long a role of the identity provider's is taken for granted. Entra's own tokens live up to 28 hours.
pub const GRANTED_ROLE_LASTS: TimeDelta = TimeDelta::hours(24);

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its person signed out in it.
    SignedOut,
    /// Its person ended it from another one.
    Revoked,
    /// A refresh token that had been replaced came back: somebody has a copy.
    Reuse,
}

impl EndReason {
    /// The word for it, in events and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::Reuse => "reuse",
        }
    }

    /// The reason of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "signed_out" => Some(Self::SignedOut),
            "revoked" => Some(Self::Revoked),
            "reuse" => Some(Self::Reuse),
            _ => None,
        }
    }
}

/// The refresh tokens of a session: each is good once, and the one before for as long as racing tabs need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Of the token that is good now.
    pub current: Uuid,
    pub previous: Option<Uuid>,
    /// When the previous one was replaced.
    pub rotated_at: Option<DateTime<Utc>>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub account_id: AccountId,
    /// The organization it is active in.
    pub org_id: OrgId,
    /// The account's membership there.
    pub user_id: UserId,
    pub method: SignInMethod,
    /// The identity provider vouched for the e-mail address.
    pub is_email_verified: bool,
    /// When the person showed who they are, as far as that is proven. A session may begin without: whoever is signed in
    /// at the identity provider already is not asked again.
    pub authenticated_at: Option<DateTime<Utc>>,
    pub granted_role: Option<GrantedRole>,
    pub refresh: RefreshFamily,
    pub device: Device,
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_active_at: DateTime<Utc>,
    /// Moves on with each refresh.
    pub expires_at: DateTime<Utc>,
    pub ended: Option<EndReason>,
}

impl Session {
    /// The role that the identity provider gave, while it holds.
    pub fn role_granted_at(&self, now: DateTime<Utc>) -> Option<Role> {
        self.granted_role.filter(|granted| now < granted.until).map(|granted| granted.role)
    }
}

/// An account's sessions, for reading. Sessions that ended are not among them.
#[async_trait]
pub trait SessionReader: Send + Sync {
    /// Newest first.
    async fn list(&self, page: PageRequest) -> Result<Page<Session>, StoreError>;
}

/// An account's sessions, for writing.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Adds a session of the account in the unit's organization.
    async fn add(&self, session: &Session) -> Result<(), StoreError>;

    /// Replaces the current refresh token, by compare-and-set. `false` when another request was first.
    async fn rotate(
        &self,
        id: SessionId,
        from: Uuid,
        to: Uuid,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Ends a session, for all replicas. `false` when the account has none of this id that goes on.
    async fn end(&self, id: SessionId, reason: EndReason) -> Result<bool, StoreError>;

    /// Ends all that go on but one; gives their ids.
    async fn end_all(&self, but: Option<SessionId>, reason: EndReason) -> Result<Vec<SessionId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_kept_as_far_as_it_can_be_shown() {
        let kept = |text: &str| Device::new(Some(text), None).user_agent;
        assert_eq!(kept("Firefox\u{0}\n/1"), Some("Firefox/1".to_owned()));
        assert_eq!(kept(""), None);
        let long = kept(&"é".repeat(1000)).unwrap();
        assert_eq!(long.len(), MAX_USER_AGENT);
    }
}

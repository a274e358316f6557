//! A connected account, and where connections are kept.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Sight, Trouble};
use crate::{
    delegation::{ClaimsChallenge, SharePointHost},
    id::{ConnectionId, ConnectionTokenId, UserId},
    page::{Page, PageRequest},
    secret::{SealError, Sealed},
    store::StoreError,
};

/// A connection that was not refreshed for so long is about to end: Entra ID forgets a refresh token after 90 days
/// without use ("Refresh tokens in the Microsoft identity platform").
const IS_IDLE_AFTER: TimeDelta = TimeDelta::days(60);
/// A refresh token whose end is known and as near is about to end.
const ENDS_WITHIN: TimeDelta = TimeDelta::days(1);

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// It gives tokens.
    Active,
    /// It gives tokens, and will soon end unless something is done.
    Expiring,
    /// Its person has to sign in again.
    ReauthRequired,
    /// Somebody has to consent.
    ConsentRequired,
    /// A policy or an administrator of its tenant forbids it.
    Blocked,
    /// Its grant is over; there is nothing left to refresh.
    Revoked,
    /// This service's own registration is refused. Never a state of one connection: none is marked for it.
    ConfigError,
    /// Its account is disabled, or gone.
    Disabled,
}

impl ConnectionStatus {
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Expiring,
        Self::ReauthRequired,
        Self::ConsentRequired,
        Self::Blocked,
        Self::Revoked,
        Self::ConfigError,
        Self::Disabled,
    ];

    /// The word for it, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Expiring => "EXPIRING",
            Self::ReauthRequired => "REAUTH_REQUIRED",
            Self::ConsentRequired => "CONSENT_REQUIRED",
            Self::Blocked => "BLOCKED",
            Self::Revoked => "REVOKED",
            Self::ConfigError => "CONFIG_ERROR",
            Self::Disabled => "DISABLED",
        }
    }

    /// The status of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether tokens that are there may still be given out.
    pub fn gives_tokens(self) -> bool {
        match self {
            Self::Active | Self::Expiring | Self::ReauthRequired | Self::ConsentRequired => true,
            Self::Blocked | Self::Revoked | Self::ConfigError | Self::Disabled => false,
        }
    }
}

/// A Microsoft account that a member connected, without anything that is secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub id: ConnectionId,
    /// Who connected it, and whose it is.
    pub user_id: UserId,
    /// The tenant of the account (`tid`), which need not be the organization's.
    pub tenant_id: Uuid,
    /// The account in that tenant (`oid`).
    pub object_id: Uuid,
    /// For display and as a filter: it can be changed and reused, and identifies nobody.
    pub email: Option<String>,
    /// For display.
    pub display_name: Option<String>,
    /// Of the account's tenant; `None` for a personal account, and for a tenant without SharePoint.
    pub share_point_host: Option<SharePointHost>,
    /// What is wrong with it; `None` while it works.
    pub trouble: Option<Trouble>,
    /// The status that an event told of last. What time alone changes ([`ConnectionStatus::Expiring`]) is told later than
    /// it is so.
    pub told_status: ConnectionStatus,
    /// What a policy wants to see in the next sign-in.
    pub claims: Option<ClaimsChallenge>,
    /// What was granted when it was connected, in Microsoft's words.
    pub scopes: Vec<String>,
    /// The public client that the grant was given to, which proves nothing when it is redeemed; `None` for our own
    /// application.
    pub public_client: Option<Uuid>,
    /// Whether there is a refresh token.
    pub has_grant: bool,
    /// When its refresh token ends, where that is known.
    pub grant_expires_at: Option<DateTime<Utc>>,
    /// The last time that Microsoft gave something for it.
    pub refreshed_at: DateTime<Utc>,
    /// Until when Microsoft is left alone with it.
    pub paused_until: Option<DateTime<Utc>>,
    /// Failures in a row that say nothing about it.
    pub failures: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Connection {
    /// How it is at a moment.
    pub fn status(&self, now: DateTime<Utc>) -> ConnectionStatus {
        if let Some(trouble) = self.trouble {
            return trouble.status();
        }
        let ends_soon = self.grant_expires_at.is_some_and(|end| end - now <= ENDS_WITHIN);
        let is_idle = now - self.refreshed_at >= IS_IDLE_AFTER;
        if ends_soon || is_idle { ConnectionStatus::Expiring } else { ConnectionStatus::Active }
    }

    /// What to do next, in plain words; `None` while nothing is to be done.
    pub fn next_step(&self, now: DateTime<Utc>) -> Option<&'static str> {
        match (self.trouble, self.status(now)) {
            (Some(trouble), _) => Some(trouble.next_step()),
            (None, ConnectionStatus::Expiring) => Some(
                "The access to this account is about to end. Sign in with it again by its reconnect link, and it goes \
                 on.",
            ),
            (None, _) => None,
        }
    }

    /// Whether signing in again would help.
    pub fn can_reconnect(&self, now: DateTime<Utc>) -> bool {
        match self.trouble {
            Some(trouble) => trouble.is_mended_by_sign_in(),
            None => self.status(now) == ConnectionStatus::Expiring,
        }
    }
}

/// An access token as it is kept.
#[derive(Clone, Debug)]
pub struct StoredToken {
    pub id: ConnectionTokenId,
    /// The identifier of the resource (`https://graph.microsoft.com`).
    pub resource: String,
    /// What it allows, in Microsoft's words.
    pub scopes: Vec<String>,
    pub secret: Sealed,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// From when on a newer one is wanted, if it is used.
    pub refresh_at: DateTime<Utc>,
    /// The last time that one for this resource was asked for, within a token's life or so.
    pub used_at: Option<DateTime<Utc>>,
}

/// Which of the connections that a caller sees are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionFilter {
    pub connection_id: Option<ConnectionId>,
    pub user_id: Option<UserId>,
    /// The whole address; letters of either case are the same.
    pub email: Option<String>,
}

/// A refresh token that is stored, and whose it is: the two were written together, and are good together only.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    pub refresh_token: Sealed,
    /// The public client that it was given to; `None`: this service, which proves who it is.
    pub public_client: Option<Uuid>,
}

/// What a sign-in gave.
#[derive(Debug)]
pub struct NewGrant {
    pub connection: Connection,
    pub refresh_token: SecretString,
    pub token: NewToken,
}

/// An access token to be kept.
#[derive(Debug)]
pub struct NewToken {
    pub id: ConnectionTokenId,
    pub resource: String,
    pub scopes: Vec<String>,
    pub secret: SecretString,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub refresh_at: DateTime<Utc>,
}

/// The connections of one organization, for reading.
#[async_trait]
pub trait ConnectionReader: Send + Sync {
    /// Whoever's it is: whether the caller sees it is decided with [`Sight::includes`].
    async fn get(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError>;

    /// Those that are seen, newest first.
    async fn list(
        &self,
        sight: &Sight,
        filter: &ConnectionFilter,
        page: PageRequest,
    ) -> Result<Page<Connection>, StoreError>;

    /// The one of a member and an account.
    async fn find_by_account(
        &self,
        user: UserId,
        tenant: Uuid,
        object_id: Uuid,
    ) -> Result<Option<Connection>, StoreError>;

    /// The access token that is kept for a resource.
    async fn token(&self, id: ConnectionId, resource: &str) -> Result<Option<StoredToken>, StoreError>;

    /// All access tokens that are kept.
    async fn tokens(&self, id: ConnectionId) -> Result<Vec<StoredToken>, StoreError>;

    /// The refresh token; `None` when there is none.
    async fn refresh_token(&self, id: ConnectionId) -> Result<Option<StoredGrant>, StoreError>;
}

/// The connections of one organization, for writing. What is cached of one is stale with each of these.
#[async_trait]
pub trait ConnectionRepository: ConnectionReader {
    /// Adds it. `false` when the member has connected the account meanwhile.
    async fn add(&self, new: &NewGrant) -> Result<bool, SealError>;

    /// Gives a connection what another sign-in of the same account gave, whatever was there. Access tokens from before
    /// are forgotten.
    async fn replace(&self, new: &NewGrant) -> Result<(), SealError>;

    /// Marks what is wrong, if it still has the version. The refresh token is forgotten where it is of no more use.
    async fn mark(
        &self,
        connection: &Connection,
        trouble: Trouble,
        claims: Option<&ClaimsChallenge>,
    ) -> Result<bool, StoreError>;

    /// Writes that a status is told of now, if it still has the version.
    async fn note_status(
        &self,
        connection: &Connection,
        status: ConnectionStatus,
    ) -> Result<bool, StoreError>;

    /// Notes that a token for the resource is in use.
    async fn note_use(&self, id: ConnectionTokenId, at: DateTime<Utc>) -> Result<(), StoreError>;

    /// Removes it with all its tokens; `false` when there is none.
    async fn remove(&self, id: ConnectionId) -> Result<bool, StoreError>;
}

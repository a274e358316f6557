//! A connection as it is shown.

use chrono::{DateTime, Utc};
use domain::{
    connections::{Connection, ConnectionStatus, ConsentLink},
    id::{ConnectionId, UserId},
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::id::Id;

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "ConnectionStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StatusView {
    /// It gives tokens.
    Active,
    /// It gives tokens, and will soon end unless somebody signs in again.
    Expiring,
    /// Its person has to sign in again.
    ReauthRequired,
    /// Somebody has to consent.
    ConsentRequired,
    /// A policy or an administrator of its tenant forbids it.
    Blocked,
    /// Its grant is over.
    Revoked,
    /// This service's own registration is refused: seen in refusals of tokens, and never the state of one connection.
    ConfigError,
    /// Its account is disabled, or gone.
    Disabled,
}

impl From<ConnectionStatus> for StatusView {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Active => Self::Active,
            ConnectionStatus::Expiring => Self::Expiring,
            ConnectionStatus::ReauthRequired => Self::ReauthRequired,
            ConnectionStatus::ConsentRequired => Self::ConsentRequired,
            ConnectionStatus::Blocked => Self::Blocked,
            ConnectionStatus::Revoked => Self::Revoked,
            ConnectionStatus::ConfigError => Self::ConfigError,
            ConnectionStatus::Disabled => Self::Disabled,
        }
    }
}

/// A Microsoft account that a member connected.
#[derive(Debug, Object)]
#[oai(rename = "Connection", rename_all = "camelCase")]
pub(super) struct ConnectionView {
    id: Id<ConnectionId>,
    /// The member who connected it.
    user_id: Id<UserId>,
    /// The tenant of the account, which need not be that of your organization.
    tenant_id: Uuid,
    /// The account in that tenant.
    object_id: Uuid,
    /// For display: it can be changed and reused, and identifies nobody.
    email: Option<String>,
    /// For display.
    display_name: Option<String>,
    status: StatusView,
    /// Why it is so, in a stable word; `null` while it works.
    reason: Option<String>,
    /// What to do next, for a person; `null` while nothing is to be done.
    next_step: Option<String>,
    /// Whether its reconnect link helps.
    can_reconnect: bool,
    /// Where an administrator of the account's tenant consents, where that helps.
    consent_url: Option<String>,
    /// What was granted when it was connected, in Microsoft's words.
    scopes: Vec<String>,
    /// Where SharePoint of the account's tenant is; `null` where there is none.
    sharepoint_host: Option<String>,
    /// The last time that Microsoft gave something for it.
    refreshed_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
}

impl ConnectionView {
    pub(super) fn new(connection: Connection, now: DateTime<Utc>, consent: &ConsentLink) -> Self {
        let consent_url =
            connection.trouble.and_then(|trouble| consent.for_trouble(trouble, connection.tenant_id));
        Self {
            id: Id(connection.id),
            user_id: Id(connection.user_id),
            tenant_id: connection.tenant_id,
            object_id: connection.object_id,
            status: connection.status(now).into(),
            reason: connection.trouble.map(|trouble| trouble.as_str().to_owned()),
            next_step: connection.next_step(now).map(str::to_owned),
            can_reconnect: connection.can_reconnect(now),
            consent_url,
            email: connection.email,
            display_name: connection.display_name,
            scopes: connection.scopes,
            sharepoint_host: connection.share_point_host.map(|host| host.to_string()),
            refreshed_at: connection.refreshed_at,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

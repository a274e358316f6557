//! What is wanted of a token, and what comes of wanting it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{Connection, RefreshPolicy, Trouble};
use crate::{
    delegation::ClaimsChallenge,
    id::{ConnectionId, ConnectionTokenId, OrgId},
    secret::SealError,
    store::StoreError,
};

/// What one flight is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MintKey {
    pub org_id: OrgId,
    pub connection_id: ConnectionId,
    /// The identifier of the resource.
    pub resource: String,
    /// Sorted names; empty for everything.
    pub scopes: Vec<String>,
}

/// What is wanted of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// How long it should last, unless that is more than half its life.
    pub(super) buffer: TimeDelta,
    /// How long it must last.
    pub(super) min_ttl: TimeDelta,
    /// Whether one from before is not wanted, however long it lasts.
    pub(super) issued_since: Option<DateTime<Utc>>,
    /// Whether that is because a resource refused the one from before.
    pub(super) is_in_place_of_refused: bool,
    /// Whether somebody is to have it, so that it is kept fresh from here on.
    pub(super) is_use: bool,
}

impl Need {
    /// One that is good now.
    pub(super) fn any() -> Self {
        Self {
            buffer: TimeDelta::zero(),
            min_ttl: TimeDelta::zero(),
            issued_since: None,
            is_in_place_of_refused: false,
            is_use: false,
        }
    }

    /// One that outlasts the buffer.
    pub(super) fn buffered(policy: &RefreshPolicy) -> Self {
        Self { buffer: policy.buffer, ..Self::any() }
    }

    /// One from after a moment, since a resource refused the one from then.
    pub(super) fn in_place_of(refused_issued_at: DateTime<Utc>, policy: &RefreshPolicy) -> Self {
        let issued_since = Some(refused_issued_at + TimeDelta::microseconds(1));
        Self { issued_since, is_in_place_of_refused: true, is_use: true, ..Self::buffered(policy) }
    }

    /// A tenant may let tokens live for as little as ten minutes; those are as good as half their life.
    pub(super) fn is_met(
        &self,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        let buffer = self.buffer.min((expires_at - issued_at) / 2);
        expires_at - now >= self.min_ttl.max(buffer)
            && self.issued_since.is_none_or(|since| issued_at >= since)
    }
}

/// A token that was had just now, by this request or by another one.
#[derive(Debug)]
pub struct Minted {
    pub connection: Connection,
    pub token_id: ConnectionTokenId,
    pub access_token: SecretString,
    pub scopes: Vec<String>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// From when on a newer one is wanted, if it is used.
    pub refresh_at: DateTime<Utc>,
}

/// Why there is no fresh token.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("there is no such connection")]
    NotFound,
    /// Microsoft refuses; somebody has to do something about it.
    #[error("Microsoft gives no token: {}", .trouble.as_str())]
    Trouble {
        connection: Box<Connection>,
        trouble: Trouble,
        claims: Option<ClaimsChallenge>,
        /// Where an administrator of the account's tenant consents, if that mends it.
        consent_url: Option<String>,
    },
    #[error("the account's tenant does not have the resource")]
    NoSuchResource,
    #[error("Microsoft does not understand what is asked for ({codes:?})")]
    NotUnderstood { codes: Vec<u32> },
    #[error("this application's own registration is refused")]
    OwnRegistration,
    /// Microsoft does not answer, or wants to be left alone.
    #[error("Microsoft gives no answer")]
    Unavailable { retry_after: Duration },
    /// What Microsoft gives does not last as long.
    #[error("the newest token does not last as long")]
    TooShort { lasts: TimeDelta },
    /// A resource refuses the token, and another one was had in place of a refused one a moment ago.
    #[error("a token was replaced a moment ago")]
    ReplacedBefore,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! Why there is no token of a connection.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{Connection, MintError, Trouble};
use crate::{delegation::ClaimsChallenge, id::ConnectionId, secret::SealError, store::StoreError};

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionTokenError {
    /// There is no such connection, or it is not for the caller to see.
    #[error("there is no such connection")]
    NotFound,
    /// The caller's API key may not get tokens for the resource.
    #[error("the API key may not have tokens for this resource")]
    ResourceNotAllowed,
    /// The caller's API key may not get refresh tokens.
    #[error("the API key may not have refresh tokens")]
    RefreshTokenNotAllowed,
    /// The member whose connection it is may not use the service any more.
    #[error("the connection's member is not let in")]
    OwnerDisabled { id: ConnectionId },
    /// The account's tenant does not have the resource, such as SharePoint.
    #[error("the account's tenant does not have the resource")]
    NoSuchResource,
    /// Microsoft makes no sense of the scopes.
    #[error("Microsoft does not understand what is asked for ({codes:?})")]
    NotUnderstood { codes: Vec<u32> },
    /// Somebody has to do something first; `trouble` and the connection's next step say what.
    #[error("Microsoft gives no token: {}", .trouble.as_str())]
    Trouble {
        /// As it is now.
        connection: Box<Connection>,
        trouble: Trouble,
        /// What the next sign-in has to show.
        claims: Option<ClaimsChallenge>,
        /// Where an administrator of the account's tenant consents, if that mends it.
        consent_url: Option<String>,
    },
    /// Whoever runs this service has to mend its registration at Microsoft. No connection is marked for it.
    #[error("this application's own registration is refused")]
    OwnRegistration,
    /// Microsoft does not answer, or wants to be left alone.
    #[error("Microsoft gives no answer")]
    Unavailable { retry_after: Duration },
    /// The newest token that Microsoft gives does not last as long as is wanted.
    #[error("the newest token does not last as long")]
    TooShort { lasts: TimeDelta },
    /// A resource refuses the token, and another one was had in place of a refused one a moment ago.
    #[error("a token was replaced a moment ago")]
    ReplacedBefore,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The failure of what several callers waited for.
    #[error(transparent)]
    Shared(Arc<MintError>),
    /// What several callers waited for could not be read.
    #[error(transparent)]
    Unread(Arc<StoreError>),
    /// The hand-out could not be written down, so there was none.
    #[error(transparent)]
    Unwritten(Arc<StoreError>),
}

impl From<Arc<MintError>> for ConnectionTokenError {
    fn from(error: Arc<MintError>) -> Self {
        match error.as_ref() {
            MintError::NotFound => Self::NotFound,
            MintError::Trouble { connection, trouble, claims, consent_url } => Self::Trouble {
                connection: connection.clone(),
                trouble: *trouble,
                claims: claims.clone(),
                consent_url: consent_url.clone(),
            },
            MintError::NoSuchResource => Self::NoSuchResource,
            MintError::NotUnderstood { codes } => Self::NotUnderstood { codes: codes.clone() },
            MintError::OwnRegistration => Self::OwnRegistration,
            MintError::Unavailable { retry_after } => Self::Unavailable { retry_after: *retry_after },
            MintError::TooShort { lasts } => Self::TooShort { lasts: *lasts },
            MintError::ReplacedBefore => Self::ReplacedBefore,
            MintError::Seal(_) | MintError::Store(_) => Self::Shared(error),
        }
    }
}

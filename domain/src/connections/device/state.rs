//! How far the connecting of an account from a device is.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::id::{ConnectionId, DeviceSignInId, UserId};

/// Why nothing was connected, though somebody typed the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceFailure {
    /// Accounts of the tenant are not connected.
    TenantNotAllowed,
    /// Microsoft gave no refresh token.
    NoGrant,
    /// Microsoft refused the sign-in, or the code.
    Refused,
    /// What Microsoft gave does not hold, or was lost on the way.
    Lost,
}

impl DeviceFailure {
    const ALL: [Self; 4] = [Self::TenantNotAllowed, Self::NoGrant, Self::Refused, Self::Lost];

    /// The word for it, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TenantNotAllowed => "tenant_not_allowed",
            Self::NoGrant => "no_lasting_access",
            Self::Refused => "refused",
            Self::Lost => "lost",
        }
    }

    /// The failure of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == word)
    }

    /// What to do next, in plain words.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::TenantNotAllowed => {
                "Accounts of this organization cannot be connected here. Begin again with another account."
            }
            Self::NoGrant => "Microsoft gave no lasting access. Begin again and agree to what is asked for.",
            Self::Refused => {
                "Microsoft refused the sign-in. Begin again; if it stays so, connect the account in a browser, where \
                 Microsoft says why."
            }
            Self::Lost => "Something went wrong on the way back from Microsoft. Begin again.",
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has signed in yet.
    Waiting,
    Connected(ConnectionId),
    /// The person said no.
    Declined,
    /// Nobody signed in in time.
    Expired,
    Failed(DeviceFailure),
}

impl DeviceState {
    /// The word for it, in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connected(_) => "connected",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Failed(_) => "failed",
        }
    }

    /// The state of what is stored of it; `None` for what is none.
    pub fn parse(word: &str, reason: Option<&str>, connection: Option<ConnectionId>) -> Option<Self> {
        match word {
            "waiting" => Some(Self::Waiting),
            "connected" => connection.map(Self::Connected),
            "declined" => Some(Self::Declined),
            "expired" => Some(Self::Expired),
            "failed" => reason.and_then(DeviceFailure::parse).map(Self::Failed),
            _ => None,
        }
    }
}

/// An account that is being connected from a device, without anything that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSignIn {
    pub id: DeviceSignInId,
    /// Who began it, and whose the connection will be.
    pub user_id: UserId,
    pub state: DeviceState,
    /// How often Microsoft may be asked.
    pub interval: TimeDelta,
    /// From when on it may be asked again.
    pub poll_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

impl DeviceSignIn {
    /// How far it is at a moment.
    pub fn state(&self, now: DateTime<Utc>) -> DeviceState {
        let is_over = self.state == DeviceState::Waiting && now >= self.expires_at;
        if is_over { DeviceState::Expired } else { self.state }
    }
}

/// One that begins.
#[derive(Debug)]
pub struct NewDeviceSignIn {
    pub sign_in: DeviceSignIn,
    pub device_code: SecretString,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::TypedId;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        let connection = ConnectionId::from_uuid(Uuid::from_u128(1));
        let states = [
            DeviceState::Waiting,
            DeviceState::Connected(connection),
            DeviceState::Declined,
            DeviceState::Expired,
        ];
        for state in states {
            assert_eq!(DeviceState::parse(state.as_str(), None, Some(connection)), Some(state));
        }
        for failure in DeviceFailure::ALL {
            assert_eq!(
                DeviceState::parse("failed", Some(failure.as_str()), None),
                Some(DeviceState::Failed(failure))
            );
            assert!(failure.next_step().ends_with('.'));
        }
        assert_eq!(DeviceState::parse("connected", None, None), None);
        assert_eq!(DeviceState::parse("failed", Some("unknown"), None), None);
    }

    #[test]
    fn a_code_that_nobody_typed_in_time_has_expired_whether_or_not_that_was_written() {
        let start = DateTime::UNIX_EPOCH;
        let of = |state| DeviceSignIn {
            id: DeviceSignInId::from_uuid(Uuid::nil()),
            user_id: UserId::from_uuid(Uuid::nil()),
            state,
            interval: TimeDelta::seconds(5),
            poll_at: start,
            expires_at: start + TimeDelta::minutes(15),
            created_at: start,
        };
        let late = start + TimeDelta::minutes(15);
        assert_eq!(of(DeviceState::Waiting).state(start), DeviceState::Waiting);
        assert_eq!(of(DeviceState::Waiting).state(late), DeviceState::Expired);
        assert_eq!(of(DeviceState::Declined).state(late), DeviceState::Declined);
    }
}

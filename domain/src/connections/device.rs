//! Connecting an account from a device without a browser (RFC 8628): the person signs in elsewhere, with a code that
//! the device shows.
//!
//! What proves the device at Microsoft is sealed in the organization's row and never leaves the service. Microsoft is
//! asked how far it is only when somebody asks us, and never more often than it allows: whoever asks takes the turn in the
//! database first, on whichever replica.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{Arrived, ArrivedDevice, Connecting, ConnectingError, Write};
use crate::{
    access::{Authorized, OrgScope},
    events::Event,
    id::{ConnectionId, DeviceSignInId, Ids, UserId},
    identity::MicrosoftArrival,
    secret::{SealError, Sealed, Secrets},
    store::{Store, StoreError},
};

/// How long what came of a code is told after its end.
const TOLD_FOR: TimeDelta = TimeDelta::hours(1);
/// By how much the interval grows when Microsoft says so (RFC 8628 §3.5).
const SLOWER_BY: TimeDelta = TimeDelta::seconds(5);

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

/// What Microsoft gives a device.
#[derive(Debug)]
pub struct DeviceCode {
    /// Proves the device: it stays in the service.
    pub device_code: SecretString,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    pub expires_in: Duration,
    /// How often it may be asked.
    pub interval: Duration,
}

/// How far Microsoft is with a device code.
#[derive(Debug)]
pub enum Polled {
    Pending,
    /// It was asked too often.
    SlowDown,
    Declined,
    Expired,
    SignedIn(Box<MicrosoftArrival>),
}

/// Why Microsoft gives nothing for a device.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeviceCodeError {
    /// A parsed OAuth refusal, or an identity that does not hold.
    #[error("Microsoft refused ({error}, {codes:?})")]
    Refused { error: String, codes: Vec<u32> },
    /// The registration does not let devices sign in.
    #[error("this application's registration does not let devices sign in ({codes:?})")]
    OwnRegistration { codes: Vec<u32> },
    /// No answer, or none that could be understood.
    #[error("Microsoft gives no answer")]
    Unavailable { retry_after: Duration },
}

/// Microsoft's side of a sign-in on a device. Each call asks once; whoever waits asks again.
#[async_trait]
pub trait DeviceCodes: Send + Sync {
    /// The public client that asks, to whom the grant will be given.
    fn client_id(&self) -> Uuid;

    /// Begins, for the scopes of one resource and those of `OpenID` Connect.
    async fn begin(&self, scopes: &[String]) -> Result<DeviceCode, DeviceCodeError>;

    /// Asks how far it is. Whoever has signed in is known by a verified ID token.
    async fn poll(&self, device_code: &SecretString) -> Result<Polled, DeviceCodeError>;
}

/// The sign-ins on devices of one organization, for reading.
#[async_trait]
pub trait DeviceReader: Send + Sync {
    async fn get(&self, id: DeviceSignInId) -> Result<Option<DeviceSignIn>, StoreError>;
}

/// And for writing.
#[async_trait]
pub trait DeviceRepository: DeviceReader {
    async fn add(&self, new: &NewDeviceSignIn) -> Result<(), SealError>;

    /// Writes what came of it and forgets the device code, unless something did before.
    async fn finish(&self, id: DeviceSignInId, state: DeviceState) -> Result<(), StoreError>;

    /// Removes those whose codes ended before then.
    async fn remove_ended(&self, before: DateTime<Utc>) -> Result<(), StoreError>;
}

/// The right to ask Microsoft. It is taken every few seconds and tells nobody anything, so it is no event.
#[async_trait]
pub trait DeviceTurns: Send + Sync {
    /// Takes the turn and gives the device code; `None` when it is not time, or when it is over. The next turn is one
    /// interval after now.
    async fn take(
        &self,
        scope: &OrgScope,
        sign_in: &DeviceSignIn,
        now: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError>;

    /// Makes the interval longer, and the next turn later.
    async fn slow_down(
        &self,
        scope: &OrgScope,
        id: DeviceSignInId,
        interval: TimeDelta,
        poll_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

/// Why nothing could begin, or it is not known how far it is.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is none, or it is not the caller's.
    #[error("there is no such sign-in")]
    NotFound,
    /// No public client is configured.
    #[error("no public client is configured")]
    NotConfigured,
    /// The registration does not let devices sign in.
    #[error("the registration does not let devices sign in ({codes:?})")]
    OwnRegistration { codes: Vec<u32> },
    /// Microsoft does not take what it is asked for.
    #[error("Microsoft refused ({codes:?})")]
    Refused { codes: Vec<u32> },
    #[error("Microsoft gives no answer")]
    Unavailable { retry_after: Duration },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeviceCodeError> for DeviceError {
    fn from(error: DeviceCodeError) -> Self {
        match error {
            DeviceCodeError::Refused { codes, .. } => Self::Refused { codes },
            DeviceCodeError::OwnRegistration { codes } => Self::OwnRegistration { codes },
            DeviceCodeError::Unavailable { retry_after } => Self::Unavailable { retry_after },
        }
    }
}

/// What the device shows.
#[derive(Debug)]
pub struct BegunDevice {
    pub sign_in: DeviceSignIn,
    pub user_code: String,
    pub verification_uri: String,
}

/// Connects accounts from devices.
#[derive(Clone)]
pub struct Devices {
    store: Arc<dyn Store>,
    secrets: Arc<dyn Secrets>,
    turns: Arc<dyn DeviceTurns>,
    codes: Option<Arc<dyn DeviceCodes>>,
    connecting: Connecting,
    ids: Ids,
}

impl Devices {
    /// Without `codes` there is no public client, and nothing begins.
    pub fn new(
        store: Arc<dyn Store>,
        secrets: Arc<dyn Secrets>,
        turns: Arc<dyn DeviceTurns>,
        codes: Option<Arc<dyn DeviceCodes>>,
        connecting: Connecting,
        ids: Ids,
    ) -> Self {
        Self { store, secrets, turns, codes, connecting, ids }
    }

    /// Begins: the caller shows the code to whoever has the account.
    pub async fn begin(&self, caller: &Authorized<Write>) -> Result<BegunDevice, DeviceError> {
        let codes = self.codes.as_ref().ok_or(DeviceError::NotConfigured)?;
        let code = codes.begin(self.connecting.redeemed_scopes()).await?;
        let now = self.ids.clock().now();
        let lasts = |time: Duration| TimeDelta::from_std(time).unwrap_or_default();
        let interval = lasts(code.interval);
        let sign_in = DeviceSignIn {
            id: self.ids.next(),
            user_id: caller.principal().user().id,
            state: DeviceState::Waiting,
            interval,
            poll_at: now + interval,
            expires_at: now + lasts(code.expires_in),
            created_at: now,
        };
        let new = NewDeviceSignIn { sign_in, device_code: code.device_code };
        let tx = self.store.begin(&caller.scope()).await?;
        tx.devices().remove_ended(now - TOLD_FOR).await?;
        tx.devices().add(&new).await?;
        let data = json!({ "deviceId": new.sign_in.id, "expiresAt": new.sign_in.expires_at });
        tx.commit(Event::new("connection.device.begun", data).into()).await?;
        let NewDeviceSignIn { sign_in, .. } = new;
        Ok(BegunDevice { sign_in, user_code: code.user_code, verification_uri: code.verification_uri })
    }

    /// How far it is. Microsoft is asked if it is time; of several who look at once one asks.
    pub async fn look(
        &self,
        caller: &Authorized<Write>,
        id: DeviceSignInId,
    ) -> Result<DeviceSignIn, DeviceError> {
        let scope = caller.scope();
        let sign_in = self.own(caller, &scope, id).await?;
        let now = self.ids.clock().now();
        if sign_in.state(now) != DeviceState::Waiting || now < sign_in.poll_at {
            return Ok(sign_in);
        }
        let codes = self.codes.as_ref().ok_or(DeviceError::NotConfigured)?;
        let Some(sealed) = self.turns.take(&scope, &sign_in, now).await? else {
            return self.own(caller, &scope, id).await;
        };
        let device_code = self.secrets.open(&scope, &sealed).await?;
        match codes.poll(&device_code).await {
            Ok(Polled::Pending) => {}
            Ok(Polled::SlowDown) => {
                let interval = sign_in.interval + SLOWER_BY;
                self.turns.slow_down(&scope, id, interval, now + interval).await?;
            }
            Ok(Polled::Declined) => self.finish(&scope, id, DeviceState::Declined, &[]).await?,
            Ok(Polled::Expired) => self.finish(&scope, id, DeviceState::Expired, &[]).await?,
            Ok(Polled::SignedIn(arrival)) => {
                let device = ArrivedDevice { id, public_client: codes.client_id() };
                self.arrive(caller, &scope, *arrival, device).await?;
            }
            Err(DeviceCodeError::Refused { error, codes }) => {
                tracing::info!(error, ?codes, "Microsoft refused a sign-in on a device");
                self.finish(&scope, id, DeviceState::Failed(DeviceFailure::Refused), &codes).await?;
            }
            Err(error @ (DeviceCodeError::OwnRegistration { .. } | DeviceCodeError::Unavailable { .. })) => {
                return Err(error.into());
            }
        }
        self.own(caller, &scope, id).await
    }

    /// The caller's own: whoever else it is of the organization, it does not exist.
    async fn own(
        &self,
        caller: &Authorized<Write>,
        scope: &OrgScope,
        id: DeviceSignInId,
    ) -> Result<DeviceSignIn, DeviceError> {
        let found = self.store.read(scope).await?.devices().get(id).await?;
        let own = found.filter(|sign_in| sign_in.user_id == caller.principal().user().id);
        own.ok_or(DeviceError::NotFound)
    }

    async fn arrive(
        &self,
        caller: &Authorized<Write>,
        scope: &OrgScope,
        arrival: MicrosoftArrival,
        device: ArrivedDevice,
    ) -> Result<(), DeviceError> {
        let arrived = Arrived { arrival, reconnects: None, device: Some(device) };
        let failure = match self.connecting.arrive(caller, arrived).await {
            // What it may still be asked for is asked in a browser; it works without.
            Ok(_) => return Ok(()),
            Err(ConnectingError::TenantNotAllowed) => DeviceFailure::TenantNotAllowed,
            Err(ConnectingError::NoGrant) => DeviceFailure::NoGrant,
            // The code was good once.
            Err(
                ConnectingError::Unavailable { .. }
                | ConnectingError::NotFound
                | ConnectingError::AnotherAccount { .. },
            ) => DeviceFailure::Lost,
            Err(ConnectingError::Seal(error)) => return Err(error.into()),
            Err(ConnectingError::Store(error)) => return Err(error.into()),
        };
        self.finish(scope, device.id, DeviceState::Failed(failure), &[]).await
    }

    async fn finish(
        &self,
        scope: &OrgScope,
        id: DeviceSignInId,
        state: DeviceState,
        codes: &[u32],
    ) -> Result<(), DeviceError> {
        let reason = match state {
            DeviceState::Failed(failure) => Some(failure.as_str()),
            DeviceState::Waiting
            | DeviceState::Connected(_)
            | DeviceState::Declined
            | DeviceState::Expired => None,
        };
        let tx = self.store.begin(scope).await?;
        tx.devices().finish(id, state).await?;
        let data = json!({ "deviceId": id, "state": state.as_str(), "reason": reason, "codes": codes });
        tx.commit(Event::new("connection.device.ended", data).into()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::id::TypedId;

    use super::*;

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

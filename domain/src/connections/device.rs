//! Connecting an account from a device without a browser (RFC 8628): the person signs in elsewhere, with a code that
//! the device shows.
//!
//! What proves the device at Microsoft is sealed in the organization's row and never leaves the service. Microsoft is
//! asked how far it is only when somebody asks us, and never more often than it allows: whoever asks takes the turn in the
//! database first, on whichever replica. A turn goes on to its end when whoever asked hangs up: what Microsoft gives, it
//! gives once.

mod state;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

pub use self::state::{DeviceFailure, DeviceSignIn, DeviceState, NewDeviceSignIn};
use super::{Arrived, ArrivedDevice, Connecting, ConnectingError, Flights, Sight, Write};
use crate::{
    access::{Authorized, OrgScope},
    events::Event,
    id::{DeviceSignInId, Ids, OrgId, UserId},
    identity::MicrosoftArrival,
    secret::{SealError, Sealed, Secrets},
    store::{Store, StoreError},
};

/// How long what came of a code is told after its end.
pub const TOLD_FOR: TimeDelta = TimeDelta::hours(1);
/// Longer than a turn takes: one poll, the keys that its ID token is signed with, and where the tenant's SharePoint is.
const TURN: TimeDelta = TimeDelta::seconds(60);
/// How many codes a member may have that nobody has typed yet. Microsoft counts those of the whole service.
const MOST_WAITING: u64 = 10;
/// By how much the interval grows when Microsoft says so (RFC 8628 §3.5).
const SLOWER_BY: TimeDelta = TimeDelta::seconds(5);

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
    /// A parsed OAuth refusal.
    #[error("Microsoft refused ({error}, {codes:?})")]
    Refused { error: String, codes: Vec<u32> },
    /// The registration does not let devices sign in.
    #[error("this application's registration does not let devices sign in ({codes:?})")]
    OwnRegistration { codes: Vec<u32> },
    /// Somebody signed in, and who that is cannot be learned any more.
    #[error("what Microsoft gave does not hold")]
    Lost,
    /// Somebody signed in whose tenant is not let in.
    #[error("accounts of the tenant are not connected")]
    TenantNotAllowed,
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

    /// How many of a member's nobody has typed the code of, and could still.
    async fn waiting(&self, user: UserId, now: DateTime<Utc>) -> Result<u64, StoreError>;
}

/// And for writing.
#[async_trait]
pub trait DeviceRepository: DeviceReader {
    async fn add(&self, new: &NewDeviceSignIn) -> Result<(), SealError>;

    /// Writes what came of it and forgets the device code, unless something did before.
    async fn finish(&self, id: DeviceSignInId, state: DeviceState) -> Result<(), StoreError>;
}

/// The right to ask Microsoft. It is taken every few seconds and tells nobody anything, so it is no event.
#[async_trait]
pub trait DeviceTurns: Send + Sync {
    /// Takes the turn until then, and gives the device code; `None` when it is not time, or when it is over.
    async fn take(
        &self,
        scope: &OrgScope,
        sign_in: &DeviceSignIn,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError>;

    /// Gives the turn back: the next one is then, and those after it an interval apart.
    async fn give_back(
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
    /// The caller is an API key that does not see all connections of its owner.
    #[error("the API key does not see what would be connected")]
    NotForKey,
    /// So many codes of the caller wait already.
    #[error("too many codes wait to be typed")]
    TooMany,
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
    /// The failure of what several callers waited for.
    #[error(transparent)]
    Shared(Arc<DeviceError>),
}

impl From<Arc<DeviceError>> for DeviceError {
    fn from(error: Arc<DeviceError>) -> Self {
        match error.as_ref() {
            Self::NotFound => Self::NotFound,
            Self::NotForKey => Self::NotForKey,
            Self::TooMany => Self::TooMany,
            Self::NotConfigured => Self::NotConfigured,
            Self::OwnRegistration { codes } => Self::OwnRegistration { codes: codes.clone() },
            Self::Refused { codes } => Self::Refused { codes: codes.clone() },
            Self::Unavailable { retry_after } => Self::Unavailable { retry_after: *retry_after },
            Self::Seal(_) | Self::Store(_) | Self::Shared(_) => Self::Shared(error),
        }
    }
}

impl From<DeviceCodeError> for DeviceError {
    fn from(error: DeviceCodeError) -> Self {
        match error {
            DeviceCodeError::Refused { codes, .. } => Self::Refused { codes },
            DeviceCodeError::OwnRegistration { codes } => Self::OwnRegistration { codes },
            DeviceCodeError::Unavailable { retry_after } => Self::Unavailable { retry_after },
            // Nobody can have signed in where none of these is made.
            DeviceCodeError::Lost | DeviceCodeError::TenantNotAllowed => Self::Refused { codes: Vec::new() },
        }
    }
}

/// What a turn comes to, for all who wait for it.
pub type Turn = Result<(), Arc<DeviceError>>;

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
    flights: Arc<dyn Flights<(OrgId, DeviceSignInId), Turn>>,
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
        flights: Arc<dyn Flights<(OrgId, DeviceSignInId), Turn>>,
        codes: Option<Arc<dyn DeviceCodes>>,
        connecting: Connecting,
        ids: Ids,
    ) -> Self {
        Self { store, secrets, turns, flights, codes, connecting, ids }
    }

    /// Begins: the caller shows the code to whoever has the account.
    pub async fn begin(&self, caller: &Authorized<Write>) -> Result<BegunDevice, DeviceError> {
        let codes = self.codes.as_ref().ok_or(DeviceError::NotConfigured)?;
        check_sight(caller)?;
        let user = caller.principal().user().id;
        let waiting = {
            let reader = self.store.read(&caller.scope()).await?;
            reader.devices().waiting(user, self.ids.clock().now()).await?
        };
        if waiting >= MOST_WAITING {
            return Err(DeviceError::TooMany);
        }
        let code = codes.begin(self.connecting.redeemed_scopes()).await?;
        let now = self.ids.clock().now();
        let lasts = |time: Duration| TimeDelta::from_std(time).unwrap_or_default();
        let interval = lasts(code.interval);
        let sign_in = DeviceSignIn {
            id: self.ids.next(),
            user_id: user,
            state: DeviceState::Waiting,
            interval,
            poll_at: now + interval,
            expires_at: now + lasts(code.expires_in),
            created_at: now,
        };
        let new = NewDeviceSignIn { sign_in, device_code: code.device_code };
        let tx = self.store.begin(&caller.scope()).await?;
        tx.devices().add(&new).await?;
        let data = json!({ "deviceId": new.sign_in.id, "expiresAt": new.sign_in.expires_at });
        tx.commit(Event::new("connection.device.begun", data).into()).await?;
        let NewDeviceSignIn { sign_in, .. } = new;
        Ok(BegunDevice { sign_in, user_code: code.user_code, verification_uri: code.verification_uri })
    }

    /// How far it is. Microsoft is asked if it is time; of several who look at once one asks.
    pub async fn look(
        &self,
        caller: Arc<Authorized<Write>>,
        id: DeviceSignInId,
    ) -> Result<DeviceSignIn, DeviceError> {
        check_sight(&caller)?;
        let scope = caller.scope();
        let sign_in = self.own(&caller, &scope, id).await?;
        let now = self.ids.clock().now();
        if sign_in.state(now) != DeviceState::Waiting || now < sign_in.poll_at {
            return Ok(sign_in);
        }
        let codes = Arc::clone(self.codes.as_ref().ok_or(DeviceError::NotConfigured)?);
        let (devices, holder) = (self.clone(), Arc::clone(&caller));
        let turn = async move { devices.turn(&holder, codes.as_ref(), &sign_in).await.map_err(Arc::new) };
        let ended = self.flights.join((scope.org_id(), id), Box::pin(turn)).await;
        ended.ok_or_else(|| StoreError::Unexpected("a turn of a device ended without a result".into()))??;
        self.own(&caller, &scope, id).await
    }

    /// Asks Microsoft once, if nobody else does, and keeps what it gives.
    async fn turn(
        &self,
        caller: &Authorized<Write>,
        codes: &dyn DeviceCodes,
        sign_in: &DeviceSignIn,
    ) -> Result<(), DeviceError> {
        let (scope, id, now) = (caller.scope(), sign_in.id, self.ids.clock().now());
        let Some(sealed) = self.turns.take(&scope, sign_in, now, now + TURN).await? else { return Ok(()) };
        let device_code = self.secrets.open(&scope, &sealed).await?;
        let polled = codes.poll(&device_code).await;
        let next = async |interval: TimeDelta, wait: TimeDelta| {
            let at = self.ids.clock().now() + wait.max(interval);
            self.turns.give_back(&scope, id, interval, at).await
        };
        let interval = sign_in.interval;
        let failed = async |failure: DeviceFailure, codes: &[u32]| {
            self.finish(&scope, id, DeviceState::Failed(failure), codes).await
        };
        match polled {
            Ok(Polled::Pending) => Ok(next(interval, interval).await?),
            Ok(Polled::SlowDown) => Ok(next(interval + SLOWER_BY, interval).await?),
            Ok(Polled::Declined) => self.finish(&scope, id, DeviceState::Declined, &[]).await,
            Ok(Polled::Expired) => self.finish(&scope, id, DeviceState::Expired, &[]).await,
            Ok(Polled::SignedIn(arrival)) => {
                let device = ArrivedDevice { id, public_client: codes.client_id() };
                self.arrive(caller, &scope, *arrival, device).await
            }
            Err(DeviceCodeError::Refused { error, codes }) => {
                tracing::info!(error, ?codes, "Microsoft refused a sign-in on a device");
                failed(DeviceFailure::Refused, &codes).await
            }
            Err(DeviceCodeError::Lost) => failed(DeviceFailure::Lost, &[]).await,
            Err(DeviceCodeError::TenantNotAllowed) => failed(DeviceFailure::TenantNotAllowed, &[]).await,
            Err(error @ DeviceCodeError::OwnRegistration { .. }) => {
                next(interval, interval).await?;
                Err(error.into())
            }
            Err(DeviceCodeError::Unavailable { retry_after }) => {
                let wait = TimeDelta::from_std(retry_after).unwrap_or(interval);
                next(interval, wait).await?;
                Err(DeviceError::Unavailable { retry_after })
            }
        }
    }

    /// The caller's own: whoever else it is of the organization, it does not exist.
    async fn own(
        &self,
        caller: &Authorized<Write>,
        scope: &OrgScope,
        id: DeviceSignInId,
    ) -> Result<DeviceSignIn, DeviceError> {
        let found = self.store.read(scope).await?.devices().get(id).await?;
        let told_since = self.ids.clock().now() - TOLD_FOR;
        let own = found.filter(|sign_in| {
            sign_in.user_id == caller.principal().user().id && sign_in.expires_at > told_since
        });
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
            Err(ConnectingError::Seal(error)) => return self.lost(scope, device.id, error.into()).await,
            Err(ConnectingError::Store(error)) => return self.lost(scope, device.id, error.into()).await,
        };
        self.finish(scope, device.id, DeviceState::Failed(failure), &[]).await
    }

    /// What Microsoft gave could not be written: it does not give it again, so whoever waits is told, if that can be
    /// written.
    async fn lost(
        &self,
        scope: &OrgScope,
        id: DeviceSignInId,
        error: DeviceError,
    ) -> Result<(), DeviceError> {
        if let Err(error) = self.finish(scope, id, DeviceState::Failed(DeviceFailure::Lost), &[]).await {
            tracing::warn!(%error, "a device is not told that its sign-in was lost");
        }
        Err(error)
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

/// An API key that may see some connections only must not replace another one's grant.
fn check_sight(caller: &Authorized<Write>) -> Result<(), DeviceError> {
    let sight = Sight::of_caller(caller);
    let sees_own = sight.connections().is_none() && sight.includes_user(caller.principal().user().id);
    if sees_own { Ok(()) } else { Err(DeviceError::NotForKey) }
}

//! What connections need from outside.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Connection, MintError, Minted, StoredToken, Trouble};
use crate::{
    access::{Mark, OrgScope},
    delegation::{ClaimsChallenge, SharePointHost},
    id::{ConnectionId, ConnectionTokenId, OrgId},
    jobs::{Lease, Settlement},
    secret::SealError,
    store::StoreError,
};

/// What Microsoft gave for a refresh token.
#[derive(Debug)]
pub struct Granted {
    pub access_token: SecretString,
    /// Lasts from when the answer came.
    pub expires_in: Duration,
    /// When it wants to be asked again, where it says so.
    pub refresh_in: Option<Duration>,
    pub scopes: Vec<String>,
    /// The next refresh token. The one before stays good ("Refresh tokens in the Microsoft identity platform").
    pub refresh_token: Option<SecretString>,
    /// How long that one lasts, where it says so.
    pub refresh_expires_in: Option<Duration>,
}

/// What Microsoft said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRefusal {
    pub trouble: Trouble,
    /// What a policy wants to see in the next sign-in.
    pub claims: Option<ClaimsChallenge>,
    /// AADSTS numbers, for whoever asks for help.
    pub codes: Vec<u32>,
}

/// Why a refresh token gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GrantError {
    /// A parsed OAuth refusal that is about this grant.
    #[error("Microsoft refused the grant ({:?})", .0.codes)]
    Refused(GrantRefusal),
    /// The account's tenant does not have the resource.
    #[error("the account's tenant does not have the resource")]
    NoSuchResource,
    /// What was asked for is no permission of the resource, or nonsense.
    #[error("Microsoft does not understand what is asked for ({codes:?})")]
    NotUnderstood { codes: Vec<u32> },
    /// Our own credential or registration is refused. That says nothing about the grant.
    #[error("this application's own registration is refused")]
    OwnRegistration,
    #[error("Microsoft throttles")]
    Throttled { retry_after: Duration },
    /// Nothing was sent: it was throttled or did not answer a moment ago, or a proof of ours is missing for now.
    #[error("Microsoft is left alone")]
    NotAsked { retry_after: Duration },
    /// No answer, or none that could be understood.
    #[error("Microsoft gives no answer")]
    Unavailable { retry_after: Duration },
}

/// The authority's token endpoint, for refresh tokens.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Redeems a refresh token at the account's tenant, for one resource: as our own application, or as the public client
    /// that it was given to. Bounded in time, well below the lease of a job.
    async fn refresh(
        &self,
        tenant: Uuid,
        public_client: Option<Uuid>,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, GrantError>;
}

/// Where SharePoint of an account's tenant is.
#[async_trait]
pub trait SharePointHosts: Send + Sync {
    /// Asks Microsoft Graph with a token of the account (`/sites/root`); `None` for a tenant without SharePoint, and
    /// where it cannot be known now.
    async fn host(&self, access_token: &SecretString) -> Option<SharePointHost>;
}

/// What a refresh gave, to be kept.
#[derive(Debug)]
pub struct Renewal<'a> {
    /// As it was read before Microsoft was asked.
    pub connection: &'a Connection,
    pub token_id: ConnectionTokenId,
    pub resource: &'a str,
    pub granted: &'a Granted,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub refresh_at: DateTime<Utc>,
    /// When it was last asked for, if it was.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether what was wrong with the connection is over.
    pub is_mended: bool,
}

/// Where refreshes are written. What happens by the hour to every connection is no event, unless it changes how the
/// connection is.
#[async_trait]
pub trait RefreshLog: Send + Sync {
    /// Writes what Microsoft gave, and ends the lease with it if there is a settlement. By compare-and-set: `false` when
    /// the connection has changed since it was read; then nothing is written, so that a newer refresh token is never
    /// replaced by an older one. A lease that was lost meanwhile changes nothing about that.
    async fn keep(
        &self,
        scope: &OrgScope,
        renewal: &Renewal<'_>,
        lease: &Lease,
        settlement: Option<Settlement>,
    ) -> Result<bool, SealError>;

    /// Writes how long Microsoft is to be left alone with the connection, and ends the lease.
    async fn pause(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        until: DateTime<Utc>,
        lease: &Lease,
        settlement: Option<Settlement>,
    ) -> Result<(), StoreError>;
}

/// Work under way that others may wait for.
pub type Flight<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One piece of work at a time for each key, in this process.
#[async_trait]
pub trait Flights<K, T>: Send + Sync {
    /// Begins the work, or waits for the work of the same key that was begun before. It goes on to its end, whoever still
    /// waits. `None` when it panicked.
    async fn join(&self, key: K, work: Flight<T>) -> Option<T>;
}

/// What minting comes to, for all who wait for it.
pub type Mint = Result<Arc<Minted>, Arc<MintError>>;

/// What is remembered of a connection and a token of it: sealed, as it is stored.
#[derive(Debug)]
pub struct KnownToken {
    pub connection: Connection,
    pub token: StoredToken,
    /// Taken before they were read.
    pub mark: Mark,
}

/// Remembers sealed tokens, up to their end.
#[async_trait]
pub trait ConnectionCache: Send + Sync {
    async fn get(&self, key: &(OrgId, ConnectionId, String)) -> Option<Arc<KnownToken>>;
    async fn put(&self, key: (OrgId, ConnectionId, String), known: Arc<KnownToken>);
    async fn forget(&self, key: &(OrgId, ConnectionId, String));
}

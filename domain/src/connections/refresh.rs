//! Getting a fresh token from Microsoft: once, however many ask, on however many replicas.
//!
//! In this process one flight serves all who want the same; over replicas the lease of the connection's job row is the
//! right to ask, and whoever does not get it waits and looks again. What is written is compared with what was read, so
//! that a refresh that was overtaken changes nothing.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;

use super::{
    Connection, ConsentLink, Flights, GrantError, GrantRefusal, Granted, Grants, Mint, RefreshLog,
    RefreshPolicy, Renewal, ResourceNames, StoredGrant, StoredToken, Trouble,
    refused::Refused,
    replaced::{ONCE_IN, Replaced},
    resource::{covers, scopes_to_ask},
    schedule::back_off,
};
use crate::{
    access::{Epochs, Mark, OrgScope, Subject},
    delegation::ClaimsChallenge,
    entropy::Entropy,
    events::Event,
    id::{ConnectionId, ConnectionTokenId, Ids, OrgId, TypedId},
    jobs::{JobQueue, Kind, Lease, Leasing, Settlement},
    secret::{SealError, Secrets},
    store::{OrgReader, OrgTx, Store, StoreError},
};

/// How long a request waits for another replica that asks Microsoft.
const PATIENCE: Duration = Duration::from_secs(20);
/// So often it is tried to be the one who asks, at the most: others may ask for other resources of the connection
/// meanwhile.
const ROUNDS: usize = 100;
/// So often another request's flight is waited for that gives less than is wanted.
const FLIGHTS: usize = 4;
/// A token that was issued so recently is as long-lived as one gets.
const IS_NEW_FOR: TimeDelta = TimeDelta::seconds(60);

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

/// What refreshing needs from outside.
#[derive(Clone)]
pub struct RefreshPorts {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn JobQueue>,
    pub log: Arc<dyn RefreshLog>,
    pub grants: Arc<dyn Grants>,
    pub secrets: Arc<dyn Secrets>,
    pub epochs: Arc<dyn Epochs>,
    pub flights: Arc<dyn Flights<MintKey, Mint>>,
    pub ids: Ids,
    pub entropy: Arc<dyn Entropy>,
}

/// Refreshes connections, on demand and when they are due.
#[derive(Clone)]
pub struct Refresher {
    ports: RefreshPorts,
    policy: RefreshPolicy,
    names: ResourceNames,
    consent: ConsentLink,
    refused: Arc<Refused>,
    replaced: Arc<Replaced>,
}

/// A connection with its tokens, as they were read together.
pub(super) struct Snapshot {
    pub(super) connection: Connection,
    pub(super) tokens: Vec<StoredToken>,
}

impl Snapshot {
    fn token(&self, resource: &str) -> Option<&StoredToken> {
        self.tokens.iter().find(|token| token.resource == resource)
    }
}

/// What was issued just now.
#[derive(Clone, Copy)]
pub(super) struct Newest<'a> {
    resource: &'a str,
    refresh_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

/// Whether the lease ends with what is written.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// It was taken for this alone.
    WithThis,
    /// Its job goes on and settles it.
    Later,
}

impl Refresher {
    pub fn new(
        ports: RefreshPorts,
        policy: RefreshPolicy,
        names: ResourceNames,
        consent: ConsentLink,
    ) -> Self {
        Self { ports, policy, names, consent, refused: Arc::default(), replaced: Arc::default() }
    }

    pub(super) fn policy(&self) -> &RefreshPolicy {
        &self.policy
    }

    pub(super) fn names(&self) -> &ResourceNames {
        &self.names
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.ports.ids.clock().now()
    }

    pub(super) fn jitter(&self) -> u32 {
        let mut jitter = [0; 4];
        self.ports.entropy.fill(&mut jitter);
        u32::from_le_bytes(jitter)
    }

    /// A token that meets the need, from Microsoft if it must be. Of all who ask at once one asks Microsoft.
    pub(super) async fn mint(&self, scope: &OrgScope, key: MintKey, need: Need) -> Mint {
        if let Some(error) = self.refused_before(&key).await {
            return Err(error);
        }
        let mark = self.ports.epochs.mark();
        let mut lasts = TimeDelta::zero();
        for _ in 0..FLIGHTS {
            let (refresher, scope, wanted) = (self.clone(), scope.clone(), key.clone());
            let work = Box::pin(async move {
                refresher.mint_alone(&scope, &wanted, need).await.map(Arc::new).map_err(Arc::new)
            });
            let minted = self.ports.flights.join(key.clone(), work).await.unwrap_or_else(|| Err(panicked()));
            let minted = minted.inspect_err(|error| self.note_refusal(&key, error, mark))?;
            let now = self.now();
            if need.is_met(minted.issued_at, minted.expires_at, now) {
                return Ok(minted);
            }
            lasts = minted.expires_at - now;
            if need.issued_since.is_none() && now - minted.issued_at < IS_NEW_FOR {
                break;
            }
            // Another request's flight, which wanted less.
        }
        Err(Arc::new(MintError::TooShort { lasts }))
    }

    /// What was refused of the same question a moment ago, unless the connection has changed since, here or on another
    /// replica.
    async fn refused_before(&self, key: &MintKey) -> Option<Arc<MintError>> {
        let (error, mark) = self.refused.before(key, self.now())?;
        let unchanged =
            self.ports.epochs.unchanged_since(mark, &[Subject::Connection(key.connection_id)]).await;
        if unchanged.is_ok_and(|unchanged| unchanged) {
            return Some(error);
        }
        self.refused.forget(key.connection_id);
        None
    }

    /// Remembers a refusal of the question. What marks the connection is found there.
    fn note_refusal(&self, key: &MintKey, error: &Arc<MintError>, mark: Mark) {
        let is_of_question = match error.as_ref() {
            MintError::NoSuchResource | MintError::NotUnderstood { .. } => true,
            MintError::Trouble { .. } => !self.is_everything(key),
            MintError::NotFound
            | MintError::OwnRegistration
            | MintError::Unavailable { .. }
            | MintError::TooShort { .. }
            | MintError::ReplacedBefore
            | MintError::Seal(_)
            | MintError::Store(_) => false,
        };
        if is_of_question {
            self.refused.note(key, error, mark, self.now());
        }
    }

    /// Whether a question is the one by which a connection is judged: Microsoft Graph, with all that was consented to.
    fn is_everything(&self, key: &MintKey) -> bool {
        key.scopes.is_empty() && key.resource == self.names.graph
    }

    /// Forgets what was refused of a connection, since it was connected anew or somebody asks for it explicitly.
    pub(super) fn forget_refusals(&self, id: ConnectionId) {
        self.refused.forget(id);
    }

    async fn mint_alone(&self, scope: &OrgScope, key: &MintKey, need: Need) -> Result<Minted, MintError> {
        let id = key.connection_id;
        let until = self.now() + TimeDelta::from_std(PATIENCE).unwrap_or_default();
        for _ in 0..ROUNDS {
            if self.now() > until {
                break;
            }
            match self.ports.queue.try_lease(key.org_id, Kind::ConnectionRefresh, id.uuid()).await? {
                Leasing::Taken(lease) => return self.mint_leased(scope, key, need, &lease).await,
                Leasing::Busy => {
                    let free = self.ports.queue.wait_until_free(Kind::ConnectionRefresh, id.uuid(), PATIENCE);
                    if !free.await? {
                        break;
                    }
                }
                Leasing::Absent => self.make_row(scope, id).await?,
            }
            let snapshot = self.read(scope, id).await?;
            if let Some(minted) = self.have(scope, &snapshot, key, need).await? {
                return Ok(minted);
            }
        }
        Err(MintError::Unavailable { retry_after: Duration::from_secs(5) })
    }

    /// With the right to ask; gives it back whatever comes of it.
    async fn mint_leased(
        &self,
        scope: &OrgScope,
        key: &MintKey,
        need: Need,
        lease: &Lease,
    ) -> Result<Minted, MintError> {
        let result = self.mint_with(scope, key, need, lease).await;
        // Where something was written, the lease has ended with it, and this changes nothing.
        let settlement = match &result {
            Err(MintError::NotFound) => Settlement::Done,
            Ok(_) | Err(_) => Settlement::AsItWas,
        };
        if let Err(error) = self.ports.queue.settle(lease, settlement).await {
            tracing::warn!(%error, "a lease could not be given back; it runs out");
        }
        result
    }

    async fn mint_with(
        &self,
        scope: &OrgScope,
        key: &MintKey,
        need: Need,
        lease: &Lease,
    ) -> Result<Minted, MintError> {
        let snapshot = self.read(scope, key.connection_id).await?;
        if let Some(minted) = self.have(scope, &snapshot, key, need).await? {
            return Ok(minted);
        }
        if need.is_in_place_of_refused && !self.replaced.may(key, self.now()) {
            tracing::info!(
                connection.id = %key.connection_id, minutes = ONCE_IN.num_minutes(),
                "a token is refused that was had in place of a refused one; it is not replaced again"
            );
            return Err(MintError::ReplacedBefore);
        }
        let used_at = need.is_use.then(|| self.now());
        self.ask(scope, &snapshot, key, used_at, lease, Ending::WithThis).await
    }

    /// What is wrong with a connection, as it is known.
    fn troubled(&self, connection: &Connection, trouble: Trouble) -> MintError {
        let consent_url = self.consent.for_trouble(trouble, connection.tenant_id);
        let claims = connection.claims.clone();
        MintError::Trouble { connection: Box::new(connection.clone()), trouble, claims, consent_url }
    }

    async fn make_row(&self, scope: &OrgScope, id: ConnectionId) -> Result<(), MintError> {
        let tx = self.ports.store.begin(scope).await?;
        let connection = tx.connections().get(id).await?.ok_or(MintError::NotFound)?;
        if let Some(trouble) = connection.trouble.filter(|_| !connection.has_grant) {
            return Err(self.troubled(&connection, trouble));
        }
        let run_at = self.policy.probe_at(self.now(), self.jitter());
        tx.jobs().schedule_if_absent(Kind::ConnectionRefresh, id.uuid(), run_at).await?;
        tx.commit(Event::new("connection.scheduled", json!({ "connectionId": id })).into()).await?;
        Ok(())
    }

    pub(super) async fn begin(&self, scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError> {
        self.ports.store.begin(scope).await
    }

    pub(super) async fn reader(&self, scope: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError> {
        self.ports.store.read(scope).await
    }

    pub(super) async fn read(&self, scope: &OrgScope, id: ConnectionId) -> Result<Snapshot, MintError> {
        let reader = self.reader(scope).await?;
        let connection = reader.connections().get(id).await?.ok_or(MintError::NotFound)?;
        let tokens = reader.connections().tokens(id).await?;
        Ok(Snapshot { connection, tokens })
    }

    /// What is there already, if it meets the need; `None` where Microsoft has to be asked; an error where that must
    /// not be.
    async fn have(
        &self,
        scope: &OrgScope,
        snapshot: &Snapshot,
        key: &MintKey,
        need: Need,
    ) -> Result<Option<Minted>, MintError> {
        let (connection, now) = (&snapshot.connection, self.now());
        let token = snapshot.token(&key.resource).filter(|token| covers(&token.scopes, &key.scopes));
        let gives = connection.status(now).gives_tokens();
        if let Some(token) = token.filter(|_| gives) {
            let is_newest = now - token.issued_at < IS_NEW_FOR && need.issued_since.is_none();
            if need.is_met(token.issued_at, token.expires_at, now) || (is_newest && token.expires_at > now) {
                let access_token = self.ports.secrets.open(scope, &token.secret).await?;
                return Ok(Some(Minted {
                    connection: connection.clone(),
                    token_id: token.id,
                    access_token,
                    scopes: token.scopes.clone(),
                    issued_at: token.issued_at,
                    expires_at: token.expires_at,
                    refresh_at: token.refresh_at,
                }));
            }
        }
        if let Some(until) = connection.paused_until.filter(|until| *until > now) {
            let retry_after = (until - now).to_std().unwrap_or_default();
            return Err(MintError::Unavailable { retry_after });
        }
        let is_closed = |trouble: Trouble| {
            !connection.has_grant
                || !gives
                || !trouble.is_of_the_resource()
                || key.resource == self.names.graph
        };
        match connection.trouble {
            // Whoever asks for it explicitly may find that it was mended.
            Some(_) if connection.has_grant && need.issued_since.is_some() => Ok(None),
            Some(trouble) if is_closed(trouble) => Err(self.troubled(connection, trouble)),
            _ => Ok(None),
        }
    }

    /// When the connection is due, with what was issued just now.
    pub(super) fn next(&self, snapshot: &Snapshot, newest: Option<Newest<'_>>) -> DateTime<Utc> {
        let now = self.now();
        let others = snapshot
            .tokens
            .iter()
            .filter(|token| newest.is_none_or(|newest| token.resource != newest.resource))
            .map(|token| (token.refresh_at, token.used_at));
        let tokens = others.chain(newest.map(|newest| (newest.refresh_at, newest.used_at)));
        let refreshed_at = if newest.is_some() { now } else { snapshot.connection.refreshed_at };
        self.policy.next(tokens, refreshed_at, now, self.jitter())
    }

    /// Asks Microsoft and writes what comes of it.
    pub(super) async fn ask(
        &self,
        scope: &OrgScope,
        snapshot: &Snapshot,
        key: &MintKey,
        used_at: Option<DateTime<Utc>>,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let connection = &snapshot.connection;
        let had = snapshot.token(&key.resource);
        let scopes =
            scopes_to_ask(&key.resource, &key.scopes, had.map_or(&[], |token| token.scopes.as_slice()));
        match self.redeem(scope, connection, &scopes, lease).await? {
            Ok(granted) => {
                let used_at = used_at.or_else(|| had.and_then(|token| token.used_at));
                let token_id = had.map_or_else(|| self.ports.ids.next(), |token| token.id);
                self.keep(scope, snapshot, key, (token_id, used_at), granted, lease, ending).await
            }
            Err(GrantError::Refused(refusal)) => {
                Err(self.refuse(scope, connection, key, refusal, lease, ending).await?)
            }
            Err(GrantError::NoSuchResource) => Err(MintError::NoSuchResource),
            Err(GrantError::NotUnderstood { codes }) => Err(MintError::NotUnderstood { codes }),
            Err(GrantError::OwnRegistration) => Err(MintError::OwnRegistration),
            // Nothing has happened that anybody should remember.
            Err(GrantError::NotAsked { retry_after }) => Err(MintError::Unavailable { retry_after }),
            Err(GrantError::Throttled { retry_after } | GrantError::Unavailable { retry_after }) => {
                self.pause(scope, connection, retry_after, lease, ending).await
            }
        }
    }

    /// Redeems the refresh token. If it is refused and another one has been stored meanwhile, that one.
    async fn redeem(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        scopes: &[String],
        lease: &Lease,
    ) -> Result<Result<Granted, GrantError>, MintError> {
        let stored = async || -> Result<_, MintError> {
            let reader = self.ports.store.read(scope).await?;
            Ok(reader.connections().refresh_token(connection.id).await?)
        };
        let Some(grant) = stored().await? else {
            let trouble = connection.trouble.unwrap_or(Trouble::Revoked);
            return Err(self.troubled(connection, trouble));
        };
        let redeem = async |grant: &StoredGrant| -> Result<_, MintError> {
            let refresh_token = self.ports.secrets.open(scope, &grant.refresh_token).await?;
            let (tenant, client) = (connection.tenant_id, grant.public_client);
            Ok(self.ports.grants.refresh(tenant, client, &refresh_token, scopes).await)
        };
        let redeemed = redeem(&grant).await?;
        if !matches!(redeemed, Err(GrantError::Refused(_))) {
            return Ok(redeemed);
        }
        match stored().await? {
            Some(newer) if newer.refresh_token != grant.refresh_token => {
                // Two requests may take as long as the lease.
                if !self.ports.queue.renew(lease).await? {
                    return Err(MintError::Unavailable { retry_after: Duration::from_secs(1) });
                }
                redeem(&newer).await
            }
            _ => Ok(redeemed),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what was read, what was asked and what came of it")]
    async fn keep(
        &self,
        scope: &OrgScope,
        snapshot: &Snapshot,
        key: &MintKey,
        (token_id, used_at): (ConnectionTokenId, Option<DateTime<Utc>>),
        granted: Granted,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let connection = &snapshot.connection;
        let now = self.now();
        let lasts = TimeDelta::from_std(granted.expires_in).unwrap_or_default();
        let told = granted.refresh_in.and_then(|wait| TimeDelta::from_std(wait).ok());
        let refresh_at = self.policy.refresh_at(now, lasts, told, self.jitter());
        let next = self.next(snapshot, Some(Newest { resource: &key.resource, refresh_at, used_at }));
        // What was about another resource is not mended by this one.
        let is_mended = connection
            .trouble
            .is_some_and(|trouble| !trouble.is_of_the_resource() || key.resource == self.names.graph);
        let grant_expires_at = granted
            .refresh_expires_in
            .and_then(|lasts| TimeDelta::from_std(lasts).ok())
            .map(|lasts| now + lasts);
        let mut renewed = connection.clone();
        renewed.refreshed_at = now;
        if granted.refresh_token.is_some() {
            renewed.grant_expires_at = grant_expires_at;
        }
        if is_mended {
            (renewed.trouble, renewed.claims) = (None, None);
        }
        let status = renewed.status(now);
        let renewal = Renewal {
            connection,
            token_id,
            resource: &key.resource,
            granted: &granted,
            issued_at: now,
            expires_at: now + lasts,
            refresh_at,
            used_at,
            is_mended,
            grant_expires_at,
            news: (status != connection.told_status).then_some(status),
        };
        let settlement = match ending {
            Ending::WithThis => Some(Settlement::Again(next)),
            Ending::Later => None,
        };
        let is_kept = self.ports.log.keep(scope, &renewal, lease, settlement).await?;
        if !is_kept {
            tracing::info!(connection.id = %connection.id, "a refresh was overtaken; what was newer stays");
        }
        Ok(Minted {
            connection: renewed,
            token_id,
            access_token: granted.access_token,
            scopes: granted.scopes,
            issued_at: now,
            expires_at: now + lasts,
            refresh_at,
        })
    }

    /// Marks the connection, if the refusal is about it and not about what was asked for.
    async fn refuse(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        key: &MintKey,
        refusal: GrantRefusal,
        lease: &Lease,
        ending: Ending,
    ) -> Result<MintError, MintError> {
        let GrantRefusal { trouble, claims, codes } = refusal;
        let is_about_it = trouble.is_of_the_grant() || self.is_everything(key);
        let mut marked = connection.clone();
        if is_about_it {
            marked.trouble = Some(trouble);
            marked.claims = claims.clone();
            marked.has_grant = connection.has_grant && !trouble.ends_the_grant();
        }
        let is_news = (marked.trouble, &marked.claims) != (connection.trouble, &connection.claims);
        if is_news {
            let tx = self.ports.store.begin(scope).await?;
            if !tx.connections().mark(connection, trouble, claims.as_ref()).await? {
                // It was connected anew meanwhile; the refusal is about what was before.
                return Ok(MintError::Unavailable { retry_after: Duration::from_secs(1) });
            }
            if let Ending::WithThis = ending {
                let settlement = if marked.has_grant {
                    Settlement::Again(self.policy.probe_at(self.now(), self.jitter()))
                } else {
                    Settlement::Done
                };
                tx.jobs().settle(lease, settlement).await?;
            }
            let data = json!({
                "connectionId": connection.id, "status": trouble.status().as_str(),
                "reason": trouble.as_str(), "codes": codes,
            });
            tx.commit(Event::new("connection.status.changed", data).into()).await?;
            tracing::info!(
                connection.id = %connection.id, reason = trouble.as_str(), ?codes,
                "a connection needs somebody to do something"
            );
        }
        let consent_url = self.consent.for_trouble(trouble, marked.tenant_id);
        Ok(MintError::Trouble { connection: Box::new(marked), trouble, claims, consent_url })
    }

    async fn pause(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        retry_after: Duration,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let own = back_off(connection.failures, self.jitter());
        let wait = own.max(TimeDelta::from_std(retry_after).unwrap_or(own));
        let until = self.now() + wait;
        let settlement = match ending {
            Ending::WithThis => Some(Settlement::Again(until)),
            Ending::Later => None,
        };
        self.ports.log.pause(scope, connection, until, lease, settlement).await?;
        Err(MintError::Unavailable { retry_after: wait.to_std().unwrap_or_default() })
    }
}

fn panicked() -> Arc<MintError> {
    Arc::new(MintError::Store(StoreError::Unexpected("a refresh panicked".into())))
}

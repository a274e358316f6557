//! Getting a fresh token from Microsoft: once, however many ask, on however many replicas.
//!
//! In this process one flight serves all who want the same; over replicas the lease of the connection's job row is the
//! right to ask, and whoever does not get it waits and looks again. What is written is compared with what was read, so
//! that a refresh that was overtaken changes nothing.

mod ask;

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    Connection, ConsentLink, Flights, Grants, Mint, MintError, MintKey, Minted, RefreshLog, RefreshPolicy,
    ResourceNames, StoredToken, Trouble,
    mint::Need,
    refused::Refused,
    replaced::{ONCE_IN, Replaced},
    resource::covers,
};
use crate::{
    access::{Epochs, Mark, OrgScope, Subject},
    entropy::Entropy,
    events::Event,
    id::{ConnectionId, Ids, TypedId},
    jobs::{JobQueue, Kind, Lease, Leasing, Settlement},
    secret::Secrets,
    store::{OrgReader, OrgTx, Store, StoreError},
};

/// How long a request waits for another replica that asks Microsoft.
const PATIENCE: Duration = Duration::from_secs(20);
/// So often it is tried to be the one who asks, at the most: others may ask for other resources of the connection
/// meanwhile.
const ROUNDS: usize = 100;
/// So often another request's flight is waited for that gives less than is wanted.
const FLIGHTS: usize = 4;
/// When to ask again where all of those were for something else.
const OTHERS_FLEW: Duration = Duration::from_secs(1);
/// A token that was issued so recently is as long-lived as one gets.
const IS_NEW_FOR: TimeDelta = TimeDelta::seconds(60);

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
        if need.is_in_place_of_refused && !self.replaced.is_open(&key, self.now()) {
            return self.replaced_before(scope, &key, need).await.map(Arc::new).map_err(Arc::new);
        }
        let mark = self.ports.epochs.mark();
        let mut last = MintError::Unavailable { retry_after: OTHERS_FLEW };
        for _ in 0..FLIGHTS {
            let (refresher, scope, wanted) = (self.clone(), scope.clone(), key.clone());
            let work = Box::pin(async move {
                refresher.mint_alone(&scope, &wanted, need).await.map(Arc::new).map_err(Arc::new)
            });
            let minted = self.ports.flights.join(key.clone(), work).await.unwrap_or_else(|| Err(panicked()));
            let minted = minted.inspect_err(|error| self.note_refusal(&key, error, mark));
            match landed(need, minted, self.now()) {
                ControlFlow::Break(answer) => return answer,
                ControlFlow::Continue(why) => last = why,
            }
        }
        Err(Arc::new(last))
    }

    /// Where no token may be had in place of a refused one for now: the newer one that there is already, if there is one.
    /// It is looked for without the right to ask, since nobody is asked.
    async fn replaced_before(
        &self,
        scope: &OrgScope,
        key: &MintKey,
        need: Need,
    ) -> Result<Minted, MintError> {
        let snapshot = self.read(scope, key.connection_id).await?;
        if let Some(minted) = self.have(scope, &snapshot, key, need).await? {
            return Ok(minted);
        }
        tracing::info!(
            connection.id = %key.connection_id, minutes = ONCE_IN.num_minutes(),
            "a token is refused that was had in place of a refused one; it is not replaced again"
        );
        Err(MintError::ReplacedBefore)
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
        // Another request's flight may have replaced it since this one was begun.
        if need.is_in_place_of_refused && !self.replaced.is_open(key, self.now()) {
            return Err(MintError::ReplacedBefore);
        }
        let used_at = need.is_use.then(|| self.now());
        let minted = self.ask(scope, &snapshot, key, used_at, lease, Ending::WithThis).await?;
        // Where Microsoft gave none, nothing was replaced, and the next request may try.
        if need.is_in_place_of_refused {
            self.replaced.note(key, self.now());
        }
        Ok(minted)
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
}

/// What a flight, which another request may have begun for a need of its own, comes to for this need. It goes on with
/// another flight, or with the reason why there is none where that was the last one.
fn landed(need: Need, minted: Mint, now: DateTime<Utc>) -> ControlFlow<Mint, MintError> {
    let minted = match minted {
        Ok(minted) => minted,
        Err(error) => {
            let is_of_another = matches!(*error, MintError::ReplacedBefore) && !need.is_in_place_of_refused;
            return if is_of_another {
                ControlFlow::Continue(MintError::Unavailable { retry_after: OTHERS_FLEW })
            } else {
                ControlFlow::Break(Err(error))
            };
        }
    };
    if need.is_met(minted.issued_at, minted.expires_at, now) {
        return ControlFlow::Break(Ok(minted));
    }
    let too_short = MintError::TooShort { lasts: minted.expires_at - now };
    if need.issued_since.is_none() && now - minted.issued_at < IS_NEW_FOR {
        return ControlFlow::Break(Err(Arc::new(too_short)));
    }
    ControlFlow::Continue(too_short)
}

fn panicked() -> Arc<MintError> {
    Arc::new(MintError::Store(StoreError::Unexpected("a refresh panicked".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_token_was_replaced_before_is_told_to_those_alone_who_wanted_it_replaced() {
        let now = DateTime::UNIX_EPOCH;
        let replaced_before = || Err(Arc::new(MintError::ReplacedBefore));
        let policy = RefreshPolicy::default();
        let explicitly = Need { issued_since: Some(now), ..Need::any() };
        for need in [Need::any(), Need::buffered(&policy), explicitly] {
            let landed = landed(need, replaced_before(), now);
            assert!(
                matches!(landed, ControlFlow::Continue(MintError::Unavailable { .. })),
                "{need:?}: {landed:?}"
            );
        }
        let landed = landed(Need::in_place_of(now, &policy), replaced_before(), now);
        let ControlFlow::Break(Err(error)) = landed else { unreachable!("{landed:?}") };
        assert!(matches!(*error, MintError::ReplacedBefore), "{error:?}");
    }
}

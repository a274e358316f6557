//! The one source of tokens in callers' names: this process' memory, then Redis, then the authority.
//!
//! A token is found by a digest of everything that decides about it: the whole assertion, its tenant, the caller, the
//! resource, the scopes, what the client can handle, and the epochs of organization and user. So it is served to that
//! assertion alone, and a revocation makes its name another one: what was had before is never found again, in no
//! replica.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Context, SHA256},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{Epochs, OnBehalfOf, Subject},
    clock::Clock,
    delegation::{ClaimsChallenge, DelegatedToken, DelegatedTokens, DelegationError, Resource, SignInPlace},
    id::TypedId,
};
use metrics::Counter;
use moka::{Expiry, future::Cache, ops::compute::Op};
use secrecy::ExposeSecret;

use super::{
    Credentials, ResourceNames, SharedTokens, TokenEndpoint,
    asker::Asker,
    endpoint::TokenFailure,
    exchange::{Exchanged, exchange},
    pauses::Pauses,
    shared::Key,
    verdict::Verdicts,
};

const TOKENS: &str = "tenantry_delegated_tokens_total";
/// How much memory the tokens may take.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// No token is kept longer than this, however long it is good: epochs older than two days are forgotten.
const LONGEST: Duration = Duration::from_hours(24);
/// A token with less time left is not given out.
const LEAST_LEFT: TimeDelta = TimeDelta::seconds(30);
/// How long after a renewal that failed the next one is tried.
const RENEW_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// So often a token is replaced at the most because the resource refuses it.
const REPLACED_ONCE_IN: Duration = Duration::from_mins(5);

/// What a source is told of its place.
#[derive(Clone, Debug)]
pub struct DelegatedTokenSettings {
    pub names: ResourceNames,
    /// What is asked of Microsoft Graph; empty for everything that was consented to.
    pub graph_scopes: Vec<String>,
    /// Where a person signs in again.
    pub sign_in: SignInPlace,
    /// Where an administrator consents; `{tenant}` stands for the tenant.
    pub consent_url: String,
}

/// Gives tokens in callers' names. Clones share one memory.
#[derive(Clone)]
pub struct DelegatedTokenSource(Arc<Inner>);

struct Inner {
    endpoint: Arc<TokenEndpoint>,
    credentials: Arc<Credentials>,
    names: ResourceNames,
    /// What is asked of Microsoft Graph.
    graph: Scopes,
    verdicts: Verdicts,
    epochs: Arc<dyn Epochs>,
    clock: Arc<dyn Clock>,
    memory: Cache<Key, Arc<Entry>>,
    /// What was asked for too often.
    looping: Pauses<Key>,
    /// Digests of tokens that a resource refused: not taken from Redis, where they may be for a while.
    refused: Pauses<Key>,
    /// Digests of tokens that were had in place of a refused one: not replaced for a while.
    replacements: Pauses<Key>,
    shared: Option<SharedTokens>,
    hits: Hits,
}

/// Scopes as a list, and as they are written.
#[derive(Clone)]
struct Scopes {
    list: Arc<[String]>,
    joined: Arc<str>,
}

impl Scopes {
    fn new(list: Vec<String>) -> Self {
        Self { joined: list.join(" ").into(), list: list.into() }
    }
}

/// What counts tokens that were in memory. It is kept: looking it up by its labels costs more than counting.
struct Hits {
    graph: Counter,
    sharepoint: Counter,
}

impl Hits {
    fn count(&self, resource: &Resource) {
        match resource {
            Resource::Graph => self.graph.increment(1),
            Resource::SharePoint { .. } => self.sharepoint.increment(1),
        }
    }
}

struct Entry {
    token: Arc<DelegatedToken>,
    /// In seconds since 1970; moves when a renewal failed.
    refresh_at: AtomicI64,
    is_refreshing: AtomicBool,
}

impl From<Exchanged> for Arc<Entry> {
    fn from(exchanged: Exchanged) -> Self {
        Arc::new(Entry {
            token: exchanged.token,
            refresh_at: AtomicI64::new(exchanged.refresh_at.timestamp()),
            is_refreshing: AtomicBool::new(false),
        })
    }
}

struct UntilExpiry(Arc<dyn Clock>);

impl Expiry<Key, Arc<Entry>> for UntilExpiry {
    fn expire_after_create(&self, _: &Key, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        let left = entry.token.expires_at - self.0.now();
        Some(left.to_std().unwrap_or(Duration::ZERO).min(LONGEST))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        entry: &Arc<Entry>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, entry, now)
    }
}

impl DelegatedTokenSource {
    pub fn new(
        endpoint: Arc<TokenEndpoint>,
        credentials: Arc<Credentials>,
        settings: DelegatedTokenSettings,
        epochs: Arc<dyn Epochs>,
        clock: Arc<dyn Clock>,
        shared: Option<SharedTokens>,
    ) -> Self {
        let memory = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_: &Key, entry: &Arc<Entry>| weight(&entry.token))
            .expire_after(UntilExpiry(Arc::clone(&clock)))
            .build();
        let DelegatedTokenSettings { names, graph_scopes, sign_in, consent_url } = settings;
        let verdicts = Verdicts::new(sign_in, consent_url);
        let graph =
            if graph_scopes.is_empty() { vec![names.default_scope(&Resource::Graph)] } else { graph_scopes };
        let hits = |resource| metrics::counter!(TOKENS, "resource" => resource, "from" => "memory");
        Self(Arc::new(Inner {
            endpoint,
            credentials,
            names,
            graph: Scopes::new(graph),
            hits: Hits { graph: hits("graph"), sharepoint: hits("sharepoint") },
            verdicts,
            epochs,
            clock,
            memory,
            looping: Pauses::default(),
            refused: Pauses::default(),
            replacements: Pauses::default(),
            shared,
        }))
    }
}

/// In bytes, near enough: the texts, the key, and what is kept beside an entry.
fn weight(token: &DelegatedToken) -> u32 {
    let scopes: usize = token.scopes.iter().map(|scope| scope.len() + size_of::<String>()).sum();
    u32::try_from(token.secret.expose_secret().len() + scopes + 256).unwrap_or(u32::MAX)
}

#[async_trait]
impl DelegatedTokens for DelegatedTokenSource {
    async fn token(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        self.get(&asker(caller)?, resource).await
    }

    async fn refused(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
        token: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError> {
        self.get_after(&asker(caller)?, resource, token, challenge).await
    }
}

/// Who has no token to exchange is another source's to serve.
fn asker(caller: &OnBehalfOf) -> Result<Asker, DelegationError> {
    Asker::of(caller).ok_or(DelegationError::AssertionRejected)
}

impl DelegatedTokenSource {
    pub(super) async fn get(
        &self,
        caller: &Asker,
        resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        let inner = &self.0;
        let wanted = inner.wanted(caller, resource);
        if let Some(entry) = inner.memory.get(&wanted.key).await
            && inner.is_good(&entry.token)
        {
            inner.hits.count(resource);
            self.refresh_if_due(&entry, caller, resource, &wanted);
            return Ok(Arc::clone(&entry.token));
        }
        self.get_instead(caller, resource, &wanted, |token| inner.is_good(token)).await
    }

    /// What is in memory if it can stay, else what all who ask at once wait for together.
    async fn get_instead(
        &self,
        caller: &Asker,
        resource: &Resource,
        wanted: &Wanted,
        can_stay: impl Fn(&DelegatedToken) -> bool,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        let inner = &self.0;
        inner.drop_unless(&wanted.key, can_stay).await;
        let loaded = inner.memory.try_get_with_by_ref(&wanted.key, inner.load(caller, resource, wanted));
        Ok(Arc::clone(&loaded.await.map_err(|error| (*error).clone())?.token))
    }

    pub(super) async fn get_after(
        &self,
        caller: &Asker,
        resource: &Resource,
        refused: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError> {
        let inner = &self.0;
        let wanted = inner.wanted(caller, resource);
        count(resource, "refused");
        if let Some(claims) = challenge {
            // Of many requests with one token each comes here; a token that was had since is not thrown away.
            let known = inner.memory.get(&wanted.key).await;
            if known.is_none_or(|entry| is_same(&entry.token, refused)) {
                inner.forget(&wanted.key).await;
            }
            return Err(DelegationError::InteractionRequired {
                claims: caller.handles_claims.then(|| claims.clone()),
                scopes: wanted.scopes.list.to_vec(),
                sign_in: inner.verdicts.sign_in.clone(),
            });
        }
        let token = if inner.replacements.left(&digest_of(refused), inner.clock.now()).is_some() {
            self.get(caller, resource).await?
        } else {
            self.replace(caller, resource, &wanted, refused).await?
        };
        Ok((!is_same(&token, refused)).then_some(token))
    }

    /// The token in place of a refused one, which those who were refused it at the same time wait for together.
    async fn replace(
        &self,
        caller: &Asker,
        resource: &Resource,
        wanted: &Wanted,
        refused: &DelegatedToken,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        let inner = &self.0;
        inner.refused.pause(digest_of(refused), inner.clock.now(), REPLACED_ONCE_IN);
        let can_stay = |token: &DelegatedToken| inner.is_good(token) && !is_same(token, refused);
        let mut token = self.get_instead(caller, resource, wanted, can_stay).await?;
        if is_same(&token, refused) {
            // It had been read from Redis before it was refused.
            token = self.get_instead(caller, resource, wanted, can_stay).await?;
        }
        inner.replacements.pause(digest_of(&token), inner.clock.now(), REPLACED_ONCE_IN);
        Ok(token)
    }
}

fn digest_of(token: &DelegatedToken) -> Key {
    digest(&[token.secret.expose_secret().as_bytes()])
}

fn is_same(one: &DelegatedToken, other: &DelegatedToken) -> bool {
    let [one, other] = [one, other].map(|token| token.secret.expose_secret().as_bytes());
    verify_slices_are_equal(one, other).is_ok()
}

impl DelegatedTokenSource {
    /// Starts a renewal beside the request, which goes on with the token it has.
    fn refresh_if_due(&self, entry: &Arc<Entry>, caller: &Asker, resource: &Resource, wanted: &Wanted) {
        let now = self.0.clock.now();
        let is_due = entry.refresh_at.load(Ordering::Relaxed) <= now.timestamp();
        // The authority takes no assertion that has expired, though we may still do, by some minutes.
        let may_ask = caller.assertion_expires_at > now;
        if !is_due || !may_ask || entry.is_refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (inner, entry) = (Arc::clone(&self.0), Arc::clone(entry));
        let (caller, resource, wanted) = (caller.outlasting(), resource.clone(), wanted.clone());
        tokio::spawn(async move {
            let renewed = inner.renew(&caller, &resource, &wanted, now).await;
            match renewed {
                Ok(newer) => inner.memory.insert(wanted.key, newer).await,
                // What says that the caller may not have it takes it away; anything else leaves it to its end.
                Err(error) if is_about_the_caller(&error) => inner.forget(&wanted.key).await,
                Err(_) => {
                    let next = (now + RENEW_AGAIN).timestamp();
                    entry.refresh_at.store(next, Ordering::Relaxed);
                    entry.is_refreshing.store(false, Ordering::Release);
                }
            }
        });
    }
}

fn is_about_the_caller(error: &DelegationError) -> bool {
    match error {
        DelegationError::InteractionRequired { .. }
        | DelegationError::ConsentRequired { .. }
        | DelegationError::NotConnected
        | DelegationError::Unusable { .. }
        | DelegationError::AssertionRejected
        | DelegationError::AccountBlocked
        | DelegationError::BlockedByPolicy
        | DelegationError::NoSuchResource => true,
        DelegationError::Misconfigured
        | DelegationError::Throttled { .. }
        | DelegationError::Unavailable { .. }
        | DelegationError::Failed(_)
        | DelegationError::Timeout => false,
    }
}

/// What is asked for, and the name under which it is kept.
#[derive(Clone)]
struct Wanted {
    key: Key,
    scopes: Scopes,
}

/// Each part with its length, so that no two lists of parts read the same.
fn digest(parts: &[&[u8]]) -> Key {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    let mut key = Key::default();
    key.copy_from_slice(context.finish().as_ref());
    key
}

impl Inner {
    fn wanted(&self, caller: &Asker, resource: &Resource) -> Wanted {
        let scopes = match resource {
            Resource::Graph => self.graph.clone(),
            Resource::SharePoint { .. } => Scopes::new(vec![self.names.default_scope(resource)]),
        };
        let subjects = [Subject::Organization(caller.org_id), Subject::User(caller.user_id)];
        let [organization, user] = subjects.map(|subject| self.epochs.known(subject).to_be_bytes());
        let key = digest(&[
            caller.assertion.expose_secret().as_bytes(),
            caller.tenant.as_bytes(),
            caller.org_id.uuid().as_bytes(),
            caller.user_id.uuid().as_bytes(),
            self.names.uri(resource).as_bytes(),
            scopes.joined.as_bytes(),
            &[u8::from(caller.handles_claims)],
            &organization,
            &user,
        ]);
        Wanted { key, scopes }
    }

    fn is_good(&self, token: &DelegatedToken) -> bool {
        token.expires_at - self.clock.now() > LEAST_LEFT
    }

    /// Only what cannot stay, because it is expired or was refused: a token that another request has had meanwhile does.
    async fn drop_unless(&self, key: &Key, can_stay: impl Fn(&DelegatedToken) -> bool) {
        if self.memory.get(key).await.is_none_or(|entry| can_stay(&entry.token)) {
            return;
        }
        let dropped = async |entry: Option<moka::Entry<Key, Arc<Entry>>>| match entry {
            Some(entry) if !can_stay(&entry.value().token) => Op::Remove,
            Some(_) | None => Op::Nop,
        };
        self.memory.entry_by_ref(key).and_compute_with(dropped).await;
    }

    /// What another replica had, unless the resource refused it.
    async fn shared(&self, key: &Key) -> Option<Exchanged> {
        let found = self.shared.as_ref()?.get(key).await?;
        self.refused.left(&digest_of(&found.token), self.clock.now()).is_none().then_some(found)
    }

    async fn load(
        &self,
        caller: &Asker,
        resource: &Resource,
        wanted: &Wanted,
    ) -> Result<Arc<Entry>, DelegationError> {
        if let Some(found) = self.shared(&wanted.key).await
            && self.is_good(&found.token)
        {
            count(resource, "redis");
            return Ok(found.into());
        }
        self.ask(caller, resource, wanted).await
    }

    /// A newer token: one that another replica had meanwhile, or a new one.
    async fn renew(
        &self,
        caller: &Asker,
        resource: &Resource,
        wanted: &Wanted,
        now: DateTime<Utc>,
    ) -> Result<Arc<Entry>, DelegationError> {
        if let Some(found) = self.shared(&wanted.key).await
            && found.refresh_at > now
        {
            count(resource, "redis");
            return Ok(found.into());
        }
        self.ask(caller, resource, wanted).await
    }

    async fn ask(
        &self,
        caller: &Asker,
        resource: &Resource,
        wanted: &Wanted,
    ) -> Result<Arc<Entry>, DelegationError> {
        let exchanged = if let Some(retry_after) = self.looping.left(&wanted.key, self.clock.now()) {
            Err(TokenFailure::Looping { retry_after })
        } else {
            count(resource, "authority");
            exchange(&self.endpoint, &self.credentials, caller, &wanted.scopes.list).await
        };
        if let Err(TokenFailure::Looping { retry_after }) = &exchanged
            && self.looping.left(&wanted.key, self.clock.now()).is_none()
        {
            self.looping.pause(wanted.key, self.clock.now(), *retry_after);
        }
        let exchanged =
            exchanged.map_err(|failure| self.verdicts.on(failure, caller.tenant, &wanted.scopes.list))?;
        self.verdicts.good();
        if let Some(shared) = &self.shared {
            shared.put(&wanted.key, &exchanged).await;
        }
        Ok(exchanged.into())
    }

    async fn forget(&self, key: &Key) {
        self.memory.invalidate(key).await;
        if let Some(shared) = &self.shared {
            shared.forget(key).await;
        }
    }
}

/// Where a token came from: `memory`, `redis`, `authority`; or `refused`, by the resource.
fn count(resource: &Resource, from: &'static str) {
    metrics::counter!(TOKENS, "resource" => resource.kind(), "from" => from).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_run_together_to_the_same_bytes_have_different_names() {
        let lists: [&[&[u8]]; 6] =
            [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""], &[b"", b"abc"], &[b"a", b"b", b"c"]];
        for (index, one) in lists.iter().enumerate() {
            for other in &lists[index + 1..] {
                assert_ne!(digest(one), digest(other), "{one:?} {other:?}");
            }
        }
    }
}

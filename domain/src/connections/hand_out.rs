//! Who was handed which token: written before the answer the first time, and counted after that.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::Flights;
use crate::{
    access::OrgScope,
    events::{Event, Events},
    id::{ConnectionId, ConnectionTokenId, Ids, OrgId, TypedId},
    jobs::Kind,
    store::{Store, StoreError},
};

/// So many callers with a token each are remembered. Beyond it every hand-out is written as if it were the first.
const MOST_KEPT: usize = 100_000;
/// So many addresses of a caller are named in one entry.
const MOST_ADDRESSES: usize = 20;

/// One token in one caller's hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HandOutKey {
    org_id: OrgId,
    actor: (&'static str, Option<Uuid>),
    token_id: ConnectionTokenId,
    issued_at: DateTime<Utc>,
    /// What the event is called.
    event: &'static str,
}

/// A token that is about to be handed out.
#[derive(Clone, Debug)]
pub struct HandOut {
    pub connection_id: ConnectionId,
    pub token_id: ConnectionTokenId,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// From when on a newer one is wanted; `None` where it is no access token.
    pub refresh_at: Option<DateTime<Utc>>,
    pub resource: String,
    pub scopes: Vec<String>,
    /// What the event is called.
    pub event: &'static str,
}

/// What writing a first hand-out comes to.
pub type Noted = Result<(), Arc<StoreError>>;

struct Known {
    /// Of the first one: who, in which organization.
    scope: OrgScope,
    hand_out: HandOut,
    repeats: Option<Repeats>,
}

struct Repeats {
    count: u64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    addresses: BTreeSet<IpAddr>,
}

/// Writes hand-outs. A crash loses the counts since the last [`HandOuts::flush`], and never that a caller had a token.
#[derive(Clone)]
pub struct HandOuts {
    store: Arc<dyn Store>,
    flights: Arc<dyn Flights<HandOutKey, Noted>>,
    ids: Ids,
    known: Arc<Mutex<HashMap<HandOutKey, Known>>>,
}

impl HandOuts {
    pub fn new(store: Arc<dyn Store>, flights: Arc<dyn Flights<HandOutKey, Noted>>, ids: Ids) -> Self {
        Self { store, flights, ids, known: Arc::default() }
    }

    /// Notes a hand-out, and comes back when the fact is written.
    pub(super) async fn note(&self, scope: &OrgScope, hand_out: HandOut) -> Noted {
        let actor = scope.actor();
        let key = HandOutKey {
            org_id: scope.org_id(),
            actor: (actor.kind(), actor.id()),
            token_id: hand_out.token_id,
            issued_at: hand_out.issued_at,
            event: hand_out.event,
        };
        if self.count(&key, scope) {
            return Ok(());
        }
        let is_first = Arc::new(AtomicBool::new(false));
        let work = {
            let (this, scope, key, is_first) =
                (self.clone(), scope.clone(), key.clone(), Arc::clone(&is_first));
            Box::pin(async move {
                is_first.store(true, Ordering::Relaxed);
                this.write(&scope, &hand_out).await.map_err(Arc::new)?;
                this.remember(key, scope, hand_out);
                Ok(())
            })
        };
        let noted = self.flights.join(key.clone(), work).await;
        noted.unwrap_or_else(|| Err(Arc::new(StoreError::Unexpected("a hand-out was not noted".into()))))?;
        if !is_first.load(Ordering::Relaxed) {
            self.count(&key, scope);
        }
        Ok(())
    }

    /// Counts a repeat; `false` when it is none.
    fn count(&self, key: &HandOutKey, scope: &OrgScope) -> bool {
        let now = self.ids.clock().now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.get_mut(key) else { return false };
        let repeats = known.repeats.get_or_insert_with(|| Repeats {
            count: 0,
            first_at: now,
            last_at: now,
            addresses: BTreeSet::new(),
        });
        repeats.count += 1;
        repeats.last_at = now;
        if let Some(ip) = scope.origin().ip.filter(|_| repeats.addresses.len() < MOST_ADDRESSES) {
            repeats.addresses.insert(ip);
        }
        true
    }

    fn remember(&self, key: HandOutKey, scope: OrgScope, hand_out: HandOut) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_KEPT {
            known.insert(key, Known { scope, hand_out, repeats: None });
        }
    }

    async fn write(&self, scope: &OrgScope, hand_out: &HandOut) -> Result<(), StoreError> {
        let now = self.ids.clock().now();
        let tx = self.store.begin(scope).await?;
        if let Some(refresh_at) = hand_out.refresh_at {
            tx.connections().note_use(hand_out.token_id, now).await?;
            // It may have been idle, and is kept fresh from here on.
            let key = hand_out.connection_id.uuid();
            let due_at = tx.jobs().due_at(Kind::ConnectionRefresh, key).await?;
            if due_at.is_some_and(|due_at| due_at > refresh_at) {
                tx.jobs().schedule(Kind::ConnectionRefresh, key, refresh_at).await?;
            }
        }
        let data = json!({
            "connectionId": hand_out.connection_id,
            "resource": hand_out.resource,
            "scopes": hand_out.scopes,
            "expiresAt": hand_out.expires_at,
            "remainingSeconds": (hand_out.expires_at - now).num_seconds(),
        });
        tx.commit(Event::new(hand_out.event, data).into()).await
    }

    /// Writes the repeats since the last time, one entry for each caller and token. What could not be written is kept for
    /// the next time, also when this is dropped on the way.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut failed = None;
        for keys in self.repeated() {
            let taken = self.take(keys);
            let mut events = taken.entries.iter().map(|(_, hand_out, repeats)| repeated(hand_out, repeats));
            let (Some(first), Some(scope)) = (events.next(), &taken.scope) else { continue };
            let events = events.fold(Events::from(first), Events::and);
            let written = async { self.store.begin(scope).await?.commit(events).await };
            match written.await {
                Ok(()) => taken.are_written(),
                Err(error) => failed = Some(error),
            }
        }
        self.forget_ended();
        failed.map_or(Ok(()), Err)
    }

    /// What has repeats, by who had it.
    fn repeated(&self) -> Vec<Vec<HandOutKey>> {
        let mut by_caller: HashMap<_, Vec<HandOutKey>> = HashMap::new();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in known.iter().filter(|(_, known)| known.repeats.is_some()) {
            by_caller.entry((key.org_id, key.actor)).or_default().push(key.clone());
        }
        by_caller.into_values().collect()
    }

    /// The repeats of one caller.
    fn take(&self, keys: Vec<HandOutKey>) -> Taken<'_> {
        let mut taken = Taken { from: self, scope: None, entries: Vec::new() };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            let Some(known) = known.get_mut(&key) else { continue };
            let Some(repeats) = known.repeats.take() else { continue };
            taken.scope.get_or_insert_with(|| known.scope.clone());
            taken.entries.push((key, known.hand_out.clone(), repeats));
        }
        taken
    }

    /// Forgets who had tokens that are over, once all is written.
    fn forget_ended(&self) {
        let now = self.ids.clock().now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.hand_out.expires_at > now || known.repeats.is_some());
    }

    fn put_back(&self, entries: Vec<Entry>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _, kept) in entries {
            // Only what has no repeats is forgotten, in a flush of which there is one at a time.
            let Some(known) = known.get_mut(&key) else { continue };
            match &mut known.repeats {
                None => known.repeats = Some(kept),
                Some(repeats) => {
                    repeats.count += kept.count;
                    repeats.first_at = kept.first_at;
                    repeats.addresses.extend(kept.addresses);
                }
            }
        }
    }
}

type Entry = (HandOutKey, HandOut, Repeats);

/// Repeats on their way into the database, which go back unless they arrive.
struct Taken<'a> {
    from: &'a HandOuts,
    scope: Option<OrgScope>,
    entries: Vec<Entry>,
}

impl Taken<'_> {
    fn are_written(mut self) {
        self.entries.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.put_back(std::mem::take(&mut self.entries));
    }
}

fn repeated(hand_out: &HandOut, repeats: &Repeats) -> Event {
    Event::new(
        hand_out.event,
        json!({
            "connectionId": hand_out.connection_id,
            "resource": hand_out.resource,
            "repeats": repeats.count,
            "firstAt": repeats.first_at,
            "lastAt": repeats.last_at,
            "addresses": repeats.addresses,
        }),
    )
}

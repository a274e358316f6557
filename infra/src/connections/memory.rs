//! Sealed tokens in memory, and which connections somebody sees, so that what is handed out often costs no query.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    clock::Clock,
    connections::{Connection, ConnectionCache, KnownToken, Seen, SeenCache, SeenKey},
    id::{ConnectionId, OrgId},
};
use moka::{Expiry, future::Cache};

/// How much memory they may take.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// None is kept longer, however long it is good: epochs that are older may be forgotten.
const LONGEST: Duration = Duration::from_hours(24);

type Key = (OrgId, ConnectionId, String);

/// Remembers sealed tokens, up to a number of bytes.
pub struct ConnectionMemory(Cache<Key, Arc<KnownToken>>);

struct UntilExpiry(Arc<dyn Clock>);

impl Expiry<Key, Arc<KnownToken>> for UntilExpiry {
    fn expire_after_create(&self, _: &Key, known: &Arc<KnownToken>, _: Instant) -> Option<Duration> {
        let left = known.token.expires_at - self.0.now();
        Some(left.to_std().unwrap_or(Duration::ZERO).min(LONGEST))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        known: &Arc<KnownToken>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, known, now)
    }
}

impl ConnectionMemory {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|key: &Key, known: &Arc<KnownToken>| weight(key, known))
            .expire_after(UntilExpiry(clock))
            .build();
        Self(cache)
    }
}

/// In bytes, near enough.
fn weight(key: &Key, known: &KnownToken) -> u32 {
    let bytes = size_of::<KnownToken>()
        + key.2.len()
        + known.token.secret.as_bytes().len()
        + known.token.resource.len()
        + weight_of(&known.token.scopes)
        + weight_of_connection(&known.connection)
        + 128;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn weight_of_connection(connection: &Connection) -> usize {
    size_of::<Connection>()
        + weight_of(&connection.scopes)
        + connection.email.as_ref().map_or(0, String::len)
        + connection.display_name.as_ref().map_or(0, String::len)
        + connection.claims.as_ref().map_or(0, |claims| claims.json().len())
}

fn weight_of(texts: &[String]) -> usize {
    texts.iter().map(|text| text.len() + size_of::<String>()).sum()
}

#[async_trait]
impl ConnectionCache for ConnectionMemory {
    async fn get(&self, key: &Key) -> Option<Arc<KnownToken>> {
        let found = self.0.get(key).await;
        let result = if found.is_some() { "hit" } else { "miss" };
        metrics::counter!("tenantry_connection_cache_total", "result" => result).increment(1);
        found
    }

    async fn put(&self, key: Key, known: Arc<KnownToken>) {
        self.0.insert(key, known).await;
    }

    async fn forget(&self, key: &Key) {
        self.0.invalidate(key).await;
    }
}

/// How much memory what is seen may take.
const MAX_SEEN_BYTES: u64 = 8 * 1024 * 1024;
/// How connections are changes with time alone, too.
const SEEN_FOR: Duration = Duration::from_mins(5);

/// Remembers who sees which connections, up to a number of bytes.
pub struct SeenMemory(Cache<SeenKey, Arc<Seen>>);

impl Default for SeenMemory {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_SEEN_BYTES)
            .weigher(|key: &SeenKey, seen: &Arc<Seen>| weight_of_seen(key, seen))
            .time_to_live(SEEN_FOR)
            .build();
        Self(cache)
    }
}

/// In bytes, near enough.
fn weight_of_seen(key: &SeenKey, seen: &Seen) -> u32 {
    let listed = key.sight.users().map_or(0, <[_]>::len) + key.sight.connections().map_or(0, <[_]>::len);
    let connections: usize = seen.connections.iter().map(|connection| weight_of_connection(connection)).sum();
    let bytes = size_of::<SeenKey>()
        + key.filter.email.as_ref().map_or(0, String::len)
        + listed * size_of::<ConnectionId>()
        + connections
        + 128;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[async_trait]
impl SeenCache for SeenMemory {
    async fn get(&self, key: &SeenKey) -> Option<Arc<Seen>> {
        self.0.get(key).await
    }

    async fn put(&self, key: SeenKey, seen: Arc<Seen>) {
        self.0.insert(key, seen).await;
    }
}

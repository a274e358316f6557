//! Principals by token. The key is the SHA-256 of the whole token, so that a token is not kept in memory and no two
//! can be confused; the entry is judged by `domain::access` on every hit.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use domain::{
    access::{AuthenticationError, CachedPrincipal, Loading, PrincipalCache},
    clock::Clock,
};
use moka::{Expiry, future::Cache};

type Key = [u8; 32];

/// No entry lives longer than this, however long its token does: epochs older than it may be forgotten.
const LONGEST: Duration = Duration::from_hours(1);

/// Remembers principals, up to a number of bytes.
pub struct Principals {
    cache: Cache<Key, Arc<CachedPrincipal>>,
}

impl Principals {
    pub fn new(max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self { cache: bounded(max_bytes, clock) }
    }
}

/// What is asked of an entry.
trait Entry: Send + Sync + 'static {
    fn expires_at(&self) -> DateTime<Utc>;
    /// Its size in bytes.
    fn weight(&self) -> u32;
}

impl Entry for CachedPrincipal {
    fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at()
    }

    fn weight(&self) -> u32 {
        self.weight()
    }
}

struct UntilToken {
    clock: Arc<dyn Clock>,
}

impl<E: Entry> Expiry<Key, Arc<E>> for UntilToken {
    fn expire_after_create(&self, _: &Key, entry: &Arc<E>, _: Instant) -> Option<Duration> {
        let left = entry.expires_at() - self.clock.now();
        Some(left.to_std().unwrap_or(Duration::ZERO).min(LONGEST))
    }
}

fn bounded<E: Entry>(max_bytes: u64, clock: Arc<dyn Clock>) -> Cache<Key, Arc<E>> {
    Cache::builder()
        .max_capacity(max_bytes)
        // The key, and what moka keeps beside an entry.
        .weigher(|key: &Key, entry: &Arc<E>| {
            entry.weight().saturating_add(u32::try_from(key.len()).unwrap_or_default() + 128)
        })
        .expire_after(UntilToken { clock })
        .build()
}

fn key(token: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}

#[async_trait]
impl PrincipalCache for Principals {
    async fn get(&self, token: &str) -> Option<Arc<CachedPrincipal>> {
        let found = self.cache.get(&key(token)).await;
        let result = if found.is_some() { "hit" } else { "miss" };
        metrics::counter!("tenantry_principal_cache_total", "result" => result).increment(1);
        found
    }

    async fn load(
        &self,
        token: &str,
        load: Loading<'_>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>> {
        self.cache.try_get_with(key(token), load).await
    }

    async fn forget(&self, token: &str) {
        self.cache.invalidate(&key(token)).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::SystemClock;

    struct Large {
        expires_at: DateTime<Utc>,
    }

    impl Entry for Large {
        fn expires_at(&self) -> DateTime<Utc> {
            self.expires_at
        }

        fn weight(&self) -> u32 {
            10_000
        }
    }

    #[tokio::test]
    async fn memory_is_bounded_under_a_flood_and_who_comes_often_stays() {
        let max_bytes = 1_000_000;
        let cache = bounded(max_bytes, Arc::new(SystemClock));
        let entry = || Arc::new(Large { expires_at: SystemClock.now() + TimeDelta::hours(1) });
        cache.insert(key("regular"), entry()).await;
        for number in 0..5_000 {
            assert!(cache.get(&key("regular")).await.is_some(), "after {number}");
            cache.insert(key(&format!("once {number}")), entry()).await;
        }
        cache.run_pending_tasks().await;
        assert!(cache.weighted_size() <= max_bytes);
        assert!(cache.entry_count() <= 98, "{} entries of 10 160 bytes", cache.entry_count());
    }

    #[tokio::test]
    async fn an_entry_that_has_expired_is_not_found() {
        let cache = bounded(1_000_000, Arc::new(SystemClock));
        cache.insert(key("late"), Arc::new(Large { expires_at: SystemClock.now() })).await;
        assert!(cache.get(&key("late")).await.is_none());
    }

    #[test]
    fn the_key_is_the_digest_of_the_whole_token() {
        let long = "x".repeat(5_000);
        assert_ne!(key(&format!("{long}a")), key(&format!("{long}b")));
        assert_ne!(key(&format!("a{long}")), key(&format!("b{long}")));
        assert_ne!(key(&long), key(&format!("{long}x")));
    }
}

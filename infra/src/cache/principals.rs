//! Principals by token. The key is the SHA-256 of the whole token, so that a token is not kept in memory and no two
//! can be confused; the entry is judged by `domain::access` on every hit.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use domain::access::{AuthenticationError, CachedPrincipal, Loading, PrincipalCache, TokenDigest};
use metrics::Counter;
use moka::future::Cache;

/// No entry lives longer than this, however long its token does: epochs older than it may be forgotten. Nor does it
/// end with its token: whoever finds it asks for that, and a time of its own for each entry would cost a timer each.
const LONGEST: Duration = Duration::from_hours(1);

/// Remembers principals, up to a number of bytes.
pub struct Principals {
    cache: Cache<TokenDigest, Arc<CachedPrincipal>>,
    hits: Counter,
    misses: Counter,
}

impl Principals {
    pub fn new(max_bytes: u64) -> Self {
        let counter = |result| metrics::counter!("tenantry_principal_cache_total", "result" => result);
        Self { cache: bounded(max_bytes), hits: counter("hit"), misses: counter("miss") }
    }
}

/// What is asked of an entry.
trait Entry: Send + Sync + 'static {
    /// Its size in bytes.
    fn weight(&self) -> u32;
}

impl Entry for CachedPrincipal {
    fn weight(&self) -> u32 {
        self.weight()
    }
}

fn bounded<E: Entry>(max_bytes: u64) -> Cache<TokenDigest, Arc<E>> {
    Cache::builder()
        .max_capacity(max_bytes)
        // The key, and what moka keeps beside an entry.
        .weigher(|key: &TokenDigest, entry: &Arc<E>| {
            entry.weight().saturating_add(u32::try_from(key.0.len()).unwrap_or_default() + 128)
        })
        .time_to_live(LONGEST)
        .build()
}

fn digest_of(token: &str) -> TokenDigest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    TokenDigest(bytes)
}

#[async_trait]
impl PrincipalCache for Principals {
    fn digest(&self, token: &str) -> TokenDigest {
        digest_of(token)
    }

    async fn get(&self, token: &TokenDigest) -> Option<Arc<CachedPrincipal>> {
        let found = self.cache.get(token).await;
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.increment(1);
        found
    }

    async fn load(
        &self,
        token: &TokenDigest,
        load: Loading<'_>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>> {
        self.cache.try_get_with(*token, load).await
    }

    async fn forget(&self, token: &TokenDigest) {
        self.cache.invalidate(token).await;
    }
}

/// Remembers nothing: each request's credential is judged anew.
#[derive(Clone, Copy, Debug)]
pub struct NoPrincipals;

#[async_trait]
impl PrincipalCache for NoPrincipals {
    fn digest(&self, _: &str) -> TokenDigest {
        TokenDigest([0; 32])
    }

    async fn get(&self, _: &TokenDigest) -> Option<Arc<CachedPrincipal>> {
        None
    }

    async fn load(
        &self,
        _: &TokenDigest,
        load: Loading<'_>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>> {
        load.await.map_err(Arc::new)
    }

    async fn forget(&self, _: &TokenDigest) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Large;

    impl Entry for Large {
        fn weight(&self) -> u32 {
            10_000
        }
    }

    #[tokio::test]
    async fn memory_is_bounded_under_a_flood_and_who_comes_often_stays() {
        let max_bytes = 1_000_000;
        let cache = bounded(max_bytes);
        cache.insert(digest_of("regular"), Arc::new(Large)).await;
        for number in 0..5_000 {
            assert!(cache.get(&digest_of("regular")).await.is_some(), "after {number}");
            cache.insert(digest_of(&format!("once {number}")), Arc::new(Large)).await;
        }
        cache.run_pending_tasks().await;
        assert!(cache.weighted_size() <= max_bytes);
        assert!(cache.entry_count() <= 98, "{} entries of 10 160 bytes", cache.entry_count());
    }

    #[test]
    fn the_key_is_the_digest_of_the_whole_token() {
        let long = "x".repeat(5_000);
        assert_ne!(digest_of(&format!("{long}a")), digest_of(&format!("{long}b")));
        assert_ne!(digest_of(&format!("a{long}")), digest_of(&format!("b{long}")));
        assert_ne!(digest_of(&long), digest_of(&format!("{long}x")));
    }
}

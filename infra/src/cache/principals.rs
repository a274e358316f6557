//! Principals by token. The key is the SHA-256 of the whole token, so that a token is not kept in memory and no two
//! can be confused; the entry is judged by `domain::access` on every hit.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
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

struct UntilToken {
    clock: Arc<dyn Clock>,
}

impl Expiry<Key, Arc<CachedPrincipal>> for UntilToken {
    fn expire_after_create(&self, _: &Key, entry: &Arc<CachedPrincipal>, _: Instant) -> Option<Duration> {
        let left = entry.expires_at() - self.clock.now();
        Some(left.to_std().unwrap_or(Duration::ZERO).min(LONGEST))
    }
}

impl Principals {
    pub fn new(max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        let cache = Cache::builder()
            .max_capacity(max_bytes)
            // The key, and what moka keeps beside an entry.
            .weigher(|key: &Key, entry: &Arc<CachedPrincipal>| {
                entry.weight().saturating_add(u32::try_from(key.len()).unwrap_or_default() + 128)
            })
            .expire_after(UntilToken { clock })
            .build();
        Self { cache }
    }
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

//! Identities by who they are; judged by `domain::access` on every use.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::{Identity, IdentityCache, IdentityKey, KnownOrganization},
    organizations::OrganizationOrigin,
};
use moka::future::Cache;

/// No entry lives longer than this: epochs older than it may be forgotten.
const LONGEST: Duration = Duration::from_hours(1);
/// The key, and what moka keeps beside an entry.
const BESIDE: u32 = 192;
/// Which part of the bytes organizations get: most have many people.
const OF_ORGANIZATIONS: u64 = 4;

/// Remembers identities, up to a number of bytes, and organizations, up to a part of that.
pub struct Identities {
    cache: Cache<IdentityKey, Arc<Identity>>,
    organizations: Cache<OrganizationOrigin, Arc<KnownOrganization>>,
}

impl Identities {
    pub fn new(max_bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_: &IdentityKey, identity: &Arc<Identity>| identity.weight().saturating_add(BESIDE))
            .time_to_live(LONGEST)
            .build();
        let organizations = Cache::builder()
            .max_capacity(max_bytes / OF_ORGANIZATIONS)
            .weigher(|_: &OrganizationOrigin, known: &Arc<KnownOrganization>| {
                known.weight().saturating_add(BESIDE)
            })
            .time_to_live(LONGEST)
            .build();
        Self { cache, organizations }
    }
}

#[async_trait]
impl IdentityCache for Identities {
    async fn get(&self, key: &IdentityKey) -> Option<Arc<Identity>> {
        self.cache.get(key).await
    }

    async fn keep(&self, key: IdentityKey, identity: Arc<Identity>) {
        self.cache.insert(key, identity).await;
    }

    async fn organization(&self, origin: &OrganizationOrigin) -> Option<Arc<KnownOrganization>> {
        self.organizations.get(origin).await
    }

    async fn keep_organization(&self, origin: OrganizationOrigin, organization: Arc<KnownOrganization>) {
        self.organizations.insert(origin, organization).await;
    }
}

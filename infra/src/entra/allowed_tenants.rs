//! The list of tenants that may enter, whose domains the authority resolves to tenant ids.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{AllowedTenant, AllowedTenants, TenantSelector, VerificationError},
    clock::Clock,
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{
    Authority,
    fetch::{FetchError, Limits},
    metadata::fetch_v2_issuer,
};

/// A domain is resolved anew after this; the old answer serves while the authority is down.
const RESOLVED: TimeDelta = TimeDelta::hours(24);
/// A domain that no tenant has verified may be verified soon.
const UNKNOWN: TimeDelta = TimeDelta::minutes(5);
/// After a failure, without and with an earlier answer.
const RETRY: TimeDelta = TimeDelta::seconds(5);
const RETRY_WITH_ANSWER: TimeDelta = TimeDelta::minutes(1);

/// Knows the list. Domains are resolved when they are first needed, each by one request at a time.
pub struct EntraAllowedTenants {
    ids: Vec<Uuid>,
    domains: Vec<Domain>,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

struct Domain {
    authority: Authority,
    answer: Mutex<Answer>,
    /// Held by whoever asks the authority.
    asking: tokio::sync::Mutex<()>,
}

/// What is known of a domain, and when to ask again (`None`: now).
#[derive(Clone, Copy)]
struct Answer {
    resolution: Resolution,
    ask_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resolution {
    Tenant(Uuid),
    /// The authority knows no tenant with this domain.
    NoTenant,
    /// Never answered.
    NotHad,
}

impl EntraAllowedTenants {
    /// Fetches nothing yet. Of the authority only the cloud counts, not its own tenant.
    pub fn new(
        entries: Vec<AllowedTenant>,
        authority: &Authority,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::with_limits(entries, authority, client, clock, Limits::STANDARD)
    }

    pub(super) fn with_limits(
        entries: Vec<AllowedTenant>,
        authority: &Authority,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        let (mut ids, mut domains) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                AllowedTenant::Id(id) => ids.push(id),
                AllowedTenant::Domain(domain) => domains.push(Domain {
                    authority: authority.with_tenant(TenantSelector::Domain(domain)),
                    answer: Mutex::new(Answer { resolution: Resolution::NotHad, ask_at: None }),
                    asking: tokio::sync::Mutex::new(()),
                }),
            }
        }
        Self { ids, domains, client, clock, limits }
    }

    /// What the domain stands for. An answer that is due to be renewed serves everyone but the one who renews it.
    async fn resolve(&self, domain: &Domain) -> Resolution {
        let answer = domain.answer();
        if !answer.is_due(self.clock.now()) {
            return answer.resolution;
        }
        let asking = if answer.resolution == Resolution::NotHad {
            domain.asking.lock().await
        } else {
            match domain.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return answer.resolution,
            }
        };
        // Somebody else may have asked while this request waited.
        let answer = domain.answer();
        if !answer.is_due(self.clock.now()) {
            return answer.resolution;
        }
        let fetched = fetch_v2_issuer(&self.client, &domain.authority, self.limits).await;
        let tenant =
            fetched.and_then(|issuer| issuer.tenant().ok_or(FetchError::Unusable("no tenant in it")));
        let renewed = domain.renewed(answer.resolution, tenant, self.clock.now());
        *domain.answer.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        drop(asking);
        renewed.resolution
    }
}

#[async_trait]
impl AllowedTenants for EntraAllowedTenants {
    async fn contains(&self, tenant: Uuid) -> Result<bool, VerificationError> {
        let wanted = Resolution::Tenant(tenant);
        let now = self.clock.now();
        let is_known = |domain: &Domain| {
            let answer = domain.answer();
            !answer.is_due(now) && answer.resolution == wanted
        };
        if self.ids.contains(&tenant) || self.domains.iter().any(is_known) {
            return Ok(true);
        }
        let resolutions = join_all(self.domains.iter().map(|domain| self.resolve(domain))).await;
        if resolutions.contains(&wanted) {
            Ok(true)
        } else if resolutions.contains(&Resolution::NotHad) {
            let retry_after = RETRY.to_std().unwrap_or(Duration::from_secs(1));
            Err(VerificationError::Unavailable { retry_after })
        } else {
            Ok(false)
        }
    }
}

impl Domain {
    fn answer(&self) -> Answer {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renewed(&self, had: Resolution, tenant: Result<Uuid, FetchError>, now: DateTime<Utc>) -> Answer {
        let domain = self.authority.tenant();
        match tenant {
            Ok(tenant) => {
                if had != Resolution::Tenant(tenant) {
                    tracing::info!(%domain, %tenant, "a domain of the tenant list was resolved");
                }
                Answer { resolution: Resolution::Tenant(tenant), ask_at: Some(now + RESOLVED) }
            }
            Err(error) if is_unknown_tenant(&error) => {
                tracing::warn!(%domain, "no tenant has verified a domain of the tenant list: it admits nobody");
                Answer { resolution: Resolution::NoTenant, ask_at: Some(now + UNKNOWN) }
            }
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::warn!(%domain, error, "a domain of the tenant list cannot be resolved");
                let pause = if had == Resolution::NotHad { RETRY } else { RETRY_WITH_ANSWER };
                Answer { resolution: had, ask_at: Some(now + pause) }
            }
        }
    }
}

impl Answer {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.ask_at.is_none_or(|at| now >= at)
    }
}

/// `400 invalid_tenant` (AADSTS90002).
fn is_unknown_tenant(error: &FetchError) -> bool {
    matches!(error, FetchError::Status { status: 400, error: Some(code) } if code == "invalid_tenant")
}

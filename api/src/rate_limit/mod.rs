//! How often anybody may call: by client address before authentication, by principal and by organization after it.
//!
//! The algorithm is GCRA (governor's), so a limit of `600/10s` allows 600 requests at once and then one each 17 ms;
//! there is no window whose end everybody waits for. What a reader would get wrong: the address is limited before it
//! is known who calls, so everybody behind one address shares that limit.

mod headers;
mod key;
mod local;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    access::Principal,
    clock::Clock,
    id::TypedId,
    rate::{Allowance, Draw, SharedRates, Standing},
};
use poem::{Request, http::HeaderMap};

pub(crate) use self::key::network;
use self::{headers::Policies, key::ClientAddress, local::LocalLimit};
use crate::{config::HttpConfig, context::RequestContext, error::ApiError};

/// How often keys that nobody uses are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(30);
/// The period of the limits of API keys.
const MINUTE: Duration = Duration::from_mins(1);
/// Whoever asks whether the service lives must always be answered.
const FREE: [&str; 2] = ["/healthz", "/readyz"];

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Address,
    Principal,
    Organization,
    /// What an API key has of its own, beside the principal's.
    ApiKey,
    /// Of sensitive operations: the client address, and the account or session that they are about.
    AuthAddress,
    AuthSubject,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Address, Self::Principal, Self::Organization, Self::AuthAddress, Self::AuthSubject];

    fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Principal => "principal",
            Self::Organization => "organization",
            Self::ApiKey => "api_key",
            Self::AuthAddress => "auth-address",
            Self::AuthSubject => "auth-subject",
        }
    }
}

/// The limits of one process, and those that it shares with others.
pub(crate) struct RateLimits {
    shared: Option<Arc<dyn SharedRates>>,
    address: Option<LocalLimit>,
    principal: Option<LocalLimit>,
    organization: Option<LocalLimit>,
    /// By requests in a minute: there are few different ones.
    api_keys: Mutex<HashMap<NonZeroU32, Arc<LocalLimit>>>,
    clock: Arc<dyn Clock>,
    auth_address: Option<LocalLimit>,
    auth_subject: Option<LocalLimit>,
    policies: Policies,
}

impl RateLimits {
    pub(crate) fn new(
        config: &HttpConfig,
        clock: &Arc<dyn Clock>,
        shared: Option<Arc<dyn SharedRates>>,
    ) -> Self {
        let limit = |allowance: Option<Allowance>| {
            allowance.map(|allowance| LocalLimit::new(allowance, Arc::clone(clock)))
        };
        Self {
            shared,
            address: limit(config.rate_limit_address),
            principal: limit(config.rate_limit_principal),
            organization: limit(config.rate_limit_organization),
            api_keys: Mutex::default(),
            clock: Arc::clone(clock),
            auth_address: limit(config.rate_limit_auth),
            auth_subject: limit(config.rate_limit_auth),
            policies: Policies::new(config),
        }
    }

    /// The limit of the keys that may be used so often in a minute.
    fn of_keys(&self, requests: NonZeroU32) -> Arc<LocalLimit> {
        let mut limits = self.api_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let allowance = Allowance { requests, period: MINUTE };
            Arc::new(LocalLimit::new(allowance, Arc::clone(&self.clock)))
        };
        Arc::clone(limits.entry(requests).or_insert_with(new))
    }

    fn of(&self, kind: Kind) -> Option<&LocalLimit> {
        match kind {
            Kind::Address => self.address.as_ref(),
            Kind::Principal => self.principal.as_ref(),
            Kind::Organization => self.organization.as_ref(),
            Kind::ApiKey => None,
            Kind::AuthAddress => self.auth_address.as_ref(),
            Kind::AuthSubject => self.auth_subject.as_ref(),
        }
    }

    /// Forgets idle keys for as long as the process lives; nothing else would.
    pub(crate) async fn forget_idle(self: Arc<Self>) {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            for limit in Kind::ALL.iter().filter_map(|kind| self.of(*kind)) {
                limit.forget_idle();
            }
            let mut of_keys = self.api_keys.lock().unwrap_or_else(PoisonError::into_inner);
            of_keys.retain(|_, limit| {
                limit.forget_idle();
                !limit.is_empty()
            });
        }
    }
}

/// What one request took from the limits.
pub(crate) struct Meter {
    limits: Arc<RateLimits>,
    taken: Mutex<Taken>,
}

/// Of all limits that a request was taken from, what the answer tells.
#[derive(Clone, Copy, Default)]
struct Taken {
    /// The one that is nearest to a refusal.
    nearest: Option<Standing>,
    /// Whether one was another than the address's.
    is_known: bool,
    is_sensitive: bool,
}

impl Taken {
    fn add(&mut self, kind: Kind, standing: Standing) {
        if self.nearest.is_none_or(|nearest| share_left(&standing) < share_left(&nearest)) {
            self.nearest = Some(standing);
        }
        self.is_known |= kind != Kind::Address;
        self.is_sensitive |= matches!(kind, Kind::AuthAddress | Kind::AuthSubject);
    }
}

/// How near a standing is to a refusal: the smaller, the nearer.
fn share_left(standing: &Standing) -> f64 {
    if standing.retry_after.is_some() {
        return -1.0;
    }
    f64::from(standing.remaining) / f64::from(standing.limit.max(1))
}

impl Meter {
    pub(crate) fn new(limits: Arc<RateLimits>) -> Self {
        Self { limits, taken: Mutex::default() }
    }

    /// Writes what is left of the limits on a response.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let taken = *self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.limits.policies.write(&taken, headers);
    }

    /// Takes one request from the limit that an API key has of its own.
    async fn take_of_key(&self, requests: NonZeroU32, key: u128) -> Result<(), ApiError> {
        let limit = self.limits.of_keys(requests);
        if let Some(shared) = &self.limits.shared {
            let name = name(Kind::ApiKey, key);
            let draw = Draw { key: &name, allowance: limit.allowance() };
            if let Ok([standing]) = shared.take(&[draw]).await.as_deref() {
                return self.judge(Kind::ApiKey, *standing);
            }
        }
        self.judge(Kind::ApiKey, limit.take(key))
    }

    /// Takes one request from each limit that there is.
    async fn take(&self, keys: &[(Kind, u128)]) -> Result<(), ApiError> {
        let limited = keys.iter().filter_map(|(kind, key)| Some((*kind, *key, self.limits.of(*kind)?)));
        if let Some(shared) = &self.limits.shared {
            let limited: Vec<_> = limited.clone().collect();
            let names: Vec<String> = limited.iter().map(|(kind, key, _)| name(*kind, *key)).collect();
            let draws = names.iter().zip(&limited);
            let draws: Vec<Draw<'_>> =
                draws.map(|(key, (_, _, limit))| Draw { key, allowance: limit.allowance() }).collect();
            if draws.is_empty() {
                return Ok(());
            }
            if let Ok(standings) = shared.take(&draws).await {
                let mut kinds = limited.iter().map(|(kind, _, _)| *kind).zip(standings);
                return kinds.try_for_each(|(kind, standing)| self.judge(kind, standing));
            }
        }
        for (kind, key, limit) in limited {
            self.judge(kind, limit.take(key))?;
        }
        Ok(())
    }

    fn judge(&self, kind: Kind, standing: Standing) -> Result<(), ApiError> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).add(kind, standing);
        match standing.retry_after {
            None => Ok(()),
            Some(wait) => {
                tracing::info!(limit = kind.word(), "rate limited");
                Err(ApiError::rate_limited(wait))
            }
        }
    }
}

/// The key's name where several processes look for it.
fn name(kind: Kind, key: u128) -> String {
    format!("tenantry:rate:{}:{key:032x}", kind.word())
}

/// Takes a request of a caller who is known now.
pub(crate) async fn take_caller(request: &Request, principal: &Principal) -> Result<(), ApiError> {
    let Some(RequestContext { meter, .. }) = RequestContext::of(request) else { return Ok(()) };
    let organization = principal.organization().id.uuid().as_u128();
    let api_key = principal.api_key().map(|identity| &identity.key);
    // A key has its own share beside its owner's.
    let caller = api_key.map_or(principal.user().id.uuid(), |key| key.id.uuid()).as_u128();
    if let Some(requests) = api_key.and_then(|key| key.requests_per_minute).and_then(NonZeroU32::new) {
        meter.take_of_key(requests, caller).await?;
    }
    meter.take(&[(Kind::Principal, caller), (Kind::Organization, organization)]).await
}

/// Takes a request of a sensitive operation, by the address that it comes from.
pub(crate) async fn take_auth_address(request: &Request) -> Result<(), ApiError> {
    let Some(RequestContext { origin, meter, .. }) = RequestContext::of(request) else { return Ok(()) };
    let Some(ip) = origin.ip else { return Ok(()) };
    meter.take(&[(Kind::AuthAddress, key::network(ip))]).await
}

/// Takes a request of a sensitive operation, by the account or session that it is about.
pub(crate) async fn take_auth_subject(request: &Request, subject: impl TypedId) -> Result<(), ApiError> {
    let Some(RequestContext { meter, .. }) = RequestContext::of(request) else { return Ok(()) };
    meter.take(&[(Kind::AuthSubject, subject.uuid().as_u128())]).await
}

/// Takes a request from the limit of its client address.
pub(crate) async fn take_address(request: &mut Request) -> Result<(), ApiError> {
    if FREE.contains(&request.uri().path()) {
        return Ok(());
    }
    let Some(key) = ClientAddress.of(request) else { return Ok(()) };
    let Some(RequestContext { meter, .. }) = RequestContext::of(request) else { return Ok(()) };
    meter.take(&[(Kind::Address, key)]).await
}

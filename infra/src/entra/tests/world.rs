//! A verifier with its authority and its clock.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{Rejection, TenantSelector, TokenVerifier, VerificationError, VerifiedToken},
    clock::Clock,
    entropy::Entropy,
};

use super::{
    fake_authority::{Document, FakeAuthority},
    tokens::{CLIENT, Key, Token},
};
use crate::entra::{Authority, AuthorityKeys, BearerVerifier, fetch::Limits, parse_guid};

/// When the tests begin, in seconds.
pub(super) const NOW: i64 = 1_800_000_000;

/// Generous, so that a slow machine fails no test.
pub(super) const PATIENT: Limits =
    Limits { document: Duration::from_secs(20), refresh: Duration::from_secs(30), size: 64 * 1024 };
/// For answers that never come.
pub(super) const IMPATIENT: Limits =
    Limits { document: Duration::from_millis(100), refresh: Duration::from_millis(200), size: 64 * 1024 };

pub(super) struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self(Mutex::new(DateTime::from_timestamp(NOW, 0).unwrap())))
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Always the same bytes: with all bits set, the longest jitter.
pub(super) struct Constant(pub u8);

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

pub(super) struct World {
    pub fake: FakeAuthority,
    pub clock: Arc<TestClock>,
    pub verifier: Arc<BearerVerifier>,
}

impl World {
    /// Of any tenant, with a key for work tenants and one for personal accounts. Nothing is fetched yet.
    pub(super) async fn start() -> Self {
        Self::of("common").await
    }

    pub(super) async fn of(tenant: &str) -> Self {
        let fake = FakeAuthority::start(vec![Key::Work.jwk(), Key::Personal.jwk()]).await;
        Self::with(fake, tenant, PATIENT, &[])
    }

    pub(super) fn with(fake: FakeAuthority, tenant: &str, limits: Limits, audiences: &[&str]) -> Self {
        let authority = Authority::new(fake.base().parse().unwrap(), selector(tenant));
        let clock = TestClock::start();
        let keys = AuthorityKeys::with_limits(
            authority,
            client(),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Constant(0xff)),
            limits,
        );
        let audiences = audiences.iter().map(|&text| text.to_owned()).collect();
        let verifier = BearerVerifier::with_keys(
            keys,
            CLIENT.parse().unwrap(),
            audiences,
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self { fake, clock, verifier: Arc::new(verifier.unwrap()) }
    }

    pub(super) fn keys(&self) -> &Arc<AuthorityKeys> {
        self.verifier.keys()
    }

    pub(super) async fn verify(&self, token: &Token) -> Result<VerifiedToken, VerificationError> {
        self.verifier.verify(&token.sign()).await
    }

    /// Why a token is refused. Panics when it is not.
    pub(super) async fn refusal(&self, token: &Token) -> Rejection {
        self.refusal_of(&token.sign()).await
    }

    pub(super) async fn refusal_of(&self, token: &str) -> Rejection {
        match self.verifier.verify(token).await {
            Err(VerificationError::Rejected(rejection)) => rejection,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// How often the keys were fetched.
    pub(super) fn fetches(&self) -> usize {
        self.fake.count(Document::Keys)
    }
}

pub(super) fn is_unavailable<T>(result: &Result<T, VerificationError>) -> bool {
    matches!(result, Err(VerificationError::Unavailable { .. }))
}

#[expect(clippy::disallowed_methods, reason = "the shared client is the caller's; this one stands for it")]
pub(super) fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.build().unwrap()
}

/// A selector as an operator would write it.
fn selector(text: &str) -> TenantSelector {
    match text {
        "common" => TenantSelector::Common,
        "organizations" => TenantSelector::Organizations,
        "consumers" => TenantSelector::Consumers,
        text => {
            parse_guid(text).map_or_else(|| TenantSelector::Domain(text.to_owned()), TenantSelector::Tenant)
        }
    }
}

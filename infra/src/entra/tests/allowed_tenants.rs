//! The list of tenants, with domains that the authority resolves.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{
    access::{AllowedTenant, AllowedTenants, TenantSelector},
    clock::Clock,
};
use uuid::Uuid;

use super::{
    fake_authority::{Answer, Document, FakeAuthority},
    tokens::{OTHER_TENANT, TENANT},
    world::{PATIENT, TestClock, client, is_unavailable},
};
use crate::entra::{Authority, EntraAllowedTenants, parse_guid};

struct List {
    fake: FakeAuthority,
    clock: Arc<TestClock>,
    tenants: Arc<EntraAllowedTenants>,
}

impl List {
    async fn of(entries: &[&str]) -> Self {
        let fake = FakeAuthority::start(Vec::new()).await;
        let authority = Authority::new(fake.base().parse().unwrap(), TenantSelector::Common);
        let entries = entries
            .iter()
            .map(|entry| {
                parse_guid(entry)
                    .map_or_else(|| AllowedTenant::Domain((*entry).to_owned()), AllowedTenant::Id)
            })
            .collect();
        let clock = TestClock::start();
        let as_clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let list = EntraAllowedTenants::with_limits(entries, &authority, client(), as_clock, PATIENT);
        Self { fake, clock, tenants: Arc::new(list) }
    }

    async fn admits(&self, tenant: &str) -> bool {
        self.tenants.contains(id(tenant)).await.unwrap()
    }

    fn asked(&self) -> usize {
        self.fake.count(Document::V2)
    }
}

fn id(tenant: &str) -> Uuid {
    tenant.parse().unwrap()
}

#[tokio::test]
async fn ids_are_compared_without_asking_anybody() {
    let list = List::of(&[TENANT]).await;
    assert!(list.admits(TENANT).await);
    assert!(!list.admits(OTHER_TENANT).await);
    assert_eq!(list.asked(), 0);
}

#[tokio::test]
async fn a_domain_is_resolved_once_and_kept_for_a_day() {
    let list = List::of(&["contoso.com"]).await;
    list.fake.set_domain("contoso.com", TENANT);
    for _ in 0..5 {
        assert!(list.admits(TENANT).await);
        assert!(!list.admits(OTHER_TENANT).await);
    }
    assert_eq!(list.asked(), 1);
    list.fake.set_domain("contoso.com", OTHER_TENANT);
    list.clock.advance(TimeDelta::hours(24));
    assert!(!list.admits(TENANT).await);
    assert!(list.admits(OTHER_TENANT).await);
    assert_eq!(list.asked(), 2);
}

#[tokio::test]
async fn concurrent_requests_resolve_a_domain_once() {
    let list = List::of(&["contoso.com"]).await;
    list.fake.set_domain("contoso.com", TENANT);
    list.fake.hold();
    let requests: Vec<_> = (0..32)
        .map(|_| {
            let list = Arc::clone(&list.tenants);
            tokio::spawn(async move { list.contains(id(TENANT)).await.unwrap() })
        })
        .collect();
    while list.asked() == 0 {
        tokio::task::yield_now().await;
    }
    list.fake.release();
    for request in requests {
        assert!(request.await.unwrap());
    }
    assert_eq!(list.asked(), 1);
}

#[tokio::test]
async fn an_answer_serves_on_while_the_authority_is_down() {
    let list = List::of(&["contoso.com"]).await;
    list.fake.set_domain("contoso.com", TENANT);
    assert!(list.admits(TENANT).await);
    list.fake.answer_all(&Answer::Status(503));
    list.clock.advance(TimeDelta::hours(48));
    assert!(list.admits(TENANT).await);
    assert!(!list.admits(OTHER_TENANT).await);
    assert_eq!(list.asked(), 2, "and it is not asked on every request");
}

#[tokio::test]
async fn without_any_answer_it_is_unavailable_unless_another_entry_matches() {
    let list = List::of(&["contoso.com", OTHER_TENANT]).await;
    list.fake.set_domain("contoso.com", TENANT);
    list.fake.answer_all(&Answer::Status(503));
    assert!(list.admits(OTHER_TENANT).await);
    for _ in 0..10 {
        assert!(is_unavailable(&list.tenants.contains(id(TENANT)).await));
    }
    assert_eq!(list.asked(), 1);
    list.fake.answer_all(&Answer::Good);
    list.clock.advance(TimeDelta::seconds(5));
    assert!(list.admits(TENANT).await);
}

#[tokio::test]
async fn a_domain_that_no_tenant_has_admits_nobody_and_is_asked_about_now_and_then() {
    let list = List::of(&["contoso.com", "fabrikam.com"]).await;
    list.fake.set_domain("fabrikam.com", OTHER_TENANT);
    for _ in 0..5 {
        assert!(!list.admits(TENANT).await);
        assert!(list.admits(OTHER_TENANT).await);
    }
    assert_eq!(list.asked(), 2);
    list.fake.set_domain("contoso.com", TENANT);
    list.clock.advance(TimeDelta::minutes(5));
    assert!(list.admits(TENANT).await);
    list.fake.remove_domain("contoso.com");
    list.clock.advance(TimeDelta::hours(24));
    assert!(!list.admits(TENANT).await, "a domain that its tenant gave up");
}

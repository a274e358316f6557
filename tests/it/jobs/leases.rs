//! Nobody else gets what somebody works on, until they end, give it back or die.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use domain::{
    id::{OrgId, TypedId},
    jobs::{JobQueue, Kind, LEASE, Leasing, Settlement},
};
use tests::TestApp;
use uuid::Uuid;

use super::{due, queue};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_that_many_claim_at_once_are_each_claimed_once() {
    let app = TestApp::start().await;
    let queues = [queue(&app, 10).await, queue(&app, 11).await, queue(&app, 12).await];
    let keys = due(&app, &queues[0], 60).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12 {
        let queue = queues[number % queues.len()].clone();
        tasks.spawn(async move {
            let mut got = Vec::new();
            loop {
                let jobs = queue.claim(4).await.expect("the database answers");
                if jobs.is_empty() {
                    return got;
                }
                got.extend(jobs.into_iter().map(|job| job.key));
            }
        });
    }
    let got: Vec<Uuid> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(got.len(), keys.len(), "none twice");
    assert_eq!(got.into_iter().collect::<HashSet<_>>(), keys);
}

#[tokio::test]
async fn a_lease_that_is_renewed_lasts_and_one_that_is_not_is_somebody_elses() {
    let app = TestApp::start().await;
    let (one, other) = (queue(&app, 10).await, queue(&app, 11).await);
    due(&app, &one, 1).await;
    let held = one.claim(9).await.unwrap().remove(0);
    assert_eq!(held.attempt, 1);
    app.advance(LEASE - TimeDelta::seconds(1));
    assert!(other.claim(9).await.unwrap().is_empty());
    assert!(one.renew(&held.lease).await.unwrap());
    app.advance(LEASE - TimeDelta::seconds(1));
    assert!(other.claim(9).await.unwrap().is_empty());
    app.advance(TimeDelta::seconds(2));
    let taken = other.claim(9).await.unwrap().remove(0);
    assert_eq!((taken.key, taken.attempt), (held.key, 2));
    assert!(!one.renew(&held.lease).await.unwrap(), "it was lost");
    for settlement in [Settlement::Done, Settlement::Again(app.clock.peek()), Settlement::Release] {
        assert!(!one.settle(&held.lease, settlement).await.unwrap(), "{settlement:?}");
    }
    assert!(other.renew(&taken.lease).await.unwrap(), "nothing was done to it");
    assert!(other.settle(&taken.lease, Settlement::Done).await.unwrap());
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs WHERE kind = 'service.tidy'").await, 0);
}

#[tokio::test]
async fn each_settlement_leaves_the_row_that_it_says() {
    let app = TestApp::start().await;
    let queue = queue(&app, 10).await;
    due(&app, &queue, 1).await;
    let first = queue.claim(1).await.unwrap().remove(0);
    let later = app.clock.peek() + TimeDelta::hours(1);
    assert!(queue.settle(&first.lease, Settlement::Retry(later)).await.unwrap());
    assert!(queue.claim(1).await.unwrap().is_empty(), "not before its time");
    app.advance(TimeDelta::hours(2));
    let second = queue.claim(1).await.unwrap().remove(0);
    assert_eq!(second.attempt, 2, "failures are counted");
    assert!(queue.settle(&second.lease, Settlement::Release).await.unwrap());
    let released = queue.claim(1).await.unwrap().remove(0);
    assert_eq!(released.attempt, 2, "what was given back does not count");
    assert!(queue.settle(&released.lease, Settlement::Again(app.clock.peek())).await.unwrap());
    let again = queue.claim(1).await.unwrap().remove(0);
    assert_eq!(again.attempt, 1, "a success ends the count");
    assert!(queue.settle(&again.lease, Settlement::GiveUp).await.unwrap());
    app.advance(TimeDelta::days(365));
    assert!(queue.claim(1).await.unwrap().is_empty(), "what was given up is not claimed again");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM jobs WHERE kind = 'service.tidy'").await, 1);
}

#[tokio::test]
async fn a_kind_that_this_version_does_not_know_is_left_to_the_one_that_does() {
    let app = TestApp::start().await;
    let queue = queue(&app, 10).await;
    due(&app, &queue, 1).await;
    app.database.execute("UPDATE jobs SET kind = 'of.the.future'").await;
    assert!(queue.claim(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_request_needs_at_once_is_done_by_one_and_the_others_wait() {
    let app = TestApp::start().await;
    let me = app.user("adele").get("/api/auth/me").await.expect(200);
    let org_id = OrgId::from_uuid(me.text_at("/data/organization/id").parse().unwrap());
    let (kind, key) = (Kind::OrganizationTidy, org_id.uuid());
    let (one, other) = (queue(&app, 10).await, queue(&app, 11).await);
    let Leasing::Taken(lease) = one.try_lease(org_id, kind, key).await.unwrap() else {
        panic!("the row is there, due tomorrow, and nobody works on it");
    };
    assert_eq!(other.try_lease(org_id, kind, key).await.unwrap(), Leasing::Busy);
    assert!(!other.wait_until_free(kind, key, Duration::from_millis(30)).await.unwrap());
    app.advance(TimeDelta::seconds(30));
    assert!(other.claim(9).await.unwrap().is_empty(), "the workers leave it alone too");
    let waiting = tokio::spawn(async move {
        assert!(other.wait_until_free(kind, key, Duration::from_secs(20)).await.unwrap());
        other.try_lease(org_id, kind, key).await.unwrap()
    });
    assert!(one.settle(&lease, Settlement::Again(app.clock.peek())).await.unwrap());
    assert!(matches!(waiting.await.unwrap(), Leasing::Taken(_)));
    assert_eq!(one.try_lease(org_id, kind, Uuid::from_u128(7)).await.unwrap(), Leasing::Absent);
    let stranger = OrgId::from_uuid(Uuid::from_u128(7));
    assert_eq!(one.try_lease(stranger, kind, key).await.unwrap(), Leasing::Absent, "another organization's");
    assert!(one.wait_until_free(kind, Uuid::from_u128(7), Duration::from_secs(20)).await.unwrap());
}

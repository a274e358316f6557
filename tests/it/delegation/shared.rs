//! Tokens that replicas share in Redis.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use tests::{
    Actor, Redis, TestApp,
    emulator::{AccessPolicy, Endpoint, Fault},
};

use super::{DELEGATION, asked};

const SITES: &str = "/api/sharepoint/sites?search=marketing";

async fn app(redis: &Redis) -> TestApp {
    TestApp::builder().set("REDIS_URL", &redis.url()).start().await
}

#[tokio::test]
async fn a_second_replica_asks_for_nothing_that_the_first_has_had() {
    let Some(redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let replica = app.replica().await;
    let adele = app.user("adele");
    let adele_there = replica.token(adele.token.as_deref().unwrap());
    let here = adele.get(DELEGATION).await.expect(200);
    let there = adele_there.get(DELEGATION).await.expect(200);
    assert_eq!(here.at("/data"), there.at("/data"));
    assert_eq!(asked(&app), 1);

    // Another token of hers is another matter, there as here.
    app.emulator.add_policy(AccessPolicy::block("Microsoft Graph"));
    replica.user("adele").get(DELEGATION).await.expect(403);
    replica.user_in("adele", "fabrikam").get(DELEGATION).await.expect(403);
    adele_there.get(DELEGATION).await.expect(200);
}

/// The resource refuses the token that all have; what the first has in its place is good enough for the others.
#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all_replicas_and_not_taken_from_redis_again() {
    let Some(redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let (second, last) = (app.replica().await, app.replica().await);
    let here = app.user("adele");
    let [there, third] = [&second, &last].map(|replica| replica.token(here.token.as_deref().unwrap()));
    for adele in [&here, &there, &third] {
        adele.get(SITES).await.expect(200);
    }
    assert_eq!(asked(&app), 1);
    let name = names(&redis).await.remove(0);
    redis.command(&["COPY", &name, "refused"]).await;
    for (adele, is_in_redis, expected) in [(&here, false, 2), (&there, false, 2), (&third, true, 3)] {
        if is_in_redis {
            redis.command(&["COPY", "refused", &name, "REPLACE"]).await;
        }
        app.emulator.set_fault(Fault::status(Endpoint::Graph, 401).times(1));
        adele.get(SITES).await.expect(200);
        assert_eq!(asked(&app), expected, "what another replica has had is taken, and no refused one");
    }
}

/// All who are refused at the same time, on all replicas: whoever comes to a replica's replacement late must neither throw
/// it away nor take the refused one out of Redis again.
#[tokio::test]
async fn many_who_are_refused_at_once_get_one_new_token_on_each_replica() {
    const EACH: u64 = 10;
    let Some(redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let (second, last) = (app.replica().await, app.replica().await);
    let here = app.user("adele");
    let bearer = here.token.as_deref().unwrap();
    let everywhere = [here.clone(), second.token(bearer), last.token(bearer)];
    for adele in &everywhere {
        adele.get(SITES).await.expect(200);
    }
    assert_eq!(asked(&app), 1);
    let sent = || -> Vec<String> {
        let seen = app.emulator.seen(Endpoint::Graph);
        seen.iter().filter_map(|seen| seen.header("authorization").map(str::to_owned)).collect()
    };
    let before = sent();
    let refused = before.last().unwrap().clone();

    // Nobody has another token before all of them were refused.
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_hours(1)));
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 401));
    let all = join_all((0..EACH).flat_map(|_| everywhere.iter().map(|adele| adele.get(SITES))));
    let all_are_refused = async {
        let all = before.len() + 3 * usize::try_from(EACH).unwrap();
        while sent().len() < all || asked(&app) < 1 + 3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        app.emulator.clear_faults();
    };
    let both = async { tokio::join!(all, all_are_refused) };
    let both = tokio::time::timeout(Duration::from_mins(1), both).await;
    let (answers, ()) = both.expect("all are refused, and asked for once on each replica");
    for answer in answers {
        answer.expect(200);
    }
    let new: Vec<_> = sent().into_iter().skip(before.len()).filter(|token| *token != refused).collect();
    assert_eq!(new.len() as u64, 3 * EACH, "each was sent again, once");
    assert!(new.iter().collect::<BTreeSet<_>>().len() <= 3, "one token for all on a replica");
    // All of them stay, and what is in Redis is one of them.
    let (asked_by_now, sent_by_now) = (asked(&app), sent().len());
    let newcomer = app.replica().await;
    for adele in everywhere.iter().chain([&newcomer.token(bearer)]) {
        adele.get(SITES).await.expect(200);
    }
    assert_eq!(asked(&app), asked_by_now);
    assert!(sent()[sent_by_now..].iter().all(|token| new.contains(token)));
}

#[tokio::test]
async fn what_is_in_redis_is_sealed_and_does_not_outlive_a_change() {
    let Some(redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    alex.get(DELEGATION).await.expect(200);
    let name = names(&redis).await.remove(0);
    let sealed = redis.command(&["GET", &name]).await;
    for plain in ["eyJ", "graph.microsoft.com", "expires_at", "User.Read"] {
        assert!(!sealed.windows(plain.len()).any(|window| window == plain.as_bytes()), "{plain}");
    }
    let left = String::from_utf8(redis.command(&["PTTL", &name]).await).unwrap();
    let left: i64 = left.trim().trim_start_matches(':').parse().unwrap();
    assert!((1..=28 * 60 * 60 * 1000).contains(&left), "{left}");

    let me = alex.get("/api/auth/me").await.expect(200).text_at("/data/id");
    admin.post(&format!("/api/members/{me}/suspend"), json!(null)).await.expect(200);
    admin.post(&format!("/api/members/{me}/reactivate"), json!(null)).await.expect(200);
    let replica = app.replica().await;
    replica.token(alex.token.as_deref().unwrap()).get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2, "what was had before the change is not served");
}

/// The name under which an actor's token is, which is the one that their request adds.
async fn name_of(redis: &Redis, actor: &Actor) -> String {
    let before = names(redis).await;
    actor.get(DELEGATION).await.expect(200);
    let mut added = names(redis).await;
    added.retain(|name| !before.contains(name));
    assert_eq!(added.len(), 1, "{added:?}");
    added.remove(0)
}

async fn names(redis: &Redis) -> Vec<String> {
    let names = redis.command(&["KEYS", "tenantry:delegated:*"]).await;
    let names = String::from_utf8(names).expect("names are text");
    names.lines().filter(|line| line.starts_with("tenantry:")).map(|name| name.trim().to_owned()).collect()
}

#[tokio::test]
async fn what_was_not_put_under_its_name_does_not_open() {
    let Some(redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    let hers = name_of(&redis, &adele).await;
    let his = name_of(&redis, &alex).await;
    assert_eq!(asked(&app), 2);
    // As they are, another replica takes them.
    let replica = app.replica().await;
    for actor in [&adele, &alex] {
        replica.token(actor.token.as_deref().unwrap()).get(DELEGATION).await.expect(200);
    }
    assert_eq!(asked(&app), 2);

    // What another one's token was, and what somebody else wrote. A replica that remembers nothing asks anew.
    let copied = redis.command(&["COPY", &his, &hers, "REPLACE"]).await;
    assert!(copied.starts_with(b":1"), "{copied:?}");
    let planted = redis.command(&["SET", &his, "planted"]).await;
    assert!(planted.starts_with(b"+OK"));
    let replica = app.replica().await;
    for (index, actor) in [&adele, &alex].into_iter().enumerate() {
        replica.token(actor.token.as_deref().unwrap()).get(DELEGATION).await.expect(200);
        assert_eq!(asked(&app), 3 + index as u64);
    }
}

#[tokio::test]
async fn without_redis_each_replica_asks_for_itself() {
    let Some(mut redis) = Redis::start().await else { return };
    let app = app(&redis).await;
    let replica = app.replica().await;
    let adele = app.user("adele");
    adele.get(DELEGATION).await.expect(200);
    redis.kill().await;
    replica.token(adele.token.as_deref().unwrap()).get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2);
    adele.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2);
}

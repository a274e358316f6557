//! Requests with one key at the same time.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use tests::{Actor, Response, TestApp, is_postgres};
use tokio::task::JoinSet;

use super::{ANNOTATIONS, TAXONOMIES, events, id, is_replayed, keyed, keys, named, on_item, taxonomies};

async fn at_once(actors: Vec<Actor>) -> Vec<Response> {
    let mut requests = JoinSet::new();
    for actor in actors {
        requests.spawn(async move { actor.post(ANNOTATIONS, on_item("item")).await });
    }
    requests.join_all().await
}

/// The ones that made it, the ones that were shown it, and the ones that were told to come again.
fn sort(responses: &[Response]) -> [usize; 3] {
    let count = |status: u16, replayed: bool| {
        responses.iter().filter(|it| it.status.as_u16() == status && is_replayed(it) == replayed).count()
    };
    [count(201, false), count(201, true), count(409, false)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_at_once_one_makes_the_thing_on_two_replicas() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let key = |app: &TestApp| keyed(&app.user("adele"), "k");
    key(&app).get("/api/auth/me").await.expect(200);
    key(&replica).get("/api/auth/me").await.expect(200);
    let actors = (0..32).map(|number| key(if number % 2 == 0 { &app } else { &replica })).collect();
    let responses = at_once(actors).await;
    let [made, shown, refused] = sort(&responses);
    assert_eq!((made, made + shown + refused), (1, 32), "{responses:?}");
    for response in responses.iter().filter(|response| response.status.as_u16() == 409) {
        assert_eq!((response.code().as_str(), response.header("retry-after")), ("CONFLICT", Some("1")));
        assert!(is_postgres(), "on SQLite writers queue, so nobody is told to come again");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM annotations").await, 1);
    assert_eq!((keys(&app).await, events(&app, "annotation.created").await), (1, 1));
    // Afterwards all of them get it.
    let repeated = at_once((0..32).map(|_| key(&app)).collect()).await;
    assert_eq!(sort(&repeated), [0, 32, 0]);
    let first = responses.iter().find(|response| response.status.as_u16() == 201).map(id);
    assert!(repeated.iter().all(|response| Some(id(response)) == first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_expired_key_is_taken_over_by_one_of_many() {
    let app = TestApp::start().await;
    for key in ["k", "other"] {
        keyed(&app.user("adele"), key).post(ANNOTATIONS, on_item("item")).await.expect(201);
    }
    app.advance(chrono::TimeDelta::hours(25));
    let adele = keyed(&app.user("adele"), "k");
    adele.get("/api/auth/me").await.expect(200);
    let [made, ..] = sort(&at_once(vec![adele; 16]).await);
    assert_eq!(made, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM annotations").await, 3);
    assert_eq!(keys(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_keys_at_once_do_not_stand_in_each_others_way() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    // Expired ones, which all of them want to prune.
    for number in 0..16 {
        keyed(&adele, &format!("old-{number}")).post(ANNOTATIONS, on_item("item")).await.expect(201);
    }
    app.advance(chrono::TimeDelta::hours(25));
    let adele = app.user("adele");
    adele.get("/api/auth/me").await.expect(200);
    let reused = (0..16).map(|number| keyed(&adele, &format!("old-{number}")));
    let fresh = (0..16).map(|number| keyed(&adele, &format!("new-{number}")));
    let responses = at_once(reused.chain(fresh).collect()).await;
    assert_eq!(sort(&responses), [32, 0, 0], "{responses:?}");
    assert_eq!(keys(&app).await, 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_first_still_runs_the_second_is_told_to_come_again() {
    if !is_postgres() {
        // One writer at a time: the second waits for the first to end, and is shown what it made.
        return;
    }
    let app = TestApp::start().await;
    let admin = keyed(&app.user("adele"), "k");
    admin.get("/api/auth/me").await.expect(200);
    let database = Database::connect(app.database.superuser_url()).await.unwrap();
    let barrier = database.begin().await.unwrap();
    barrier.execute_unprepared("LOCK TABLE taxonomies IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let running = {
        let admin = admin.clone();
        tokio::spawn(async move { admin.post(TAXONOMIES, named("Topics")).await })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while app.database.count(waits).await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = admin.post(TAXONOMIES, named("Topics")).await.expect(409);
    assert_eq!((second.code().as_str(), second.header("retry-after")), ("CONFLICT", Some("1")));
    // What another body would be told depends on how the first one ends, so it is told the same.
    assert_eq!(admin.post(TAXONOMIES, named("Places")).await.expect(409).code(), "CONFLICT");
    barrier.rollback().await.unwrap();
    let first = running.await.unwrap().expect(201);
    let third = admin.post(TAXONOMIES, named("Topics")).await.expect(201);
    assert_eq!((id(&third), is_replayed(&third)), (id(&first), true));
    assert_eq!(taxonomies(&app).await, 1);
}

//! Limits that replicas share.

use std::time::Duration;

use tests::{Redis, TestApp};

async fn app(redis: &Redis, limit: &str) -> TestApp {
    TestApp::builder().set("REDIS_URL", &redis.url()).set("RATE_LIMIT_PRINCIPAL", limit).start().await
}

#[tokio::test]
async fn replicas_count_together() {
    let Some(redis) = Redis::start().await else { return };
    let one = app(&redis, "4/1h").await;
    let other = one.replica().await;
    for (app, remaining) in [(&one, "3"), (&other, "2"), (&one, "1"), (&other, "0")] {
        let answer = app.user("adele").get("/api/auth/me").await.expect(200);
        assert_eq!(answer.header("ratelimit-remaining"), Some(remaining));
    }
    for app in [&one, &other] {
        let refused = app.user("adele").get("/api/auth/me").await.expect(429);
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((890..=900).contains(&wait), "{wait}");
        app.user("megan").get("/api/auth/me").await.expect(200);
    }
}

#[tokio::test]
async fn without_an_answer_each_counts_for_itself_until_there_is_one() {
    let Some(mut redis) = Redis::start().await else { return };
    let app = app(&redis, "2/1h").await;
    let remaining = async || {
        let answer = app.user("adele").get("/api/auth/me").await;
        (answer.status.as_u16(), answer.header("ratelimit-remaining").unwrap_or_default().to_owned())
    };
    assert_eq!(remaining().await, (200, "1".to_owned()));
    redis.kill().await;
    // The process has not counted yet.
    assert_eq!(remaining().await, (200, "1".to_owned()));
    assert_eq!(remaining().await, (200, "0".to_owned()));
    assert_eq!(remaining().await.0, 429);

    let _again = redis.again().await;
    let mut answers = Vec::new();
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        answers.push(remaining().await);
        if answers.last().is_some_and(|answer| answer.0 == 200) {
            return;
        }
    }
    panic!("Redis was not asked again: {answers:?}");
}

#[tokio::test]
async fn a_redis_that_is_not_there_keeps_nobody_waiting() {
    let app = TestApp::builder()
        .set("REDIS_URL", "redis://192.0.2.1:6379")
        .set("RATE_LIMIT_PRINCIPAL", "1000/10s")
        .start()
        .await;
    app.user("adele").get("/api/auth/me").await.expect(200);
    let began = std::time::Instant::now();
    for _ in 0..100 {
        app.user("adele").get("/api/auth/me").await.expect(200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

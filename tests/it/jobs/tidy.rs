//! What has expired is forgotten, also where nobody does anything.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestApp;

async fn keys(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) AS n FROM idempotency_keys").await
}

async fn add_key(app: &TestApp, user: &str) {
    let user = app.user(user).with("idempotency-key", "k");
    let note = json!({ "siteId": "s", "driveId": "d", "itemId": "i", "note": "n" });
    user.post("/api/annotations", note).await.expect(201);
}

#[tokio::test]
async fn expired_keys_of_organizations_where_nobody_does_anything_are_deleted() {
    let app = TestApp::start().await;
    for user in ["adele", "megan"] {
        add_key(&app, user).await;
    }
    app.app.worker().turn().await.unwrap();
    assert_eq!(keys(&app).await, 2, "they still count");
    app.advance(TimeDelta::hours(25));
    app.app.worker().turn().await.unwrap();
    assert_eq!(keys(&app).await, 0);
    add_key(&app, "alex").await;
    app.advance(TimeDelta::hours(25));
    app.app.worker().turn().await.unwrap();
    assert_eq!(keys(&app).await, 0, "and again the next day");
    assert_eq!(app.database.count("SELECT count(*) AS n FROM events WHERE actor_kind = 'system'").await, 5);
}

#[tokio::test]
async fn keys_that_still_count_stay() {
    let app = TestApp::start().await;
    add_key(&app, "megan").await;
    app.advance(TimeDelta::hours(20));
    add_key(&app, "adele").await;
    app.advance(TimeDelta::hours(5));
    app.app.worker().turn().await.unwrap();
    assert_eq!(keys(&app).await, 1);
}

#[tokio::test]
async fn old_epochs_and_jobs_that_were_given_up_long_ago_are_deleted() {
    let app = TestApp::start().await;
    app.user("adele").patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    app.app.worker().turn().await.unwrap();
    let epochs = "SELECT count(*) AS n FROM epochs";
    assert!(app.database.count(epochs).await > 0);
    app.advance(TimeDelta::days(3));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(epochs).await, 0);
    let jobs = "SELECT count(*) AS n FROM jobs WHERE kind = 'organization.tidy'";
    app.database.execute("UPDATE jobs SET given_up_at = run_at WHERE kind = 'organization.tidy'").await;
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(jobs).await, 1);
    app.advance(TimeDelta::days(32));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(jobs).await, 0);
}

#[tokio::test]
async fn a_job_that_fails_comes_back_after_a_pause_and_more_failures_make_it_longer() {
    let app = TestApp::start().await;
    app.user("adele").get("/api/auth/me").await.expect(200);
    app.advance(TimeDelta::days(2));
    app.database.execute("ALTER TABLE idempotency_keys RENAME TO elsewhere").await;
    let attempt = "SELECT attempt AS n FROM jobs WHERE kind = 'organization.tidy'";
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(attempt).await, 1);
    app.advance(TimeDelta::seconds(25));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(attempt).await, 1, "the first pause is half a minute to a minute");
    app.advance(TimeDelta::seconds(35));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(attempt).await, 2);
    app.advance(TimeDelta::seconds(59));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(attempt).await, 2, "the second one to two minutes");
    app.database.execute("ALTER TABLE elsewhere RENAME TO idempotency_keys").await;
    app.advance(TimeDelta::seconds(61));
    app.app.worker().turn().await.unwrap();
    assert_eq!(app.database.count(attempt).await, 0);
}

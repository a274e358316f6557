//! Connecting an account from a device without a browser.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use tests::{
    Actor, Response, TestApp,
    emulator::{AppPatch, Endpoint, Fault, FaultKind, RetryAfter, Rotation, ids},
};

use super::{alex, asked, builder, connect, count, key, path, person, start, token_path};

const BEGIN: &str = "/api/connections/device";

async fn begin(actor: &Actor) -> (String, String) {
    let begun = actor.post(BEGIN, json!({})).await.expect(200);
    (begun.text_at("/data/id"), begun.text_at("/data/userCode"))
}

async fn look(actor: &Actor, id: &str) -> Response {
    actor.get(&format!("{BEGIN}/{id}")).await
}

/// After the time that Microsoft wants between two polls.
async fn look_later(app: &TestApp, actor: &Actor, id: &str) -> Response {
    app.clock.advance(TimeDelta::seconds(5));
    look(actor, id).await.expect(200)
}

/// Connects an account by a code; gives the connection's id.
async fn connect_by_code(app: &TestApp, actor: &Actor, who: &str) -> String {
    let (id, code) = begin(actor).await;
    app.browser().at_device(&code, who).await;
    let done = look_later(app, actor, &id).await;
    assert_eq!(done.at("/data/status"), json!("CONNECTED"), "{}", done.text);
    done.text_at("/data/connectionId")
}

fn public_flows(app: &TestApp, allowed: bool) {
    let patch = AppPatch { public_flows: Some(allowed), ..AppPatch::default() };
    app.emulator.update_app("Tenantry", &patch).expect("the app is there");
}

#[tokio::test]
async fn an_account_is_connected_by_a_code_that_somebody_types_elsewhere() {
    let app = start().await;
    let alex = person(&app, "alex");
    let begun = alex.post(BEGIN, json!({})).await.expect(200);
    assert_eq!(begun.at("/data/interval"), json!(5));
    assert_eq!(begun.text_at("/data/verificationUri"), format!("{}/devicelogin", app.emulator.http_url()));
    let (id, code) = (begun.text_at("/data/id"), begun.text_at("/data/userCode"));
    let waiting = look_later(&app, &alex, &id).await;
    assert_eq!(waiting.at("/data/status"), json!("WAITING"));
    assert_eq!(waiting.at("/data/connectionId"), json!(null));
    app.browser().at_device(&code, "alex@contoso.com").await;
    let done = look_later(&app, &alex, &id).await;
    assert_eq!(done.at("/data/status"), json!("CONNECTED"));
    let connection = done.text_at("/data/connectionId");
    let shown = alex.get(&path(&connection)).await.expect(200);
    assert_eq!(shown.at("/data/status"), json!("ACTIVE"));
    assert_eq!(shown.at("/data/objectId"), json!(ids::ALEX));
    assert_eq!(shown.at("/data/sharepointHost"), json!("contoso.sharepoint.com"));
    let before = asked(&app);
    assert_eq!(look_later(&app, &alex, &id).await.at("/data"), done.at("/data"));
    assert_eq!(asked(&app), before, "it is over");
    for event in ["connection.device.begun", "connection.created"] {
        assert_eq!(count(&app, &format!("events WHERE name = '{event}'")).await, 1, "{event}");
    }
}

#[tokio::test]
async fn what_came_by_a_device_is_refreshed_without_a_secret_and_for_every_resource() {
    let app = start().await;
    let connection = connect_by_code(&app, &person(&app, "alex"), "alex@contoso.com").await;
    app.clock.advance(TimeDelta::hours(2));
    // With the secret the emulator, as Entra ID, refuses it (AADSTS700025).
    for resource in ["graph", "sharepoint"] {
        let alex = person(&app, "alex");
        alex.get(&format!("{}?resource={resource}", token_path(&connection))).await.expect(200);
    }
    // That is so whatever is configured by now: the grant is of the client that it was given to.
    let row = app.database.query("SELECT public_client_id FROM connections").await;
    assert!(!json!(row).to_string().contains("null"), "{row:?}");
}

#[tokio::test]
async fn the_registration_that_no_longer_lets_devices_in_marks_no_connection() {
    let app = start().await;
    let connection = connect_by_code(&app, &person(&app, "alex"), "alex@contoso.com").await;
    app.clock.advance(TimeDelta::hours(2));
    public_flows(&app, false);
    let alex = person(&app, "alex");
    let refused = alex.get(&token_path(&connection)).await.expect(503);
    assert_eq!(refused.code(), "OAUTH_NOT_CONFIGURED");
    assert_eq!(alex.get(&path(&connection)).await.at("/data/status"), json!("ACTIVE"));
    public_flows(&app, true);
    alex.get(&token_path(&connection)).await.expect(200);
}

#[tokio::test]
async fn an_account_that_is_connected_keeps_its_id_by_browser_and_by_device() {
    let app = start().await;
    let (browser, id) = alex(&app).await;
    assert_eq!(connect_by_code(&app, &person(&app, "alex"), "alex@contoso.com").await, id);
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
    assert_eq!(connect(&browser, "alex@contoso.com").await, id);
    // From here on it is our own application's again, with its secret.
    app.clock.advance(TimeDelta::hours(2));
    person(&app, "alex").get(&token_path(&id)).await.expect(200);
    assert_eq!(count(&app, "events WHERE name = 'connection.reconnected'").await, 2);
}

#[tokio::test]
async fn microsoft_is_never_asked_more_often_than_it_allows() {
    let app = start().await;
    let other = app.replica().await;
    let (alex, elsewhere) = (person(&app, "alex"), person(&other, "alex"));
    let (id, code) = begin(&alex).await;
    let before = asked(&app);
    for _ in 0..10 {
        look(&alex, &id).await.expect(200);
    }
    assert_eq!(asked(&app), before, "it is not time yet");
    for round in 1..=3 {
        app.clock.advance(TimeDelta::seconds(5));
        let all = (0..10).flat_map(|_| [look(&alex, &id), look(&elsewhere, &id)]);
        for answer in join_all(all).await {
            assert_eq!(answer.expect(200).at("/data/status"), json!("WAITING"));
        }
        assert_eq!(asked(&app), before + round, "once for all who look on two replicas");
    }
    app.browser().at_device(&code, "alex@contoso.com").await;
    app.clock.advance(TimeDelta::seconds(5));
    join_all((0..10).flat_map(|_| [look(&alex, &id), look(&elsewhere, &id)])).await;
    assert_eq!(look(&alex, &id).await.at("/data/status"), json!("CONNECTED"));
    assert_eq!(count(&app, "connections").await, 1);
}

#[tokio::test]
async fn microsoft_that_wants_it_slower_is_asked_more_slowly() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, _) = begin(&alex).await;
    app.emulator.set_fault(Fault::refuse("slow_down", 70_016).times(1));
    assert_eq!(look_later(&app, &alex, &id).await.at("/data/interval"), json!(10));
    let before = asked(&app);
    look_later(&app, &alex, &id).await;
    assert_eq!(asked(&app), before);
    look_later(&app, &alex, &id).await;
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn who_declines_or_takes_too_long_connects_nothing() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().decline_device(&code).await;
    let declined = look_later(&app, &alex, &id).await;
    assert_eq!(declined.at("/data/status"), json!("DECLINED"));
    assert!(declined.text_at("/data/nextStep").contains("Begin again"));
    let (id, _) = begin(&alex).await;
    app.clock.advance(TimeDelta::minutes(15));
    let before = asked(&app);
    let expired = look(&person(&app, "alex"), &id).await.expect(200);
    assert_eq!(expired.at("/data/status"), json!("EXPIRED"));
    assert_eq!(asked(&app), before, "that needs no question");
    assert_eq!(count(&app, "connections").await, 0);
}

#[tokio::test]
async fn only_tenants_on_the_list_are_connected_by_a_device() {
    let app = builder().set("TENANT_POLICY", "allow-list").set("ALLOWED_TENANTS", ids::CONTOSO).start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().at_device(&code, "megan@fabrikam.com").await;
    let refused = look_later(&app, &alex, &id).await;
    assert_eq!(refused.at("/data/status"), json!("FAILED"));
    assert_eq!(refused.at("/data/reason"), json!("tenant_not_allowed"));
    assert_eq!(count(&app, "connections").await, 0);
    assert_eq!(count(&app, "device_sign_ins WHERE device_code IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_device_is_its_beginners_alone() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().at_device(&code, "alex@contoso.com").await;
    app.clock.advance(TimeDelta::seconds(5));
    let before = asked(&app);
    // An administrator of the organization, a member of it, and somebody of another one.
    for stranger in ["adele", "lee", "megan"] {
        look(&person(&app, stranger), &id).await.expect(404);
    }
    assert_eq!(asked(&app), before);
    assert_eq!(count(&app, "connections").await, 0);
    assert_eq!(look(&alex, &id).await.at("/data/status"), json!("CONNECTED"));
}

#[tokio::test]
async fn where_no_client_is_for_devices_the_refusal_says_so() {
    let app = builder().set("AZURE_PUBLIC_CLIENT_ID", "").start().await;
    let refused = person(&app, "alex").post(BEGIN, json!({})).await.expect(503);
    assert_eq!(refused.code(), "OAUTH_NOT_CONFIGURED");
    assert!(refused.text_at("/error/details/nextStep").contains("AZURE_PUBLIC_CLIENT_ID"));
    assert_eq!(asked(&app), 0);
    let app = start().await;
    public_flows(&app, false);
    let refused = person(&app, "alex").post(BEGIN, json!({})).await.expect(503);
    assert!(refused.text_at("/error/details/nextStep").contains("allow public client flows"));
    assert_eq!(count(&app, "device_sign_ins").await, 0);
}

#[tokio::test]
async fn an_outage_while_a_device_waits_changes_nothing() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().at_device(&code, "alex@contoso.com").await;
    app.emulator.set_fault(Fault::status(Endpoint::Token, 503).times(1));
    app.clock.advance(TimeDelta::seconds(5));
    let before = asked(&app);
    let down = look(&alex, &id).await.expect(503);
    assert!(down.header("retry-after").is_some());
    assert_eq!(asked(&app), before + 1, "it is not asked again at once");
    assert_eq!(look_later(&app, &alex, &id).await.at("/data/status"), json!("CONNECTED"));
}

#[tokio::test]
async fn a_throttled_client_asks_no_earlier_than_it_was_told() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, _) = begin(&alex).await;
    let throttled = Fault::new(Endpoint::Token, FaultKind::Throttle).retry_after(RetryAfter::seconds(60));
    app.emulator.set_fault(throttled.times(1));
    app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(look(&alex, &id).await.expect(503).header("retry-after"), Some("60"));
    let before = asked(&app);
    for _ in 0..3 {
        assert_eq!(look_later(&app, &alex, &id).await.at("/data/status"), json!("WAITING"));
    }
    assert_eq!(asked(&app), before);
    app.clock.advance(TimeDelta::seconds(60));
    look(&alex, &id).await.expect(200);
    assert_eq!(asked(&app), before + 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_loses_nothing_that_microsoft_gave() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().at_device(&code, "alex@contoso.com").await;
    app.emulator.set_fault(Fault::latency(Endpoint::Token, Duration::from_millis(300)).times(1));
    app.clock.advance(TimeDelta::seconds(5));
    let hung_up = tokio::time::timeout(Duration::from_millis(100), look(&alex, &id)).await;
    assert!(hung_up.is_err(), "it takes longer");
    let mut shown = look(&alex, &id).await.expect(200);
    for _ in 0..1_000 {
        if shown.at("/data/status") == json!("CONNECTED") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        shown = look(&alex, &id).await.expect(200);
    }
    let connection = shown.text_at("/data/connectionId");
    assert_eq!(alex.get(&path(&connection)).await.expect(200).at("/data/status"), json!("ACTIVE"));
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_proven_is_lost_and_not_called_a_refusal() {
    let app = start().await;
    let alex = person(&app, "alex");
    let (id, code) = begin(&alex).await;
    app.browser().at_device(&code, "alex@contoso.com").await;
    app.emulator.rotate_keys(Rotation::default());
    app.emulator.set_fault(Fault::status(Endpoint::Keys, 503));
    let lost = look_later(&app, &alex, &id).await;
    assert_eq!(lost.at("/data/status"), json!("FAILED"));
    assert_eq!(lost.at("/data/reason"), json!("lost"));
    assert_eq!(count(&app, "connections").await, 0);
}

#[tokio::test]
async fn nobody_has_more_than_ten_codes_that_wait() {
    let app = start().await;
    let alex = person(&app, "alex");
    for _ in 0..10 {
        begin(&alex).await;
    }
    let before = app.emulator.requests(Endpoint::All);
    let refused = alex.post(BEGIN, json!({})).await.expect(429);
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(app.emulator.requests(Endpoint::All), before, "Microsoft is not asked");
    begin(&person(&app, "adele")).await;
    app.clock.advance(TimeDelta::minutes(16));
    begin(&person(&app, "alex")).await;
}

#[tokio::test]
async fn a_key_that_sees_some_connections_only_begins_nothing() {
    let app = start().await;
    let (_, id) = alex(&app).await;
    let scopes = json!(["connections:read", "connections:write"]);
    let free = key(&app, json!({ "scopes": scopes })).await;
    let (device, _) = begin(&free).await;
    let listed = key(&app, json!({ "scopes": scopes, "allowedConnections": [id] })).await;
    assert_eq!(listed.post(BEGIN, json!({})).await.expect(403).code(), "FORBIDDEN");
    look(&listed, &device).await.expect(403);
    look(&free, &device).await.expect(200);
}

#[tokio::test]
async fn what_ended_is_told_for_an_hour_and_then_deleted() {
    let app = start().await;
    let (id, _) = begin(&person(&app, "alex")).await;
    app.clock.advance(TimeDelta::minutes(70));
    let ended = look(&person(&app, "alex"), &id).await.expect(200);
    assert_eq!(ended.at("/data/status"), json!("EXPIRED"));
    app.clock.advance(TimeDelta::minutes(10));
    look(&person(&app, "alex"), &id).await.expect(404);
    app.clock.advance(TimeDelta::days(2));
    app.app.worker().turn().await.expect("the worker turns");
    assert_eq!(count(&app, "device_sign_ins").await, 0);
}

//! What `tenantry doctor` finds.

use api::app::{Finding, Parts, Severity, findings};
use emulator::{Endpoint, Fault};
use tests::{Redis, TestApp, emulator};

fn of<'a>(findings: &'a [Finding], subject: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.subject == subject).expect("the subject was looked at")
}

fn parts(app: &TestApp) -> Parts {
    Parts { clock: std::sync::Arc::new(app.clock.clone()), ..Parts::system() }
}

#[tokio::test]
async fn nothing_is_wrong_with_a_service_that_works() {
    let app = TestApp::start().await;
    // The emulator's `Date` is the real one, and so is this clock.
    let found = findings(&app.config, &Parts::system()).await;
    for subject in ["database", "authority", "clock", "signing keys", "keys", "redis"] {
        assert_eq!(of(&found, subject).severity, Severity::Good, "{found:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_months_off_is_found() {
    let app = TestApp::start().await;
    let found = findings(&app.config, &parts(&app)).await;
    let clock = of(&found, "clock");
    assert_eq!(clock.severity, Severity::Wrong, "{clock:?}");
    assert!(clock.fix.is_some_and(|fix| fix.contains("NTP")));
}

#[tokio::test]
async fn an_authority_that_does_not_answer_is_found_and_the_rest_is_looked_at() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::Metadata, 503));
    let found = findings(&app.config, &Parts::system()).await;
    let authority = of(&found, "authority");
    assert_eq!(authority.severity, Severity::Wrong);
    assert!(authority.text.contains("503"), "{authority:?}");
    assert_eq!(of(&found, "database").severity, Severity::Good);
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_found() {
    let app = TestApp::start().await;
    app.emulator.set_fault(Fault::status(Endpoint::Keys, 503));
    let found = findings(&app.config, &Parts::system()).await;
    assert_eq!(of(&found, "authority").severity, Severity::Good);
    assert_eq!(of(&found, "signing keys").severity, Severity::Wrong);
}

#[tokio::test]
async fn a_credential_that_ends_soon_is_found() {
    let app = TestApp::start().await;
    let ends_in = async |days: i64| {
        let mut config = app.config.clone();
        let left = chrono::TimeDelta::days(days) + chrono::TimeDelta::hours(1);
        config.delegation.secret_expires_at = Some(app.clock.peek() + left);
        of(&findings(&config, &parts(&app)).await, "credential end").clone()
    };
    assert_eq!(ends_in(90).await.severity, Severity::Good);
    let soon = ends_in(20).await;
    assert_eq!(soon.severity, Severity::Note);
    assert!(soon.text.contains("in 20 days") && soon.text.contains("secret"), "{soon:?}");
    assert_eq!(ends_in(0).await.severity, Severity::Wrong);
    assert_eq!(ends_in(-3).await.severity, Severity::Wrong);
    // A certificate says it itself; of a secret without the setting it is not known.
    let pem = include_str!("delegation/client.pem");
    let app = TestApp::builder().set("AZURE_CLIENT_CERTIFICATE", pem).start().await;
    let found = findings(&app.config, &parts(&app)).await;
    let ends: Vec<_> = found.iter().filter(|finding| finding.subject == "credential end").collect();
    assert!(ends.iter().any(|end| end.text == "the certificate ends on 2126-10-28"), "{ends:?}");
    assert!(ends.iter().any(|end| end.text.contains("not known")), "{ends:?}");
}

#[tokio::test]
async fn redis_is_asked_where_it_is_configured() {
    let Some(mut redis) = Redis::start().await else { return };
    let app = TestApp::builder().set("REDIS_URL", &redis.url()).start().await;
    let here = findings(&app.config, &Parts::system()).await;
    assert_eq!(of(&here, "redis").severity, Severity::Good);
    assert!(of(&here, "redis").text.starts_with("answers"), "{here:?}");
    redis.kill().await;
    let gone = findings(&app.config, &Parts::system()).await;
    assert_eq!(of(&gone, "redis").severity, Severity::Wrong, "{gone:?}");
    assert_eq!(of(&gone, "database").severity, Severity::Good);
    // Whoever has a password does not find it in the report.
    let url = redis.url().replace("redis://", "redis://:hunter2@");
    let app = TestApp::builder().set("REDIS_URL", &url).start().await;
    let gone = findings(&app.config, &Parts::system()).await;
    assert!(!format!("{gone:?}").contains("hunter2"), "{gone:?}");
}

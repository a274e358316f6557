//! Answers that are late, wrong, or none.

use std::{sync::Arc, time::Duration};

use domain::{
    connections::{GrantError, Grants},
    delegation::{DelegationError, Resource},
};
use secrecy::SecretString;
use uuid::{Uuid, uuid};

use super::{
    CLIENT, TENANT, ask, caller, endpoint,
    fake::{Answer, Fake},
    secret, source,
};
use crate::entra::token_client::{
    ClientCredential, Credentials, RefreshTokenGrants,
    endpoint::{Limits, TokenFailure},
};

fn unavailable(seconds: u64) -> Result<String, DelegationError> {
    Err(DelegationError::Unavailable { retry_after: Duration::from_secs(seconds) })
}

#[tokio::test]
async fn a_page_is_not_an_answer_whatever_its_status() {
    for (status, times) in [(200, 1), (400, 1), (401, 1), (403, 1), (503, 3)] {
        let fake =
            Fake::start([Answer::new(status, "text/html", "<html>AADSTS50173 invalid_grant</html>")]).await;
        assert_eq!(ask(&fake).await, unavailable(5), "{status}");
        assert_eq!(fake.asked().len(), times, "{status}");
    }
}

#[tokio::test]
async fn nobody_is_followed_elsewhere_with_a_secret() {
    let other = Fake::start([Answer::token("t")]).await;
    let redirect = Answer::new(307, "text/plain", "").with("location", other.url.as_str());
    let fake = Fake::start([redirect]).await;
    assert_eq!(ask(&fake).await, unavailable(5));
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn server_errors_are_repeated_and_oauth_errors_never() {
    let error = || Answer::new(500, "text/plain", "oops");
    let fake = Fake::start([error(), error(), Answer::token("t")]).await;
    assert_eq!(ask(&fake).await, Ok("t".to_owned()));
    let fake = Fake::start([Answer::refusal("invalid_grant", 50_173), Answer::token("t")]).await;
    assert_eq!(ask(&fake).await, Err(DelegationError::AssertionRejected));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn a_wait_is_read_in_all_its_forms_and_bounded() {
    // The clock stands at Fri, 15 Jan 2027 08:00:00 GMT.
    for (text, seconds) in [
        ("7", 7.0),
        ("2.5", 2.5),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Friday, 15-Jan-27 08:00:30 GMT", 30.0),
        ("Fri Jan 15 08:00:30 2027", 30.0),
        ("3600", 3_600.0),
        ("86400", 86_400.0),
        ("999999", 86_400.0),
        ("soon", 60.0),
        ("-1", 60.0),
    ] {
        let fake =
            Fake::start([Answer::new(429, "text/plain", "Too Many Requests").with("retry-after", text)])
                .await;
        let retry_after = Duration::from_secs_f64(seconds);
        assert_eq!(ask(&fake).await, Err(DelegationError::Throttled { retry_after }), "{text}");
        assert_eq!(fake.asked().len(), 1);
    }
    // A time that is named is named to the client, whatever the failure.
    let fake = Fake::start([Answer::new(503, "text/plain", "").with("retry-after", "3600")]).await;
    assert_eq!(ask(&fake).await, unavailable(3_600));
    // A short one is kept, and the request repeated.
    let fake =
        Fake::start([Answer::new(503, "text/plain", "").with("retry-after", "0.05"), Answer::token("t")])
            .await;
    assert_eq!(ask(&fake).await, Ok("t".to_owned()));
}

#[tokio::test]
async fn an_answer_that_is_late_or_endless_is_given_up() {
    let limits =
        Limits { attempt: Duration::from_millis(100), total: Duration::from_millis(250), size: 1_000 };
    let fake = Fake::start([Answer::token("t").late(Duration::from_mins(1))]).await;
    let source_of = |fake: &Fake| source(endpoint(fake).limited(limits), secret(), &[]);
    let late = source_of(&fake).get(&caller("a"), &Resource::Graph).await;
    assert_eq!(late.map(|_| ()), Err(DelegationError::Timeout));
    assert!(fake.asked().len() <= 3);
    let fake = Fake::start([Answer::token(&"t".repeat(2_000))]).await;
    let long = source_of(&fake).get(&caller("a"), &Resource::Graph).await.map(|_| String::new());
    assert_eq!(long, unavailable(5));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn nobody_listening_is_unavailable() {
    let fake = Fake::start([Answer::token("t")]).await;
    let mut nowhere = fake.clone();
    nowhere.url.set_port(Some(1)).unwrap();
    assert_eq!(ask(&nowhere).await, unavailable(5));
}

#[tokio::test]
async fn what_was_never_sent_says_nothing_about_the_authority() {
    const OTHER: Uuid = uuid!("c0000000-0000-4000-8000-000000000002");
    let down = || Answer::new(503, "text/plain", "").with("retry-after", "60");
    let throttled = Answer::new(429, "text/plain", "").with("retry-after", "60");
    let fake = Fake::start([throttled, down(), down(), down(), down(), down()]).await;
    let endpoint = endpoint(&fake);
    let ask = async |tenant| endpoint.post(tenant, "refresh_token", String::new()).await;
    assert!(matches!(ask(TENANT).await, Err(TokenFailure::Throttled { .. })));
    for _ in 0..4 {
        assert!(matches!(ask(OTHER).await, Err(TokenFailure::Unavailable { .. })));
        assert!(matches!(ask(TENANT).await, Err(TokenFailure::LeftAlone { .. })));
    }
    assert!(endpoint.may_ask().is_ok(), "four in a row");
    assert!(matches!(ask(OTHER).await, Err(TokenFailure::Unavailable { .. })));
    assert!(endpoint.may_ask().is_err(), "five in a row, whatever was not sent in between");
    assert!(matches!(ask(TENANT).await, Err(TokenFailure::LeftAlone { .. })));
    assert!(endpoint.may_ask().is_err(), "nobody answered");
}

#[tokio::test]
async fn a_proof_of_ours_that_is_missing_is_no_failure_of_the_authority() {
    let fake = Fake::start([Answer::token("t")]).await;
    let endpoint = Arc::new(endpoint(&fake));
    let missing = ClientCredential::FederatedFile("/nonexistent/token".into());
    let credentials = Arc::new(Credentials::new(CLIENT, vec![missing]));
    let grants = RefreshTokenGrants::new(Arc::clone(&endpoint), credentials);
    for _ in 0..6 {
        let refused = grants.refresh(TENANT, None, &SecretString::from("r"), &[]).await;
        assert!(matches!(refused, Err(GrantError::NotAsked { .. })), "{refused:?}");
    }
    assert!(endpoint.may_ask().is_ok());
    assert!(fake.asked().is_empty());
}

//! What was had before somebody was shut out is not served afterwards.

use chrono::TimeDelta;
use domain::delegation::ClaimsChallenge;
use serde_json::{Value, json};
use tests::{
    Actor, TestApp,
    emulator::{Endpoint, Revocation, UserPatch},
};

use super::{DELEGATION, asked, capable, parameter};

/// What asks Graph.
const SITES: &str = "/api/sharepoint/sites?search=marketing";

async fn id_of(actor: &Actor) -> String {
    actor.get("/api/auth/me").await.expect(200).text_at("/data/id")
}

#[tokio::test]
async fn a_suspension_ends_the_cached_token_here_and_on_other_replicas() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    let alex_there = replica.token(alex.token.as_deref().unwrap());
    let id = id_of(&alex).await;
    alex.get(DELEGATION).await.expect(200);
    alex_there.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 2, "replicas without Redis share nothing");

    admin.post(&format!("/api/members/{id}/suspend"), json!(null)).await.expect(200);
    assert_eq!(alex.get(DELEGATION).await.expect(403).code(), "USER_DISABLED");
    app.advance(TimeDelta::milliseconds(1_100));
    assert_eq!(alex_there.get(DELEGATION).await.expect(403).code(), "USER_DISABLED");
    assert_eq!(asked(&app), 2);

    // Let in again, he gets a new one: the old one is gone.
    admin.post(&format!("/api/members/{id}/reactivate"), json!(null)).await.expect(200);
    alex.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 3);
    app.advance(TimeDelta::milliseconds(1_100));
    alex_there.get(DELEGATION).await.expect(200);
    assert_eq!(asked(&app), 4);
}

#[tokio::test]
async fn a_change_of_the_organization_ends_the_tokens_of_all_of_it() {
    let app = TestApp::start().await;
    let (adele, alex, megan) = (app.user("adele"), app.user("alex"), app.user("megan"));
    for actor in [&adele, &alex, &megan] {
        actor.get(DELEGATION).await.expect(200);
    }
    adele.patch("/api/auth/organization", json!({ "name": "Contoso Ltd" })).await.expect(200);
    for actor in [&adele, &alex, &megan] {
        actor.get(DELEGATION).await.expect(200);
    }
    assert_eq!(asked(&app), 5, "Megan's organization has not changed");
}

/// What happens to Alex at Microsoft, how it is undone, and what his old token is told from then on.
type Case = (UserPatch, UserPatch, u16, &'static str);

/// Continuous access evaluation, by what the directory really says of its tokens.
#[tokio::test]
async fn a_revocation_at_microsoft_ends_a_hot_token_and_a_new_sign_in_goes_on() {
    let revoked = UserPatch { revoke: Some(Revocation::Sessions), ..UserPatch::default() };
    let disabled = UserPatch { enabled: Some(false), ..UserPatch::default() };
    let enabled = UserPatch { enabled: Some(true), ..UserPatch::default() };
    let cases: [Case; 2] =
        [(revoked, UserPatch::default(), 401, "UNAUTHORIZED"), (disabled, enabled, 403, "USER_DISABLED")];
    for (change, undone, status, code) in cases {
        let app = TestApp::start().await;
        let (alex, plain, adele) = (capable(&app, "alex"), app.user("alex"), capable(&app, "adele"));
        for actor in [&alex, &alex, &plain, &adele] {
            actor.get(SITES).await.expect(200);
        }
        let (tokens, graph) = (asked(&app), app.emulator.requests(Endpoint::Graph));
        assert_eq!((tokens, graph), (3, 4), "the second request's token was hot");

        app.advance(TimeDelta::seconds(2));
        app.emulator.update_user("alex", change).unwrap();
        let refused = alex.get(SITES).await.expect(401);
        assert_eq!(refused.code(), "INTERACTION_REQUIRED");
        let challenge = ClaimsChallenge::parse_parameter(&parameter(&refused, "claims").unwrap()).unwrap();
        assert_eq!(refused.text_at("/error/details/claims"), challenge.json());
        assert_eq!(asked(&app), tokens, "another token would be told the same");
        assert_eq!(app.emulator.requests(Endpoint::Graph), graph + 1);
        // The hot token is gone, and for this sign-in there is no other.
        let refused = alex.get(SITES).await.expect(status);
        assert_eq!(refused.code(), code);
        assert_eq!((asked(&app), app.emulator.requests(Endpoint::Graph)), (tokens + 1, graph + 1));
        // Others are not touched; nor is who does not handle challenges, until the token ends.
        adele.get(SITES).await.expect(200);
        plain.get(SITES).await.expect(200);
        assert_eq!(asked(&app), tokens + 1);

        app.advance(TimeDelta::seconds(1));
        app.emulator.update_user("alex", undone).unwrap();
        let again = capable(&app, "alex");
        assert!(issued(&again) >= not_before(&challenge), "{}", challenge.json());
        again.get(SITES).await.expect(200);
    }
}

/// What a challenge asks of the next token.
fn not_before(challenge: &ClaimsChallenge) -> i64 {
    let claims: Value = serde_json::from_str(challenge.json()).expect("JSON");
    let value = claims.pointer("/access_token/nbf/value").and_then(Value::as_str);
    value.expect("it names a moment").parse().expect("in seconds")
}

fn issued(actor: &Actor) -> i64 {
    let token = actor.token.as_deref().expect("there is one");
    let token = jsonwebtoken::dangerous::insecure_decode::<Value>(token).expect("a JWT");
    token.claims.get("iat").and_then(Value::as_i64).expect("a time")
}

//! What goes wrong with Graph, on purpose.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use emulator::{ASTRAY, AccessPolicy, Endpoint, Fault, FaultKind, Links, RetryAfter};
use serde_json::{Value, json};

use super::{MARKETING, ask, for_graph, get, refused};
use crate::{
    browser::{authorize, parameter},
    support::{Entra, claims},
    user_grants::{TENANTRY_SCOPE, TOKEN, text, web},
};

#[tokio::test]
async fn throttling_says_when_to_come_back_in_all_forms() {
    let entra = Entra::start().await;
    for (wish, expected) in [
        (json!(7), "7"),
        (json!(1.5), "1.5"),
        (json!({ "dateIn": 90 }), "Sun, 01 Mar 2026 12:01:30 GMT"),
        (json!("soon"), "soon"),
    ] {
        for (kind, status, code) in
            [("throttle", 429, "activityLimitReached"), ("status", 503, "serviceNotAvailable")]
        {
            let fault = json!({ "endpoint": "graph", "kind": kind, "retryAfter": wish, "times": 1 });
            assert_eq!(entra.post("/emulator/control/faults", fault.clone()).await.json(), json!([fault]));
            let answer = get(&entra, "alex", "/me").await;
            refused(&answer, status, code);
            assert_eq!(answer.header("retry-after"), Some(expected));
        }
    }
    assert_eq!(get(&entra, "alex", "/me").await.status, 200);
}

#[tokio::test]
async fn a_rate_is_kept() {
    let entra = Entra::start().await;
    entra.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Throttle).path("/me").over(2, 60));
    let status = async |path: &str| get(&entra, "alex", path).await.status.as_u16();
    assert_eq!([status("/me").await, status("/me").await, status("/me").await], [200, 200, 429]);
    assert_eq!(status("/sites/root").await, 200);
    entra.post("/emulator/control/clock", json!({ "advance": 45 })).await;
    assert_eq!(get(&entra, "alex", "/me").await.header("retry-after"), Some("15"));
    entra.post("/emulator/control/clock", json!({ "advance": 15 })).await;
    assert_eq!(status("/me").await, 200);
}

#[tokio::test]
async fn faults_know_their_path_and_their_turn() {
    let entra = Entra::start().await;
    let set = |fault| entra.emulator.set_fault(fault);
    set(Fault::new(Endpoint::Graph, FaultKind::Html).path("/children").after(1).times(1));
    let children = format!("/drives/{MARKETING}/root/children");
    assert_eq!(get(&entra, "alex", &children).await.status, 200);
    assert_eq!(get(&entra, "alex", "/me").await.status, 200);
    let page = get(&entra, "alex", &children).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (503, Some("text/html")));
    assert_eq!(get(&entra, "alex", &children).await.status, 200);

    set(Fault::status(Endpoint::Graph, 504).times(1));
    refused(&get(&entra, "alex", "/me").await, 504, "gatewayTimeout");
    set(Fault::status(Endpoint::Graph, 429).retry_after(RetryAfter::date_in(5)).times(1));
    assert!(get(&entra, "alex", "/me").await.header("retry-after").unwrap().ends_with("12:00:05 GMT"));
    set(Fault::latency(Endpoint::Graph, Duration::from_millis(20)).times(1));
    assert_eq!(get(&entra, "alex", "/me").await.status, 200);
    set(Fault::new(Endpoint::Graph, FaultKind::Redirect).location(entra.emulator.content_url()).times(1));
    assert_eq!(get(&entra, "alex", "/me").await.text, r#"{"value":[]}"#);
    assert_eq!(entra.emulator.seen(Endpoint::Content)[0].target, "/");
    let wanted = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    set(Fault::new(Endpoint::Graph, FaultKind::Challenge).claims(wanted).times(1));
    let challenged = get(&entra, "alex", "/me").await;
    refused(&challenged, 401, "InvalidAuthenticationToken");
    let encoded = format!("claims=\"{}\"", STANDARD.encode(wanted));
    assert!(challenged.header("www-authenticate").unwrap().contains(&encoded));
}

#[tokio::test]
async fn links_lead_astray() {
    let entra = Entra::start().await;
    let path = format!("/drives/{MARKETING}/root/children?$top=1");
    let link =
        async || get(&entra, "alex", &path).await.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    let right = link().await;
    let mut seen = vec![right.clone()];
    for (name, text) in ASTRAY {
        entra.emulator.set_links(Links { next: Some((*text).to_owned()), download: None });
        let wrong = link().await;
        assert!(!wrong.contains(['{', '}']), "{name}: {wrong}");
        assert!(!seen.contains(&wrong), "{name}: {wrong}");
        seen.push(wrong);
    }
    let set = json!({ "next": "http://{elsewhere}{path}" });
    assert_eq!(entra.post("/emulator/control/links", set).await.status, 200);
    let expected = right.replace(entra.emulator.http_url(), entra.emulator.content_url());
    assert_eq!(link().await, expected);
    entra.delete("/emulator/control/links").await;
    assert_eq!(link().await, right);
}

#[tokio::test]
async fn a_policy_of_now_challenges_those_who_handle_it() {
    let entra = Entra::start().await;
    let handles = json!({ "user": "alex", "claims": { "xms_cc": ["cp1"] } });
    let handles = for_graph(&entra, handles).await;
    let plain = for_graph(&entra, json!({ "user": "alex" })).await;
    assert_eq!(ask(&entra, "/v1.0/me", &handles).await.status, 200);
    entra.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph").user("alex"));
    let challenged = ask(&entra, "/v1.0/me", &handles).await;
    refused(&challenged, 401, "InvalidAuthenticationToken");
    assert!(challenged.header("www-authenticate").unwrap().contains("insufficient_claims"));
    assert_eq!(ask(&entra, "/v1.0/me", &plain).await.status, 200);
    let with_mfa = json!({ "user": "alex", "claims": { "xms_cc": ["cp1"], "amr": ["pwd", "mfa"] } });
    assert_eq!(ask(&entra, "/v1.0/me", &for_graph(&entra, with_mfa).await).await.status, 200);
    entra.emulator.clear_policies();
    assert_eq!(ask(&entra, "/v1.0/me", &handles).await.status, 200);
    entra.post("/emulator/control/users/alex", json!({ "mfaRequired": true })).await;
    assert_eq!(ask(&entra, "/v1.0/me", &handles).await.status, 401);
    entra.post("/emulator/control/users/alex", json!({ "mfaRequired": false })).await;
    entra.post("/emulator/control/clock", json!({ "advance": 1 })).await;
    entra.post("/emulator/control/users/alex", json!({ "revoke": "password" })).await;
    assert_eq!(ask(&entra, "/v1.0/me", &handles).await.status, 401);
}

#[tokio::test]
async fn lee_meets_the_challenge_of_on_behalf_of() {
    let entra = Entra::start().await;
    let obo = async |assertion: &str| {
        let form = [
            ("assertion", assertion),
            ("requested_token_use", "on_behalf_of"),
            ("scope", "https://graph.microsoft.com/Files.Read.All"),
        ];
        entra.form(TOKEN, &web("urn:ietf:params:oauth:grant-type:jwt-bearer", &form)).await
    };
    let browser = entra.browser();
    let wish = [(
        "scope",
        "openid profile offline_access api://a0000000-0000-4000-8000-00000000000a/access_as_user",
    )];
    // A password is enough for Tenantry itself.
    let answer = browser.sign_in(&authorize(&wish), "lee@contoso.com").await;
    let first = entra.redeem(&parameter(&answer, "code").unwrap()).await.json();
    let own = entra.refresh(text(&first, "refresh_token"), TENANTRY_SCOPE).await.json();
    let refusal = crate::user_grants::refused(&obo(text(&own, "access_token")).await, "invalid_grant", 50076);
    let wanted = text(&refusal, "claims").to_owned();
    let policy = AccessPolicy::mfa("Microsoft Graph").user("alex").interaction_required();
    entra.emulator.add_policy(policy);
    let alex = entra.mint(json!({ "user": "alex" })).await;
    let refusal = crate::user_grants::refused(&obo(&alex).await, "interaction_required", 50076);
    assert_eq!(refusal["suberror"], "basic_action");

    let page = browser.get(&authorize(&[wish[0], ("claims", &wanted)])).await;
    let answer = browser.submit(&page, &[("code", emulator::ids::MFA_CODE)]).await;
    let second = entra.redeem(&parameter(&answer, "code").unwrap()).await.json();
    let body = obo(text(&second, "access_token")).await.json();
    let token = text(&body, "access_token");
    assert_eq!(claims(token)["amr"], json!(["pwd", "mfa"]));
    let drive: Value = ask(&entra, &format!("/v1.0/drives/{MARKETING}"), token).await.json();
    assert_eq!(drive["name"], "Documents");
}

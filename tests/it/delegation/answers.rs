//! What the client is told, by what the authority says.

use domain::delegation::ClaimsChallenge;
use serde_json::{Value, json};
use tests::{
    TestApp,
    emulator::{AccessPolicy, AppPatch, Consent, Fault, Revocation, TokenRequest, UserPatch, ids},
};

use super::{DELEGATION, asked, capable, parameter};

#[tokio::test]
async fn a_person_learns_what_may_be_done_in_their_name() {
    let app = TestApp::start().await;
    let answer = app.user("adele").get(DELEGATION).await.expect(200);
    let scopes = answer.at("/data/scopes");
    assert!(scopes.as_array().unwrap().contains(&json!("https://graph.microsoft.com/User.Read")), "{scopes}");
    assert!(answer.at("/data/expiresAt").is_string());
    assert!(!answer.text.contains("eyJ"), "no token is shown");
}

#[tokio::test]
async fn a_guest_is_exchanged_in_the_tenant_of_their_token() {
    let app = TestApp::start().await;
    app.user_in("adele", "fabrikam").get(DELEGATION).await.expect(200);
    // Fabrikam withdraws, Contoso does not.
    let withdrawn = Consent {
        tenant: "fabrikam".to_owned(),
        resource: Some("Microsoft Graph".to_owned()),
        remove: true,
        ..Consent::default()
    };
    app.emulator.consent(&withdrawn).unwrap();
    app.user_in("adele", "fabrikam").get(DELEGATION).await.expect(401);
    app.user("adele").get(DELEGATION).await.expect(200);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_by_a_challenge_and_who_has_given_it_succeeds() {
    let app = TestApp::start().await;
    app.emulator.add_policy(AccessPolicy::mfa("Microsoft Graph").user("alex"));
    for alex in [app.user("alex"), capable(&app, "alex")] {
        let refused = alex.get(DELEGATION).await.expect(401);
        assert_eq!(refused.code(), "INTERACTION_REQUIRED");
        let header = refused.header("www-authenticate").unwrap();
        let host = app.emulator.http_url();
        let start = format!(
            "Bearer realm=\"\", authorization_uri=\"{host}/common/oauth2/v2.0/authorize\", client_id=\"{}\", \
             error=\"insufficient_claims\", claims=\"",
            ids::TENANTRY_APP
        );
        assert!(header.starts_with(&start), "{header}");
        let claims = ClaimsChallenge::parse_parameter(&parameter(&refused, "claims").unwrap()).unwrap();
        assert_eq!(refused.text_at("/error/details/claims"), claims.json());
        let claims: Value = serde_json::from_str(claims.json()).unwrap();
        assert!(claims["access_token"]["capolids"].is_object(), "{claims}");
        assert_eq!(refused.at("/error/details/scopes"), json!(["https://graph.microsoft.com/.default"]));
    }
    let proven = app.bearer(&TokenRequest::user("alex").claim("amr", vec!["pwd", "mfa"]));
    proven.get(DELEGATION).await.expect(200);
    app.user("adele").get(DELEGATION).await.expect(200);
}

/// A change in the tenant, and the status and code that it makes of Alex's request.
type Case<'a> = (&'a dyn Fn(&TestApp), u16, &'static str);

#[tokio::test]
async fn each_refusal_has_its_answer_within_one_request() {
    let withdrawn = |app: &TestApp| {
        let resource = Some("Microsoft Graph".to_owned());
        let consent = Consent { tenant: "contoso".to_owned(), resource, remove: true, ..Consent::default() };
        app.emulator.consent(&consent).unwrap();
    };
    let removed = |app: &TestApp| {
        let consent = Consent { tenant: "contoso".to_owned(), remove: true, ..Consent::default() };
        app.emulator.consent(&consent).unwrap();
    };
    let disabled = |app: &TestApp| {
        let patch = UserPatch { enabled: Some(false), ..UserPatch::default() };
        app.emulator.update_user("alex", patch).unwrap();
    };
    let revoked = |app: &TestApp| {
        app.advance(chrono::TimeDelta::seconds(1));
        let patch = UserPatch { revoke: Some(Revocation::Sessions), ..UserPatch::default() };
        app.emulator.update_user("alex", patch).unwrap();
    };
    let blocked = |app: &TestApp| app.emulator.add_policy(AccessPolicy::block("Microsoft Graph"));
    let switched_off = |app: &TestApp| {
        let patch =
            AppPatch { enabled: Some(false), tenant: Some("contoso".to_owned()), ..AppPatch::default() };
        app.emulator.update_app("Tenantry", &patch).unwrap();
    };
    let cases: [Case<'_>; 6] = [
        (&withdrawn, 401, "CONSENT_REQUIRED"),
        (&removed, 401, "CONSENT_REQUIRED"),
        (&disabled, 403, "USER_DISABLED"),
        (&revoked, 401, "UNAUTHORIZED"),
        (&blocked, 403, "FORBIDDEN"),
        (&switched_off, 403, "FORBIDDEN"),
    ];
    for (index, (change, status, code)) in cases.into_iter().enumerate() {
        let app = TestApp::start().await;
        let alex = app.user("alex");
        change(&app);
        let before = asked(&app);
        let refused = alex.get(DELEGATION).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (status, code),
            "{index}: {}",
            refused.text
        );
        assert_eq!(asked(&app) - before, 1, "{index}: it was repeated");
        if code == "CONSENT_REQUIRED" {
            let url = refused.text_at("/error/details/consentUrl");
            assert!(url.ends_with(&format!("/api/onboarding/start?tenant={}", ids::CONTOSO)), "{url}");
        }
        // Megan's tenant has nothing to do with it, and Alex is still who he is here.
        if index != 4 {
            app.user("megan").get(DELEGATION).await.expect(200);
        }
        alex.get("/api/auth/me").await.expect(200);
    }
}

#[tokio::test]
async fn the_class_of_an_error_decides_and_not_its_number() {
    let app = TestApp::start().await;
    for (fault, status, code) in [
        (Fault::refuse("invalid_grant", 1).suberror("basic_action"), 401, "INTERACTION_REQUIRED"),
        (Fault::refuse("interaction_required", 1), 401, "INTERACTION_REQUIRED"),
        (Fault::refuse("invalid_grant", 1).suberror("consent_required"), 401, "CONSENT_REQUIRED"),
        (Fault::refuse("unauthorized_client", 1), 401, "CONSENT_REQUIRED"),
        (Fault::refuse("invalid_grant", 1), 401, "UNAUTHORIZED"),
        (Fault::refuse("invalid_grant", 500_133), 401, "UNAUTHORIZED"),
        (Fault::refuse("invalid_grant", 50_105), 403, "USER_DISABLED"),
        (Fault::refuse("invalid_resource", 1), 404, "NOT_FOUND"),
        (Fault::refuse("invalid_scope", 70_011), 502, "UPSTREAM_ERROR"),
        (Fault::refuse("invalid_request", 90_033), 503, "UNAVAILABLE"),
        (Fault::refuse("invalid_grant", 50_196), 503, "UNAVAILABLE"),
    ] {
        app.emulator.set_fault(fault.clone());
        let refused = app.user("alex").get(DELEGATION).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code), "{fault:?}");
        app.emulator.clear_faults();
    }
}

#[tokio::test]
async fn nobody_but_a_person_with_a_token_of_theirs_is_acted_for() {
    let app = TestApp::start().await;
    let before = asked(&app);
    let application = app.application("Tenantry", "contoso", &[ids::TENANTRY_ADMIN]);
    let refused = application.get(DELEGATION).await.expect(403);
    assert_eq!(refused.code(), "FORBIDDEN");
    assert!(refused.text_at("/error/message").contains("access token of their own"));
    assert_eq!(asked(&app), before);
}

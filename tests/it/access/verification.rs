//! Which tokens are accepted, and what is told of those that are not.

use serde_json::{Value, json};
use tests::{
    Response, TestApp, TokenRequest,
    emulator::{SignWith, Version, ids},
};

use super::support::{Logs, ME};

const INVALID: &str = "Bearer error=\"invalid_token\"";

#[tokio::test]
async fn tokens_of_people_guests_and_applications_are_accepted_in_both_versions() {
    let app = TestApp::start().await;
    for version in [Version::V1, Version::V2] {
        let me = app.bearer(&TokenRequest::user("alex").version(version)).get(ME).await.expect(200);
        assert_eq!(me.at("/data/kind"), json!("user"));
        assert_eq!(me.at("/data/scopes"), json!(["access_as_user"]));
        assert_eq!(me.at("/data/clientId"), json!(ids::TENANTRY_SPA));
        assert_eq!(me.at("/data/organization/azureTenantId"), json!(ids::CONTOSO));
        let guest = TokenRequest::user("adele").tenant("fabrikam").version(version);
        let me = app.bearer(&guest).get(ME).await.expect(200);
        assert_eq!(me.at("/data/organization/azureTenantId"), json!(ids::FABRIKAM));
        let role = ["Tenantry.Admin"];
        let me = app.bearer(&TokenRequest::app("Stranger").roles(role).version(version)).get(ME).await;
        let me = me.expect(200);
        assert_eq!(me.at("/data/kind"), json!("app"));
        assert_eq!(me.at("/data/appRoles"), json!(role));
        assert_eq!(me.at("/data/clientId"), json!(ids::STRANGER_APP));
    }
}

#[tokio::test]
async fn a_first_version_token_may_name_any_form_of_our_own_audience() {
    let app = TestApp::start().await;
    for audience in [ids::TENANTRY_APP, ids::TENANTRY_URI, &format!("{}/", ids::TENANTRY_URI)] {
        let token = TokenRequest::user("alex").version(Version::V1).claim("aud", audience);
        app.bearer(&token).get(ME).await.expect(200);
    }
}

/// For each check a token that only it refuses, by the reason in the log.
fn wrong_tokens(app: &TestApp) -> Vec<(&'static str, String)> {
    let alex = || TokenRequest::user("alex").claim("name", PLANTED);
    let application = || TokenRequest::app("Stranger").claim("name", PLANTED);
    let issuer = |tenant: &str| format!("{}/{tenant}/v2.0", app.emulator.issuer_base());
    let requests = [
        ("algorithm", alex().sign_with(SignWith::None)),
        ("algorithm", alex().sign_with(SignWith::Hs256)),
        ("too_large", alex().claim("groups", "x".repeat(13 * 1024))),
        ("unknown_key", alex().kid("nobody's")),
        ("signature", alex().sign_with(SignWith::Rogue)),
        ("expired", alex().expires_in(-301)),
        ("not_yet_valid", alex().not_before(302)),
        ("malformed", alex().without("exp")),
        ("tenant_claim", alex().without("tid")),
        ("tenant_claim", alex().claim("tid", "contoso.com")),
        ("tenant_claim", alex().claim("TID", ids::CONTOSO)),
        ("tenant_claim", TokenRequest::default().raw_payload(two_tenants(app))),
        ("issuer", alex().claim("iss", issuer(ids::FABRIKAM))),
        ("issuer", alex().claim("iss", format!("https://evil.example/{}/v2.0", ids::CONTOSO))),
        ("key_issuer", alex().sign_with(SignWith::Personal)),
        ("version", alex().claim("ver", "1.0")),
        ("version", alex().version(Version::V1).claim("ver", "2.0")),
        ("audience", alex().audience("Stranger")),
        ("audience", application().audience("Stranger").roles(["Tenantry.Admin"])),
        ("audience", alex().audience("Microsoft Graph")),
        ("audience", alex().audience("Microsoft Graph").version(Version::V2)),
        ("audience", alex().claim("aud", ids::TENANTRY_URI)),
        ("malformed", alex().claim("aud", json!([ids::TENANTRY_APP]))),
        ("object_id", alex().without("oid")),
        ("tenant_not_allowed", TokenRequest::user("pat")),
        ("permission_claims", application().roles::<&str>([])),
        ("permission_claims", alex().scopes::<&str>([])),
        ("permission_claims", alex().claim("idtyp", "app")),
        ("permission_claims", alex().audience("Tenantry").id_token()),
        ("permission_claims", alex().audience("Tenantry").id_token().nonce("n").claim("roles", admin_role())),
        ("permission_claims", alex().audience("Tenantry").id_token().claim("roles", admin_role())),
    ];
    let mint = |request: &TokenRequest| app.emulator.mint(request).expect("any token can be made");
    requests.iter().map(|(reason, request)| (*reason, mint(request))).collect()
}

const PLANTED: &str = "planted-7f3a-name-of-a-person";

fn admin_role() -> Value {
    json!(["Tenantry.Admin"])
}

/// All right but for the second `tid`.
fn two_tenants(app: &TestApp) -> String {
    let now = app.clock.peek().timestamp();
    let tenant = ids::CONTOSO;
    let payload = json!({
        "aud": ids::TENANTRY_APP, "iss": format!("{}/{tenant}/v2.0", app.emulator.issuer_base()),
        "iat": now, "nbf": now, "exp": now + 3600, "ver": "2.0", "oid": ids::ALEX,
        "azp": ids::TENANTRY_SPA, "scp": "access_as_user",
    });
    payload.to_string().replacen('{', &format!(r#"{{"tid":"{}","tid":"{tenant}","#, ids::FABRIKAM), 1)
}

#[tokio::test]
async fn each_check_refuses_the_token_that_only_it_can_refuse_and_only_the_log_says_which() {
    let app = TestApp::start().await;
    let logs = Logs::capture();
    let mut answers = Vec::new();
    for (reason, token) in wrong_tokens(&app) {
        logs.take();
        let response = app.token(&token).get(ME).await;
        let log = logs.take();
        assert!(log.contains(&format!("bearer token rejected reason={reason}\n")), "{reason}: {log}");
        assert_keeps_secrets(&token, &[&log, &response.text]);
        answers.push((reason, response));
    }
    for (reason, response) in &answers {
        assert_refused(response, INVALID);
        assert_eq!(without_id(response), without_id(&answers[0].1), "{reason} differs from the others");
        let names = |response: &Response| response.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(response), names(&answers[0].1), "{reason} differs from the others");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM organizations").await, 0);
}

/// Every piece of a token that could be used, and what it says of its holder.
fn assert_keeps_secrets(token: &str, told: &[&str]) {
    let pieces = token.split('.').skip(1).filter(|piece| !piece.is_empty());
    for secret in pieces.chain([token, PLANTED]) {
        for text in told {
            assert!(!text.contains(secret), "{secret} is told: {text}");
        }
    }
}

fn assert_refused(response: &Response, challenge: &str) {
    assert_eq!(response.status, 401, "{}", response.text);
    assert_eq!(response.code(), "UNAUTHORIZED");
    assert_eq!(response.at("/error/message"), json!("Invalid or expired access token"));
    assert_eq!(response.header("www-authenticate"), Some(challenge));
    assert_eq!(response.at("/error").as_object().expect("an envelope").len(), 3, "{}", response.text);
}

/// All that differs between two answers of one kind is taken out.
fn without_id(response: &Response) -> String {
    response.text.replace(&response.text_at("/error/requestId"), "")
}

#[tokio::test]
async fn a_token_is_good_within_five_minutes_of_its_times() {
    let app = TestApp::start().await;
    app.bearer(&TokenRequest::user("alex").expires_in(-298)).get(ME).await.expect(200);
    app.bearer(&TokenRequest::user("alex").not_before(298)).get(ME).await.expect(200);
}

#[tokio::test]
async fn the_log_of_an_accepted_token_does_not_hold_it_either() {
    let app = TestApp::start().await;
    let logs = Logs::capture();
    let token = app.emulator.mint(&TokenRequest::user("alex").claim("name", PLANTED)).expect("a token");
    for _ in 0..2 {
        app.token(&token).get(ME).await.expect(200);
    }
    assert_keeps_secrets(&token, &[&logs.take()]);
}

#[tokio::test]
async fn a_missing_credential_is_asked_for_and_one_in_another_form_is_invalid() {
    let app = TestApp::start().await;
    assert_refused(&app.anonymous().get(ME).await, "Bearer");
    let good = app.user("alex").token.expect("a token");
    for value in
        ["Bearer", "Bearer ", "Basic YTpi", &good, &format!("Token {good}"), "Bearer x", "Bearer a.b.c"]
    {
        let response = app.anonymous().with("authorization", value).get(ME).await;
        assert_refused(&response, INVALID);
    }
    let twice = app.user("alex").with("authorization", "Bearer x").get(ME).await;
    assert_refused(&twice, INVALID);
}

#[tokio::test]
async fn where_clients_are_listed_tokens_of_others_are_refused() {
    let app =
        TestApp::builder().set("AZURE_ALLOWED_CLIENTS", &ids::TENANTRY_SPA.to_uppercase()).start().await;
    let logs = Logs::capture();
    for version in [Version::V1, Version::V2] {
        app.bearer(&TokenRequest::user("alex").version(version)).get(ME).await.expect(200);
        logs.take();
        let other = TokenRequest::app("Stranger").roles(["Tenantry.Admin"]).version(version);
        assert_refused(&app.bearer(&other).get(ME).await, INVALID);
        assert!(logs.take().contains("reason=client_not_allowed"));
        let client = if version == Version::V1 { "appid" } else { "azp" };
        let unnamed = TokenRequest::user("alex").version(version).without(client);
        assert_refused(&app.bearer(&unnamed).get(ME).await, INVALID);
    }
}

#[tokio::test]
async fn a_single_tenant_is_closed_to_all_others() {
    let app = TestApp::builder().set("AZURE_TENANT_ID", ids::CONTOSO).start().await;
    let logs = Logs::capture();
    for version in [Version::V1, Version::V2] {
        app.bearer(&TokenRequest::user("alex").version(version)).get(ME).await.expect(200);
        for (name, tenant) in [("megan", "fabrikam"), ("adele", "fabrikam")] {
            let token = TokenRequest::user(name).tenant(tenant).version(version);
            assert_refused(&app.bearer(&token).get(ME).await, INVALID);
            assert!(logs.take().contains("reason=issuer"));
        }
    }
    assert_refused(&app.user("pat").get(ME).await, INVALID);
}

#[tokio::test]
async fn the_authority_of_organizations_has_no_personal_accounts_even_where_they_are_allowed() {
    let organizations = TestApp::builder()
        .set("AZURE_TENANT_ID", "organizations")
        .set("ALLOW_PERSONAL_ACCOUNTS", "true")
        .start()
        .await;
    organizations.user("alex").get(ME).await.expect(200);
    organizations.user("megan").get(ME).await.expect(200);
    let logs = Logs::capture();
    assert_refused(&organizations.user("pat").get(ME).await, INVALID);
    assert!(logs.take().contains("reason=tenant_not_allowed"));
}

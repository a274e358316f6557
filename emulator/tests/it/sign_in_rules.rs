//! Who is not let in, and which requests are not answered.

use emulator::ids;
use serde_json::json;

use crate::{
    browser::{CALLBACK, authorize, authorize_at, parameter, redirected, step},
    support::Entra,
};

/// Stays on a page, with this code.
fn stopped(answer: &crate::support::Answer, code: u32) {
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.text.contains(&format!("AADSTS{code}: ")), "{}", answer.text);
    assert_eq!(answer.header("location"), None);
}

#[tokio::test]
async fn an_unknown_address_gets_nothing() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    for uri in [
        "http://localhost:4000/API/oauth/microsoft/callback",
        "http://localhost:4000/api/oauth/microsoft/callback/",
        "http://localhost.evil.example/api/oauth/microsoft/callback",
        "https://evil.example/",
    ] {
        stopped(&browser.get(&authorize(&[("redirect_uri", uri), ("prompt", "none")])).await, 50011);
    }
    stopped(&browser.get(&authorize(&[("redirect_uri", "")])).await, 900_144);
    stopped(&browser.get(&authorize(&[("client_id", "nobody")])).await, 700_016);
    stopped(&browser.get(&authorize_at("nowhere.example", &[])).await, 90002);
}

#[tokio::test]
async fn wrong_requests_are_answered_to_the_client() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let spa = [("client_id", ids::TENANTRY_SPA), ("redirect_uri", "http://localhost:1/auth")];
    let with = |more: &[(&'static str, &'static str)]| [&spa[..], more].concat();
    for (changes, error, code) in [
        (vec![("response_type", "token")], "unsupported_response_type", 700_054),
        (with(&[("response_type", "id_token"), ("nonce", "n")]), "unsupported_response_type", 700_054),
        (vec![("response_type", "code id_token")], "invalid_request", 900_144),
        (vec![("scope", "")], "invalid_request", 900_144),
        (vec![("prompt", "maybe")], "invalid_request", 900_971),
        (vec![("claims", "{")], "invalid_request", 900_971),
        (vec![("prompt", "select_account"), ("login_hint", "x")], "invalid_request", 900_971),
        (vec![("code_challenge", "short")], "invalid_request", 501_491),
        (with(&[]), "invalid_request", 9_002_325),
    ] {
        let answer = browser.get(&authorize(&changes)).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{changes:?}");
        let text = parameter(&answer, "error_description").unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        assert_eq!(parameter(&answer, "state").as_deref(), Some("a b|c="));
    }
    let unknown = authorize(&[("scope", "openid User.Fly")]);
    let answer = browser.sign_in(&unknown, "alex@contoso.com").await;
    assert!(parameter(&answer, "error_description").unwrap().starts_with("AADSTS650053: "));
    let unknown = browser.get(&authorize(&[("scope", "openid api://nobody/x")])).await;
    assert!(parameter(&unknown, "error_description").unwrap().starts_with("AADSTS500011: "));
}

#[tokio::test]
async fn not_everybody_is_let_in() {
    let entra = Entra::start().await;
    let at = async |tenant: &str, who: &str| entra.browser().sign_in(&authorize_at(tenant, &[]), who).await;
    stopped(&at("common", "johanna@contoso.com").await, 50057);
    stopped(&at("common", "isaiah@contoso.com").await, 50105);
    stopped(&at("contoso.com", "megan@fabrikam.com").await, 50020);
    stopped(&at("organizations", "pat@outlook.com").await, 16000);
    let personal = at("common", "pat@outlook.com").await;
    assert_eq!(step(&personal), Some("consent"), "{}", personal.text);

    // The page lets him come as somebody else.
    let browser = entra.browser();
    let stop = browser.sign_in(&authorize(&[]), "isaiah@contoso.com").await;
    let page = browser.submit(&stop, &[("another", "1")]).await;
    let page = browser.submit(&page, &[("username", "alex@contoso.com")]).await;
    assert!(parameter(&browser.submit(&page, &[("password", "emulator")]).await, "code").is_some());
}

#[tokio::test]
async fn only_an_administrator_consents_to_some_permissions() {
    let entra = Entra::start().await;
    let all = authorize(&[("scope", "openid User.Read.All")]);
    stopped(&entra.browser().sign_in(&all, "alex@contoso.com").await, 90094);
    assert_eq!(step(&entra.browser().sign_in(&all, "adele@contoso.com").await), Some("consent"));
}

#[tokio::test]
async fn pages_belong_to_one_browser() {
    let entra = Entra::start().await;
    let (victim, attacker) = (entra.browser(), entra.browser());
    let page = attacker.get(&authorize(&[])).await;
    victim.sign_in(&authorize(&[]), "adele@contoso.com").await;
    stopped(&victim.submit(&page, &[("username", "alex@contoso.com")]).await, 50089);
    entra.post("/emulator/control/clock", json!({ "advance": 7200 })).await;
    stopped(&attacker.submit(&page, &[("username", "alex@contoso.com")]).await, 50089);
}

#[tokio::test]
async fn signing_out_forgets_the_browser_and_goes_back() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    browser.sign_in(&authorize(&[]), "adele@contoso.com").await;
    let path = "/common/oauth2/v2.0/logout";
    let foreign = browser.get(&format!("{path}?post_logout_redirect_uri=https://evil.example/")).await;
    stopped(&foreign, 900_971);
    let answer = browser.get(&format!("{path}?post_logout_redirect_uri={CALLBACK}&state=s")).await;
    assert_eq!(redirected(&answer).0, CALLBACK);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("s"));
    let silent = browser.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(parameter(&silent, "error").as_deref(), Some("login_required"));
    assert!(browser.get(path).await.text.contains("You signed out"));
}

#[tokio::test]
async fn an_administrator_lets_an_app_in() {
    let entra = Entra::start().await;
    let query = format!("client_id={}&redirect_uri=http://localhost:1&state=s", ids::TENANTRY_CLI);
    let classic = format!("/common/adminconsent?{query}");
    stopped(&entra.browser().sign_in(&classic, "alex@contoso.com").await, 90094);
    let v2 = |scope: &str| format!("/organizations/v2.0/adminconsent?{query}&scope={scope}");

    let browser = entra.browser();
    let page = browser.sign_in(&v2("https://graph.microsoft.com/.default"), "adele@contoso.com").await;
    assert!(page.text.contains("everybody in Contoso"));
    let declined = browser.submit(&page, &[("cancel", "1")]).await;
    assert_eq!(parameter(&declined, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&declined, "admin_consent").as_deref(), Some("True"));
    assert_eq!(parameter(&declined, "tenant"), None);
    let accepted = browser.submit(&page, &[("consent", "accept")]).await;
    for (name, value) in [("admin_consent", "True"), ("tenant", ids::CONTOSO), ("state", "s")] {
        assert_eq!(parameter(&accepted, name).as_deref(), Some(value));
    }
    assert!(parameter(&accepted, "scope").unwrap().contains("https://graph.microsoft.com/User.Read"));
    stopped(&browser.get(&format!("/common/v2.0/adminconsent?{query}&scope=x")).await, 9_001_023);

    // Everybody has consented now.
    let cli = [("client_id", ids::TENANTRY_CLI), ("redirect_uri", "http://localhost:1")];
    let answer = entra.browser().sign_in(&authorize(&cli), "alex@contoso.com").await;
    assert!(parameter(&answer, "code").is_some());
}

//! Signing in by the pages, and what goes back.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use emulator::ids;
use serde_json::{Value, json};

use crate::{
    browser::{CALLBACK, authorize, authorize_at, hidden, parameter, redirected, step},
    support::{Entra, claims, is_signed_by},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SPA: [(&str, &str); 4] = [
    ("client_id", ids::TENANTRY_SPA),
    ("redirect_uri", "http://localhost:5173/auth"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

#[tokio::test]
async fn a_user_signs_in_by_name_and_password() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let page = browser.get(&authorize(&[("client_info", "1")])).await;
    assert_eq!(step(&page), Some("account"));
    for word in ["lang=\"en\"", "<title>Sign in", "not Microsoft", "<label>", "name=\"viewport\""] {
        assert!(page.text.contains(word), "{word}");
    }
    assert_eq!(page.header("x-frame-options"), None);
    assert!(!page.header("content-security-policy").unwrap().contains("frame-ancestors"));
    assert_eq!(page.header("access-control-allow-origin"), None);

    let wrong = browser.submit(&page, &[("username", "nobody@contoso.com")]).await;
    assert!(wrong.text.contains("role=\"alert\""));
    let page = browser.submit(&wrong, &[("username", "Adele@Contoso.com")]).await;
    assert_eq!(step(&page), Some("password"));
    let wrong = browser.submit(&page, &[("password", "wrong")]).await;
    assert!(wrong.text.contains("AADSTS50126"));
    let answer = browser.submit(&wrong, &[("password", "emulator")]).await;
    let (to, parameters) = redirected(&answer);
    assert_eq!(to, CALLBACK);
    let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "client_info", "session_state", "state"]);
    assert_eq!(parameter(&answer, "state").unwrap(), "a b|c=");
    let client_info = URL_SAFE_NO_PAD.decode(parameter(&answer, "client_info").unwrap()).unwrap();
    let client_info: Value = serde_json::from_slice(&client_info).unwrap();
    assert_eq!(client_info, json!({ "uid": ids::ADELE, "utid": ids::CONTOSO }));

    // From now on the browser is signed in.
    let silent = browser.get(&authorize(&[("prompt", "none")])).await;
    assert!(parameter(&silent, "code").is_some());
}

#[tokio::test]
async fn silence_is_answered_by_errors() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let silent = authorize(&[("prompt", "none")]);
    let error =
        |answer| (parameter(&answer, "error").unwrap(), parameter(&answer, "error_description").unwrap());
    let (name, text) = error(browser.get(&silent).await);
    assert_eq!(name, "login_required");
    assert!(text.starts_with("AADSTS50058: "), "{text}");

    browser.sign_in(&authorize(&[]), "adele@contoso.com").await;
    let other = authorize(&[("prompt", "none"), ("login_hint", "alex@contoso.com")]);
    assert_eq!(error(browser.get(&other).await).0, "login_required");
    let again = authorize(&[("prompt", "login"), ("login_hint", "alex@contoso.com")]);
    browser.sign_in(&again, "alex@contoso.com").await;
    let (name, text) = error(browser.get(&silent).await);
    assert_eq!(name, "interaction_required");
    assert!(text.starts_with("AADSTS16000: "), "{text}");
    let hinted = authorize(&[("prompt", "none"), ("login_hint", "adele@contoso.com")]);
    assert!(parameter(&browser.get(&hinted).await, "code").is_some());

    let cli = [("client_id", ids::TENANTRY_CLI), ("redirect_uri", "http://localhost:1"), ("prompt", "none")];
    let unknown = authorize(&[&cli[..], &[("login_hint", "alex@contoso.com")]].concat());
    let (name, text) = error(browser.get(&unknown).await);
    assert_eq!(name, "interaction_required");
    assert!(text.starts_with("AADSTS65001: "), "{text}");
}

#[tokio::test]
async fn several_accounts_are_picked_from() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    browser.sign_in(&authorize(&[]), "adele@contoso.com").await;
    let picker = browser.get(&authorize(&[("prompt", "select_account")])).await;
    assert!(picker.text.contains("Pick an account"));
    assert!(picker.text.contains("value=\"adele@contoso.com\""));
    let page = browser.submit(&picker, &[("another", "1")]).await;
    let page = browser.submit(&page, &[("username", "alex@contoso.com")]).await;
    browser.submit(&page, &[("password", "emulator")]).await;
    let picker = browser.get(&authorize(&[])).await;
    assert!(picker.text.contains("alex@contoso.com"));
    let answer = browser.submit(&picker, &[("username", "adele@contoso.com")]).await;
    assert!(parameter(&answer, "code").is_some());
    let hinted = browser.get(&authorize(&[("domain_hint", "fabrikam.com")])).await;
    assert_eq!(step(&hinted), Some("account"));
}

#[tokio::test]
async fn a_prompt_for_login_wants_the_password_again() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    browser.sign_in(&authorize(&[]), "adele@contoso.com").await;
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    assert_eq!(step(&page), Some("password"));
    assert!(parameter(&browser.submit(&page, &[("password", "emulator")]).await, "code").is_some());
    entra.post("/emulator/control/clock", json!({ "advance": 100 })).await;
    assert_eq!(step(&browser.get(&authorize(&[("max_age", "60")])).await), Some("password"));
    assert!(parameter(&browser.get(&authorize(&[("max_age", "1000")])).await, "code").is_some());
}

#[tokio::test]
async fn a_second_factor_is_asked_for() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let page = browser.sign_in(&authorize(&[]), "lee@contoso.com").await;
    assert_eq!(step(&page), Some("mfa"));
    let wrong = browser.submit(&page, &[("code", "000000")]).await;
    assert!(wrong.text.contains("AADSTS500121"));
    let answer = browser.submit(&wrong, &[("code", ids::MFA_CODE)]).await;
    assert!(parameter(&answer, "code").is_some());

    // A challenge asks for it where the user need not have it.
    browser.sign_in(&authorize(&[("prompt", "login"), ("login_hint", "alex@contoso.com")]), "").await;
    let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["x"]}}}"#;
    let challenged = [("claims", claims), ("login_hint", "alex@contoso.com")];
    assert_eq!(step(&browser.get(&authorize(&challenged)).await), Some("mfa"));
}

#[tokio::test]
async fn consent_is_asked_for_once() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let cli = [("client_id", ids::TENANTRY_CLI), ("redirect_uri", "http://localhost:1234")];
    let page = browser.sign_in(&authorize(&cli), "alex@contoso.com").await;
    assert_eq!(step(&page), Some("consent"));
    assert!(page.text.contains("Microsoft Graph: User.Read"));
    assert!(!page.text.contains("on behalf of"));

    let declined = browser.submit(&page, &[("cancel", "1")]).await;
    assert_eq!(parameter(&declined, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&declined, "error_subcode").as_deref(), Some("cancel"));
    assert!(parameter(&declined, "error_description").unwrap().starts_with("AADSTS65004: "));

    let accepted = browser.submit(&page, &[("consent", "accept")]).await;
    assert_eq!(redirected(&accepted).0, "http://localhost:1234/");
    let silent = [&cli[..], &[("prompt", "none")]].concat();
    assert!(parameter(&browser.get(&authorize(&silent)).await, "code").is_some());
    let prompted = [&cli[..], &[("prompt", "consent")]].concat();
    assert_eq!(step(&browser.get(&authorize(&prompted)).await), Some("consent"));

    // His consent is his own; an administrator's may be everybody's.
    let other = entra.browser();
    let page = other.sign_in(&authorize(&cli), "adele@contoso.com").await;
    assert!(page.text.contains("on behalf of Contoso"));
    other.submit(&page, &[("consent", "accept"), ("organization", "1")]).await;
    let third = entra.browser();
    let cli_for_lee = third.sign_in(&authorize(&cli), "lee@contoso.com").await;
    assert!(parameter(&third.submit(&cli_for_lee, &[("code", ids::MFA_CODE)]).await, "code").is_some());
}

#[tokio::test]
async fn answers_go_where_and_how_they_are_wanted() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let spa = browser.sign_in(&authorize(&SPA), "alex@contoso.com").await;
    assert!(spa.header("location").unwrap().starts_with("http://localhost:5173/auth?code="));
    let fragment = [&SPA[..], &[("response_mode", "fragment")]].concat();
    let answer = browser.get(&authorize(&fragment)).await;
    assert!(answer.header("location").unwrap().starts_with("http://localhost:5173/auth#code="));

    let posted = browser.get(&authorize(&[("response_mode", "form_post")])).await;
    assert_eq!(posted.status, 200);
    assert!(posted.text.contains(&format!("action=\"{CALLBACK}\"")));
    assert!(posted.text.contains("<button"));
    assert!(hidden(&posted.text).contains(&("state".to_owned(), "a b|c=".to_owned())));
}

#[tokio::test]
async fn an_id_token_comes_with_the_code() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let hybrid = [("response_type", "code id_token"), ("nonce", "n-1")];
    let answer = browser.sign_in(&authorize(&hybrid), "alex@contoso.com").await;
    assert!(answer.header("location").unwrap().contains('#'));
    let token = parameter(&answer, "id_token").unwrap();
    assert!(is_signed_by(&token, &entra.key_of(&token).await.unwrap()));
    let claims = claims(&token);
    for (name, value) in
        [("aud", ids::TENANTRY_APP), ("nonce", "n-1"), ("tid", ids::CONTOSO), ("oid", ids::ALEX)]
    {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims["c_hash"].is_string());
    assert_eq!(claims["preferred_username"], "alex@contoso.com");
}

#[tokio::test]
async fn a_guest_signs_in_at_the_tenant_that_invited_him() {
    let entra = Entra::start().await;
    let browser = entra.browser();
    let hybrid = [("response_type", "code id_token"), ("nonce", "n"), ("client_info", "1")];
    let answer = browser.sign_in(&authorize_at("fabrikam.com", &hybrid), "adele@contoso.com").await;
    let claims = claims(&parameter(&answer, "id_token").unwrap());
    assert_eq!((&claims["oid"], &claims["tid"]), (&json!(ids::ADELE_IN_FABRIKAM), &json!(ids::FABRIKAM)));
    let client_info = URL_SAFE_NO_PAD.decode(parameter(&answer, "client_info").unwrap()).unwrap();
    let client_info: Value = serde_json::from_slice(&client_info).unwrap();
    assert_eq!(client_info, json!({ "uid": ids::ADELE, "utid": ids::CONTOSO }));
    // By an alias everybody is led home.
    let home = browser.get(&authorize_at("organizations", &hybrid)).await;
    let home = crate::support::claims(&parameter(&home, "id_token").unwrap());
    assert_eq!(home["tid"], ids::CONTOSO);
}

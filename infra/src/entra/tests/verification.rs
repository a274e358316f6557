//! Tokens that are good, and what is read from them.

use domain::access::{IdentityKind, Rejection};
use serde_json::json;

use super::{
    fake_authority::FakeAuthority,
    tokens::{CALLER, CLIENT, Key, OTHER_TENANT, PERSON, PERSONAL, TENANT, Token},
    world::{NOW, PATIENT, World},
};

#[tokio::test]
async fn a_second_version_token_of_a_person_is_accepted() {
    let world = World::start().await;
    let verified = world.verify(&Token::v2()).await.unwrap();
    assert_eq!(verified.tenant.to_string(), TENANT);
    assert_eq!(verified.object_id.to_string(), PERSON);
    assert_eq!(verified.scopes, ["access_as_user", "Files.Read"]);
    assert_eq!(verified.client_id.unwrap().to_string(), CALLER);
    assert_eq!(verified.expires_at.timestamp(), NOW + 3600);
    assert_eq!(verified.issued_at.timestamp(), NOW - 300);
    assert_eq!(verified.not_before.unwrap().timestamp(), NOW - 300);
    assert_eq!(verified.key_id, Key::Work.id());
    assert_eq!(verified.kind(), Some(IdentityKind::Delegated));
    assert!(!verified.is_guest);
}

#[tokio::test]
async fn a_first_version_token_is_accepted_with_any_form_of_our_audience() {
    let fake = FakeAuthority::start(vec![Key::Work.jwk()]).await;
    let world = World::with(fake, "common", PATIENT, &["https://api.contoso.com"]);
    for audience in [
        &format!("api://{CLIENT}"),
        &format!("api://{CLIENT}/"),
        CLIENT,
        "https://api.contoso.com",
        "https://api.contoso.com/",
    ] {
        let verified = world.verify(&Token::v1().with("aud", audience)).await.unwrap();
        assert_eq!(verified.client_id.unwrap().to_string(), CALLER);
    }
}

#[tokio::test]
async fn an_app_only_token_is_accepted() {
    let world = World::start().await;
    let verified = world.verify(&Token::app().with("idtyp", "app")).await.unwrap();
    assert_eq!(verified.kind(), Some(IdentityKind::App));
    assert_eq!(verified.app_roles, ["Tenantry.Admin"]);
    let home = format!("https://sts.windows.net/{TENANT}/");
    assert!(!world.verify(&Token::app().with("idp", home)).await.unwrap().is_guest);
}

#[tokio::test]
async fn a_single_tenant_authority_accepts_its_own_tenant_only() {
    let world = World::of(TENANT).await;
    assert!(world.verify(&Token::v2()).await.is_ok());
    assert!(world.verify(&Token::v1()).await.is_ok());
    assert_eq!(world.refusal(&Token::v2().of_tenant(OTHER_TENANT)).await, Rejection::Issuer);
    assert_eq!(world.refusal(&Token::v1().of_tenant(OTHER_TENANT)).await, Rejection::Issuer);
    assert_eq!(world.refusal(&Token::v2().with("tid", OTHER_TENANT)).await, Rejection::Issuer);
}

#[tokio::test]
async fn a_domain_stands_for_the_tenant_that_the_metadata_names() {
    let fake = FakeAuthority::start(vec![Key::Work.jwk()]).await;
    fake.set_domain("contoso.com", TENANT);
    let world = World::with(fake, "contoso.com", PATIENT, &[]);
    assert!(world.verify(&Token::v2()).await.is_ok());
    assert!(world.verify(&Token::v1()).await.is_ok());
    assert_eq!(world.refusal(&Token::v2().of_tenant(OTHER_TENANT)).await, Rejection::Issuer);
}

#[tokio::test]
async fn common_takes_all_accounts_organizations_no_personal_ones_and_consumers_only_those() {
    let common = World::of("common").await;
    assert!(common.verify(&Token::v2().of_tenant(OTHER_TENANT)).await.is_ok());
    assert_eq!(common.verify(&Token::personal()).await.unwrap().tenant.to_string(), PERSONAL);
    let organizations = World::of("organizations").await;
    assert!(organizations.verify(&Token::v2().of_tenant(OTHER_TENANT)).await.is_ok());
    assert!(organizations.verify(&Token::v1()).await.is_ok());
    assert_eq!(organizations.refusal(&Token::personal()).await, Rejection::TenantNotAllowed);
    let consumers = World::of("consumers").await;
    assert!(consumers.verify(&Token::personal()).await.is_ok());
    assert_eq!(consumers.refusal(&Token::v2()).await, Rejection::Issuer);
}

#[tokio::test]
async fn clocks_may_be_five_minutes_apart() {
    let world = World::start().await;
    assert!(world.verify(&Token::v2().with("exp", NOW - 300)).await.is_ok());
    assert!(world.verify(&Token::v2().with("nbf", NOW + 300)).await.is_ok());
    assert!(world.verify(&Token::v2().without("nbf")).await.unwrap().not_before.is_none());
    assert!(world.verify(&Token::v2().with("exp", 1_800_003_600.5)).await.is_ok());
}

#[tokio::test]
async fn a_key_without_an_issuer_may_vouch_for_any_tenant_of_the_authority() {
    let mut jwk = Key::Work.jwk();
    jwk.as_object_mut().unwrap().remove("issuer");
    let world = World::with(FakeAuthority::start(vec![jwk]).await, "common", PATIENT, &[]);
    assert!(world.verify(&Token::v2()).await.is_ok());
    assert!(world.verify(&Token::v1()).await.is_ok());
}

#[tokio::test]
async fn the_header_may_name_other_keys_but_they_are_never_looked_at() {
    let world = World::start().await;
    let elsewhere = format!("{}/elsewhere", world.fake.base());
    let token = Token::v2()
        .with_header("jku", elsewhere.clone())
        .with_header("x5u", elsewhere)
        .with_header("x5c", json!(["MIID"]))
        .with_header("jwk", Key::Rotated.jwk());
    assert!(world.verify(&token).await.is_ok());
    assert_eq!(world.refusal(&token.forged_by(Key::Rotated)).await, Rejection::Signature);
    assert_eq!(world.fake.count(super::fake_authority::Document::Other), 0);
}

#[tokio::test]
async fn the_type_may_be_that_of_an_access_token_or_absent() {
    let world = World::start().await;
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
        assert!(world.verify(&Token::v2().with_header("typ", typ)).await.is_ok(), "{typ}");
    }
    assert!(world.verify(&Token::v2().without_header("typ")).await.is_ok());
}

#[tokio::test]
async fn the_email_is_the_claim_or_a_sign_in_name_that_is_an_address() {
    let world = World::start().await;
    let email = async |token: Token| world.verify(&token).await.unwrap().email;
    assert_eq!(email(Token::v2()).await.as_deref(), Some("ada@contoso.com"));
    assert_eq!(email(Token::v2().with("email", "a@b.com")).await.as_deref(), Some("a@b.com"));
    let nameless = Token::v2().without("preferred_username");
    assert_eq!(email(nameless.clone()).await, None);
    assert_eq!(email(nameless.clone().with("upn", "u@b.com")).await.as_deref(), Some("u@b.com"));
    assert_eq!(
        email(nameless.clone().with("unique_name", "live.com#u@b.com")).await.as_deref(),
        Some("live.com#u@b.com")
    );
    for name in ["+49 170 1234567", "ada", "a b@c.com", "@c.com", "ada_b.com#EXT#@contoso.onmicrosoft.com"] {
        assert_eq!(email(nameless.clone().with("preferred_username", name)).await, None, "{name}");
    }
}

#[tokio::test]
async fn a_domain_owner_vouches_for_the_email_claim_alone() {
    let world = World::start().await;
    let vouched = async |token: Token| world.verify(&token).await.unwrap().email_domain_owner_verified;
    for value in [json!(true), json!(1), json!("1"), json!("true"), json!("True")] {
        let token = Token::v2().with("xms_edov", value.clone());
        assert!(!vouched(token.clone()).await, "there is no email claim");
        assert!(vouched(token.with("email", "ada@contoso.com")).await, "{value}");
    }
    for value in [json!(false), json!(0), json!("0"), json!("yes"), json!(null), json!([true])] {
        assert!(
            !vouched(Token::v2().with("email", "a@b.com").with("xms_edov", value.clone())).await,
            "{value}"
        );
    }
}

#[tokio::test]
async fn a_guest_is_known_by_account_type_home_or_name() {
    let world = World::start().await;
    let is_guest = async |token: Token| world.verify(&token).await.unwrap().is_guest;
    for token in [
        Token::v2().with("acct", 1),
        Token::v2().with("idp", format!("https://sts.windows.net/{OTHER_TENANT}/")),
        Token::v2().with("idp", format!("https://sts.windows.net/{PERSONAL}/")),
        Token::v2().with("idp", "live.com"),
        Token::v2().with("idp", format!("https://partner.example/{TENANT}/")),
        Token::v2().with("preferred_username", "a_b.com#EXT#@contoso.onmicrosoft.com"),
        Token::v1().with("upn", "a_b.com#EXT#@contoso.onmicrosoft.com"),
    ] {
        assert!(is_guest(token).await);
    }
    for token in [
        Token::v2().with("acct", 0),
        Token::v2().with("idp", format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
        Token::v2().with("idp", format!("https://sts.windows.net/{TENANT}/")),
        Token::personal().with("idp", "live.com"),
    ] {
        assert!(!is_guest(token).await);
    }
}

#[tokio::test]
async fn directory_roles_are_guids_and_others_are_passed_over() {
    let world = World::start().await;
    let token = Token::v2().with("wids", json!(["62e90394-69f5-4237-9190-012177145e10", "x", 7]));
    let roles = world.verify(&token).await.unwrap().directory_roles;
    assert_eq!(roles, ["62e90394-69f5-4237-9190-012177145e10".parse::<uuid::Uuid>().unwrap()]);
}

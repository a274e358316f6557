//! For each step a token that only this step refuses: all else in it is right, and the step's name comes back.

use domain::access::Rejection;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::{
    fake_authority::FakeAuthority,
    tokens::{CLIENT, Key, OTHER_TENANT, PERSONAL, TENANT, Token, WORK_PUBLIC_PEM},
    world::{NOW, PATIENT, World},
};

#[tokio::test]
async fn step_1_a_token_is_three_parts_of_bounded_size_with_a_readable_header() {
    let world = World::start().await;
    let good = Token::v2().sign();
    let (signed, _) = good.rsplit_once('.').unwrap();
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        signed,
        &format!("{good}.{good}"),
        &format!(" {good}"),
        &format!("{good}="),
        &good.replacen("ey", "e", 1),
    ] {
        let refusal = world.refusal_of(text).await;
        assert!(matches!(refusal, Rejection::Malformed | Rejection::Signature), "{text}: {refusal:?}");
    }
    let long = Token::v2().with("groups", "x".repeat(13 * 1024));
    assert_eq!(world.refusal(&long).await, Rejection::TooLarge);
    assert!(world.verify(&Token::v2().with("groups", "x".repeat(8 * 1024))).await.is_ok());
}

#[tokio::test]
async fn step_1_the_algorithm_is_rs256_and_no_other() {
    let world = World::start().await;
    let secret = EncodingKey::from_secret(WORK_PUBLIC_PEM.as_bytes());
    let by_public_key = Token::v2().with_header("alg", "HS256").sign_by(&secret, Algorithm::HS256);
    assert_eq!(world.refusal_of(&by_public_key).await, Rejection::Algorithm);
    let pss = Token::v2().with_header("alg", "PS256").sign_by(&Key::Work.private(), Algorithm::PS256);
    assert_eq!(world.refusal_of(&pss).await, Rejection::Algorithm);
    let longer = Token::v2().with_header("alg", "RS512").sign_by(&Key::Work.private(), Algorithm::RS512);
    assert_eq!(world.refusal_of(&longer).await, Rejection::Algorithm);
    for alg in [json!("none"), json!("None"), json!("rs256"), json!(""), json!(null), json!(["RS256"])] {
        let token = Token::v2().with_header("alg", alg);
        assert_eq!(world.refusal(&token).await, Rejection::Algorithm);
        let unsigned = token.sign();
        let (signed, _) = unsigned.rsplit_once('.').unwrap();
        assert_eq!(world.refusal_of(&format!("{signed}.")).await, Rejection::Algorithm);
    }
    assert_eq!(world.refusal(&Token::v2().without_header("alg")).await, Rejection::Algorithm);
    assert_eq!(world.fetches(), 0, "refused before any key was wanted");
}

#[tokio::test]
async fn step_1_critical_extensions_and_other_types_are_refused() {
    let world = World::start().await;
    for token in [
        Token::v2().with_header("crit", json!(["b64"])).with_header("b64", false),
        Token::v2().with_header("crit", json!([])),
        Token::v2().with_header("typ", "dpop+jwt"),
        Token::v2().with_header("typ", "id_token"),
        Token::v2().with_header("typ", 7),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::Malformed);
    }
}

#[tokio::test]
async fn step_2_the_key_is_one_of_the_authoritys() {
    let world = World::start().await;
    assert_eq!(world.refusal(&Token::v2().signed_by(Key::Rotated)).await, Rejection::UnknownKey);
    assert_eq!(world.refusal(&Token::v2().with_header("kid", "nobody's")).await, Rejection::UnknownKey);
    let fetches = world.fetches();
    assert_eq!(world.refusal(&Token::v2().without_header("kid")).await, Rejection::UnknownKey);
    assert_eq!(world.refusal(&Token::v2().with_header("kid", "")).await, Rejection::UnknownKey);
    assert_eq!(world.refusal(&Token::v2().with_header("kid", "k".repeat(257))).await, Rejection::UnknownKey);
    assert_eq!(world.fetches(), fetches, "no key can have such an id");
}

#[tokio::test]
async fn step_3_the_signature_is_over_this_header_and_payload_by_this_key() {
    let world = World::start().await;
    assert_eq!(world.refusal(&Token::v2().forged_by(Key::Rotated)).await, Rejection::Signature);
    assert_eq!(world.refusal(&Token::v2().forged_by(Key::Personal)).await, Rejection::Signature);
    let (good, other) = (Token::v2().sign(), Token::v2().of_tenant(OTHER_TENANT).sign());
    let (signed, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(world.refusal_of(&format!("{signed}.{signature}")).await, Rejection::Signature);
    assert_eq!(world.refusal_of(&format!("{signed}.")).await, Rejection::Signature);
    assert_eq!(world.refusal_of(&format!("{signed}.!")).await, Rejection::Signature);
}

#[tokio::test]
async fn step_3_nothing_of_the_payload_is_read_before_the_signature_is_proven() {
    let world = World::start().await;
    let token = Token::v2().forged_by(Key::Rotated).sign_payload("not json");
    assert_eq!(world.refusal_of(&token).await, Rejection::Signature);
    assert_eq!(world.refusal_of(&Token::v2().sign_payload("not json")).await, Rejection::Malformed);
}

#[tokio::test]
async fn step_4_a_token_is_refused_when_it_is_expired_or_early_beyond_the_skew() {
    let world = World::start().await;
    assert_eq!(world.refusal(&Token::v2().with("exp", NOW - 301)).await, Rejection::Expired);
    assert_eq!(world.refusal(&Token::v2().with("nbf", NOW + 301)).await, Rejection::NotYetValid);
    for token in [
        Token::v2().without("exp"),
        Token::v2().without("iat"),
        Token::v2().with("exp", (NOW + 3600).to_string()),
        Token::v2().with("nbf", (NOW - 300).to_string()),
        Token::v2().with("exp", 1e300),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::Malformed);
    }
}

#[tokio::test]
async fn step_4_a_name_that_occurs_twice_is_refused() {
    let world = World::start().await;
    for member in
        [format!(r#""aud":"{CLIENT}""#), r#""exp":9999999999"#.to_owned(), r#""scp":"x""#.to_owned()]
    {
        let token = Token::v2().sign_with_raw(&member);
        assert_eq!(world.refusal_of(&token).await, Rejection::Malformed, "{member}");
    }
}

#[tokio::test]
async fn step_5_the_tenant_is_a_guid_and_there_exactly_once() {
    let world = World::start().await;
    for token in [
        Token::v2().without("tid"),
        Token::v2().with("tid", "contoso.com"),
        Token::v2().with("tid", json!([TENANT])),
        Token::v2().of_tenant(&TENANT.replace('-', "")),
        Token::v2().with("TID", TENANT),
        Token::v2().with("Tid", OTHER_TENANT),
        Token::v2().with("tfp", "B2C_1_sign_in"),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::TenantClaim);
    }
    let twice = Token::v2().sign_with_raw(&format!(r#""tid":"{TENANT}""#));
    assert_eq!(world.refusal_of(&twice).await, Rejection::TenantClaim);
}

#[tokio::test]
async fn step_6_the_issuer_is_the_authoritys_for_this_tenant_and_version() {
    let world = World::start().await;
    let upper = format!("https://login.microsoftonline.com/{}/v2.0", TENANT.to_uppercase());
    for iss in [
        format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"),
        format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
        format!("https://LOGIN.microsoftonline.com/{TENANT}/v2.0"),
        format!("https://login.microsoftonline.com/{TENANT}/v2.0/"),
        format!("https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"),
        format!("http://login.microsoftonline.com/{TENANT}/v2.0"),
        "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
        format!("https://sts.windows.net/{TENANT}/v2.0"),
        format!("https://login.microsoftonline.com/{TENANT}/"),
        format!("https://sts.windows.net/{TENANT}"),
        upper,
        String::new(),
    ] {
        assert_eq!(world.refusal(&Token::v2().with("iss", iss.clone())).await, Rejection::Issuer, "{iss}");
    }
    assert_eq!(world.refusal(&Token::v2().without("iss")).await, Rejection::Issuer);
    assert_eq!(world.refusal(&Token::v1().with("tid", OTHER_TENANT)).await, Rejection::Issuer);
}

#[tokio::test]
async fn step_7_a_key_for_personal_accounts_cannot_vouch_for_a_work_tenant() {
    let world = World::start().await;
    assert!(world.verify(&Token::personal()).await.is_ok());
    assert_eq!(world.refusal(&Token::v2().signed_by(Key::Personal)).await, Rejection::KeyIssuer);
    assert_eq!(world.refusal(&Token::v1().signed_by(Key::Personal)).await, Rejection::KeyIssuer);
}

#[tokio::test]
async fn step_7_a_key_of_another_cloud_instance_cannot_vouch() {
    let elsewhere = Key::Work.jwk_with("cloud_instance_name", "microsoftonline.us");
    let here = Key::Rotated.jwk_with("cloud_instance_name", "microsoftonline.com");
    let world = World::with(FakeAuthority::start(vec![elsewhere, here]).await, "common", PATIENT, &[]);
    assert_eq!(world.refusal(&Token::v2()).await, Rejection::KeyIssuer);
    assert!(world.verify(&Token::v2().signed_by(Key::Rotated)).await.is_ok());
}

#[tokio::test]
async fn step_8_the_version_is_that_of_the_issuer() {
    let world = World::start().await;
    for token in [
        Token::v2().with("ver", "1.0"),
        Token::v2().without("ver"),
        Token::v2().with("ver", "2"),
        Token::v1().with("ver", "2.0"),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::Version);
    }
}

#[tokio::test]
async fn step_9_the_audience_is_ours() {
    let fake = FakeAuthority::start(vec![Key::Work.jwk()]).await;
    let world = World::with(fake, "common", PATIENT, &["https://api.contoso.com"]);
    for token in [
        Token::v2().with("aud", "00000003-0000-0000-c000-000000000000"),
        Token::v2().with("aud", OTHER_TENANT),
        Token::v2().with("aud", format!("api://{CLIENT}")),
        Token::v2().with("aud", format!("{CLIENT}/")),
        Token::v2().with("aud", ""),
        Token::v2().without("aud"),
        Token::v1().with("aud", "https://graph.microsoft.com"),
        Token::v1().with("aud", "https://graph.microsoft.com/"),
        Token::v1().with("aud", format!("API://{CLIENT}")),
        Token::v1().with("aud", "https://API.contoso.com"),
        Token::v1().with("aud", "https://api.contoso.com//"),
        Token::v1().with("aud", "https://api.contoso.com/more"),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::Audience);
    }
    assert_eq!(world.refusal(&Token::v2().with("aud", json!([CLIENT]))).await, Rejection::Malformed);
}

#[tokio::test]
async fn an_id_token_is_refused_even_when_the_person_has_app_roles() {
    let world = World::start().await;
    let id_token = Token::v2().without("scp").without("azp").with("roles", json!(["Tenantry.Admin"]));
    assert_eq!(world.refusal(&id_token).await, Rejection::PermissionClaims);
    assert_eq!(world.refusal(&Token::app().with("nonce", "n")).await, Rejection::PermissionClaims);
    assert_eq!(world.refusal(&Token::app().with("c_hash", "h")).await, Rejection::PermissionClaims);
    assert_eq!(world.refusal(&Token::app().with("scp", " ")).await, Rejection::PermissionClaims);
}

#[tokio::test]
async fn whoever_the_token_speaks_for_has_an_object_id() {
    let world = World::of("common").await;
    for token in [Token::v2().without("oid"), Token::v2().with("oid", "x"), Token::v2().with("oid", 7)] {
        assert_eq!(world.refusal(&token).await, Rejection::ObjectId);
    }
    assert_eq!(
        world.refusal(&Token::personal().with("oid", PERSONAL.replace('-', ""))).await,
        Rejection::ObjectId
    );
}

#[tokio::test]
async fn permission_claims_of_another_type_are_refused() {
    let world = World::start().await;
    for token in [
        Token::v2().with("scp", json!(["a"])),
        Token::v2().with("scp", json!(null)),
        Token::v2().with("roles", "Tenantry.Admin"),
        Token::v2().with("idtyp", json!(1)),
        Token::v2().with("azp", json!([])),
    ] {
        assert_eq!(world.refusal(&token).await, Rejection::Malformed);
    }
}

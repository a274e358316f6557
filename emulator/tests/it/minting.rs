use emulator::{SignWith, TokenRequest, UserPatch, Version, ids};
use serde_json::{Value, json};

use crate::support::{Entra, claims, header, is_signed_by, now, problem};

#[tokio::test]
async fn a_users_token_has_the_claims_of_version_2() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "adele", "expiresIn": 4000 })).await;
    assert_eq!(header(&token).get("x5t"), None);
    let mut claims = claims(&token);
    let members = claims.as_object_mut().unwrap();
    for opaque in ["uti", "rh", "aio", "sub"] {
        assert!(members.remove(opaque).is_some_and(|value| value.is_string()));
    }
    assert_eq!(
        claims,
        json!({
            "aud": ids::TENANTRY_APP,
            "iss": format!("https://localhost:4143/{}/v2.0", ids::CONTOSO),
            "iat": now().timestamp(),
            "nbf": now().timestamp(),
            "exp": now().timestamp() + 4000,
            "acct": 0,
            "auth_time": now().timestamp(),
            "azp": ids::TENANTRY_SPA,
            "azpacr": "0",
            "email": "adele@contoso.com",
            "name": "Adele Vance",
            "oid": ids::ADELE,
            "preferred_username": "adele@contoso.com",
            "scp": "access_as_user",
            "tid": ids::CONTOSO,
            "ver": "2.0",
            "wids": [ids::GLOBAL_ADMINISTRATOR],
            "xms_edov": true,
        })
    );
}

#[tokio::test]
async fn a_users_token_has_the_claims_of_version_1() {
    let entra = Entra::start().await;
    let token = entra.mint(json!({ "user": "lee@contoso.com", "version": 1 })).await;
    let header = header(&token);
    assert_eq!(header["x5t"], header["kid"]);
    let claims = claims(&token);
    assert_eq!(claims["aud"], ids::TENANTRY_URI);
    assert_eq!(claims["iss"], format!("https://localhost:4143/{}/", ids::CONTOSO));
    assert_eq!(claims["ver"], "1.0");
    assert_eq!(claims["appid"], ids::TENANTRY_SPA);
    assert_eq!(claims["appidacr"], "0");
    assert_eq!(claims["unique_name"], "lee@contoso.com");
    assert_eq!(claims["upn"], "lee@contoso.com");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims.get("azp"), None);
    assert_eq!(claims.get("preferred_username"), None);

    let with_slash = format!("{}/", ids::TENANTRY_URI);
    for audience in [ids::TENANTRY_APP, &with_slash] {
        let wish = TokenRequest::user("lee").version(Version::V1).audience(audience);
        assert_eq!(self::claims(&entra.emulator.mint(&wish).unwrap())["aud"], audience);
    }
}

#[tokio::test]
async fn a_guest_is_another_object_of_the_same_human() {
    let entra = Entra::start().await;
    let claims = claims(&entra.mint(json!({ "user": "adele", "tenant": "fabrikam" })).await);
    assert_eq!(claims["tid"], ids::FABRIKAM);
    assert_eq!(claims["oid"], ids::ADELE_IN_FABRIKAM);
    assert_eq!(claims["acct"], 1);
    assert_eq!(claims["idp"], format!("https://localhost:4143/{}/", ids::CONTOSO));
    assert_eq!(claims["preferred_username"], "adele@contoso.com");
    assert_eq!(claims.get("wids"), None);
    let v1 = TokenRequest::user(ids::ADELE_IN_FABRIKAM).version(Version::V1);
    let v1 = self::claims(&entra.emulator.mint(&v1).unwrap());
    assert_eq!(v1["upn"], "adele_contoso.com#EXT#@fabrikam.onmicrosoft.com");
}

#[tokio::test]
async fn a_subject_is_stable_for_an_app_and_another_for_the_next() {
    let entra = Entra::start().await;
    let subject = |wish: TokenRequest| claims(&entra.emulator.mint(&wish).unwrap())["sub"].clone();
    let ours = subject(TokenRequest::user("alex"));
    assert_eq!(ours, subject(TokenRequest::user("alex").version(Version::V1)));
    assert_ne!(ours, subject(TokenRequest::user("alex").audience("Stranger")));
    assert_ne!(ours, subject(TokenRequest::user("isaiah")));
}

#[tokio::test]
async fn a_personal_account_is_vouched_for_by_its_own_key() {
    let entra = Entra::start().await;
    let token = entra.emulator.mint(&TokenRequest::user("pat@outlook.com")).unwrap();
    let key = entra.key_of(&token).await.unwrap();
    assert!(is_signed_by(&token, &key));
    assert_eq!(key["issuer"], claims(&token)["iss"]);
    assert_eq!(claims(&token)["tid"], ids::PERSONAL_TENANT);
    assert_eq!(claims(&token)["oid"], ids::PAT);
}

#[tokio::test]
async fn an_id_token_is_for_the_client() {
    let entra = Entra::start().await;
    let claims = claims(&entra.mint(json!({ "user": "alex", "kind": "id", "nonce": "n-1" })).await);
    assert_eq!(claims["aud"], ids::TENANTRY_SPA);
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["oid"], ids::ALEX);
    for absent in ["scp", "azp", "azpacr", "roles"] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn an_app_speaks_for_itself_with_its_roles() {
    let entra = Entra::start().await;
    let wish = TokenRequest::app("Stranger").tenant("fabrikam.com").roles(["Tenantry.Admin"]);
    let claims = claims(&entra.emulator.mint(&wish).unwrap());
    assert_eq!(claims["oid"], ids::STRANGER_IN_FABRIKAM);
    assert_eq!(claims["idtyp"], "app");
    assert_eq!(claims["roles"], json!(["Tenantry.Admin"]));
    assert_eq!(claims.get("scp"), None);
}

#[tokio::test]
async fn scopes_roles_and_lifetimes_can_be_chosen() {
    let entra = Entra::start().await;
    let wish = json!({
        "user": "alex", "scopes": ["a", "b"], "roles": ["Tenantry.Admin"], "expiresIn": 90, "notBefore": 30,
    });
    let claims = claims(&entra.mint(wish).await);
    assert_eq!(claims["scp"], "a b");
    assert_eq!(claims["roles"], json!(["Tenantry.Admin"]));
    assert_eq!(claims["nbf"], now().timestamp() + 30);
    assert_eq!(claims["exp"], now().timestamp() + 90);
}

#[tokio::test]
async fn a_changed_user_has_other_claims() {
    let entra = Entra::start().await;
    let patch = json!({ "mail": "ceo@contoso.com", "displayName": "Megan B.", "administrator": false });
    let answer = entra.post("/emulator/control/users/megan", patch).await;
    assert_eq!(answer.json()["displayName"], "Megan B.");
    let claims = claims(&entra.mint(json!({ "user": "megan" })).await);
    assert_eq!(claims["name"], "Megan B.");
    assert_eq!(claims["email"], "ceo@contoso.com");
    assert_eq!(claims["xms_edov"], false, "Fabrikam does not own contoso.com");
    assert_eq!(claims.get("wids"), None);

    let no_mail = UserPatch { mail: Some(String::new()), ..UserPatch::default() };
    entra.emulator.update_user("megan", no_mail).unwrap();
    let claims = self::claims(&entra.emulator.mint(&TokenRequest::user("megan")).unwrap());
    assert_eq!((claims.get("email"), claims.get("xms_edov")), (None, None));
}

#[tokio::test]
async fn the_library_and_the_control_api_take_the_same_wishes() {
    let wish = TokenRequest::user("adele")
        .tenant("contoso")
        .audience("Tenantry")
        .scopes(["x"])
        .version(Version::V1)
        .expires_in(-5)
        .without("tid")
        .sign_with(SignWith::Hs256);
    let wire = json!({
        "user": "adele", "tenant": "contoso", "audience": "Tenantry", "scopes": ["x"], "version": 1,
        "expiresIn": -5, "claims": { "tid": null }, "signWith": "hs256",
    });
    assert_eq!(serde_json::from_value::<TokenRequest>(wire).unwrap(), wish);
}

#[tokio::test]
async fn impossible_wishes_are_explained() {
    let entra = Entra::start().await;
    for (wish, word) in [
        (json!({}), "either"),
        (json!({ "user": "adele", "app": "Tenantry" }), "either"),
        (json!({ "user": "nobody" }), "nobody"),
        (json!({ "user": "johanna", "tenant": "fabrikam" }), "neither a member nor a guest"),
        (json!({ "user": "adele", "tenant": "nowhere" }), "nowhere"),
        (json!({ "app": "Nothing" }), "Nothing"),
        (json!({ "app": "Tenantry", "tenant": "personal" }), "no service principal"),
        (json!({ "app": "Tenantry", "kind": "id" }), "ID token"),
        (json!({ "user": "adele", "version": 3 }), "1 or 2"),
        (json!({ "user": "adele", "expiresIn": i64::MAX }), "too far"),
        (json!({ "user": "adele", "exipresIn": 5 }), "exipresIn"),
        (Value::from("adele"), "cannot understand"),
    ] {
        let answer = entra.post("/emulator/control/tokens", wish.clone()).await;
        assert_eq!(answer.status, 400, "{wish}");
        assert!(problem(&answer).contains(word), "{wish}: {}", answer.text);
    }
}

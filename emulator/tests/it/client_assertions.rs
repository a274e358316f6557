//! Apps that prove themselves by certificate or through another issuer.

use aws_lc_rs::{
    digest,
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use emulator::{AppPatch, Emulator, FederatedCredential, Options, Rotation, TokenRequest, ids};
use rcgen::{CertificateParams, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Entra, claims, now},
    user_grants::{TOKEN, refused},
};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's certificate and key.
struct Certificate {
    pair: KeyPair,
    der: Vec<u8>,
    pem: String,
}

impl Certificate {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = pair.as_der().unwrap();
        let key =
            rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.as_ref().into(), &PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        Self { pair, der: certificate.der().to_vec(), pem: certificate.pem() }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let algorithm: &dyn RsaEncoding =
            if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(algorithm, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sha1(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    fn sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.der))
    }
}

async fn ask(entra: &Entra, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", ids::TENANTRY_APP),
        ("client_assertion_type", KIND),
        ("client_assertion", assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    entra.form(TOKEN, &form).await
}

fn payload(entra: &Entra, changes: &Value) -> Value {
    let mut payload = json!({
        "aud": entra.url(TOKEN), "iss": ids::TENANTRY_APP, "sub": ids::TENANTRY_APP, "jti": "1",
        "exp": now().timestamp() + 600,
    });
    payload.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    payload
}

#[tokio::test]
async fn certificates_are_accepted_in_the_form_of_each_library() {
    let entra = Entra::start().await;
    let certificate = Certificate::new();
    let patch = AppPatch { certificates: Some(vec![certificate.pem.clone()]), ..AppPatch::default() };
    entra.emulator.update_app("Tenantry", &patch).unwrap();
    let time = now().timestamp();
    let rs256 = json!({ "alg": "RS256", "x5t": certificate.sha1() });
    let ps256 = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.sha256() });
    for (header, changes) in [
        (&ps256, json!({ "nbf": time, "iat": time })),
        (&rs256, json!({ "nbf": time })),
        // MSAL for Python, then MSAL.NET.
        (&rs256, json!({ "exp": 0.5 + 600.0 + f64::from(u32::try_from(time).unwrap()) })),
        (&ps256, json!({ "nbf": time.to_string(), "exp": (time + 600).to_string() })),
        (&ps256, json!({ "aud": "https://localhost/CONTOSO.com/oauth2/v2.0/token" })),
        (&ps256, json!({ "aud": format!("https://localhost:4143/{}/v2.0", ids::CONTOSO) })),
    ] {
        let answer = ask(&entra, &certificate.sign(header, &payload(&entra, &changes))).await;
        assert_eq!(answer.status, 200, "{changes}: {}", answer.text);
        assert_eq!(claims(answer.json()["access_token"].as_str().unwrap())["appidacr"], "2");
    }
    for (changes, error, code) in [
        (json!({ "aud": entra.url("/fabrikam.com/oauth2/v2.0/token") }), "invalid_request", 50027),
        (json!({ "aud": "https://evil.example/contoso.com/oauth2/v2.0/token" }), "invalid_request", 50027),
        (json!({ "sub": "other" }), "invalid_client", 50048),
        (json!({ "exp": time - 301 }), "invalid_client", 700_024),
        (json!({ "nbf": time + 301 }), "invalid_client", 700_024),
    ] {
        refused(&ask(&entra, &certificate.sign(&ps256, &payload(&entra, &changes))).await, error, code);
    }
    let good = payload(&entra, &json!({}));
    let other = Certificate::new();
    let foreign = other.sign(&json!({ "alg": "PS256", "x5t#S256": certificate.sha256() }), &good);
    refused(&ask(&entra, &foreign).await, "invalid_client", 700_027);
    let unnamed = certificate.sign(&json!({ "alg": "RS256" }), &good);
    refused(&ask(&entra, &unnamed).await, "invalid_client", 700_027);
    let of_text = json!({ "alg": "RS256", "x5t": URL_SAFE_NO_PAD.encode(certificate.sha1()) });
    refused(&ask(&entra, &certificate.sign(&of_text, &good)).await, "invalid_client", 700_027);
    refused(&ask(&entra, "nonsense").await, "invalid_request", 50027);
}

#[tokio::test]
async fn another_issuer_speaks_for_an_app() {
    let entra = Entra::start().await;
    let key = Certificate::new();
    let public = key.pair.public_key();
    let jwks = json!({ "keys": [{
        "kty": "RSA", "kid": "k", "alg": "RS256",
        "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
    }] });
    let credential = json!({ "issuer": "https://ci.example", "subject": "repo:a/b", "jwks": jwks });
    let answer = entra.post("/emulator/control/apps/Tenantry", json!({ "federated": [credential] })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let header = json!({ "alg": "RS256", "kid": "k" });
    let payload = |changes: Value| {
        let mut payload = json!({
            "iss": "https://ci.example", "sub": "repo:a/b", "aud": "api://AzureADTokenExchange",
            "exp": now().timestamp() + 60,
        });
        payload.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        payload
    };
    assert_eq!(ask(&entra, &key.sign(&header, &payload(json!({})))).await.status, 200);
    for changes in
        [json!({ "sub": "Repo:a/b" }), json!({ "iss": "https://ci.example/" }), json!({ "aud": "x" })]
    {
        refused(&ask(&entra, &key.sign(&header, &payload(changes))).await, "invalid_client", 70021);
    }
    let foreign = Certificate::new().sign(&header, &payload(json!({})));
    refused(&ask(&entra, &foreign).await, "invalid_client", 700_027);
}

#[tokio::test]
async fn the_keys_of_another_issuer_are_fetched_from_this_machine() {
    // Another emulator is the issuer: it is an OpenID provider on loopback.
    let entra = Entra::start().await;
    let options = Options { clock: std::sync::Arc::new(now), ..Options::default() };
    let issuer = Emulator::start(options).await.unwrap();
    issuer.rotate_keys(Rotation::dropping());
    let url = format!("{}/{}/v2.0", issuer.http_url(), ids::FABRIKAM);
    let audience = "api://AzureADTokenExchange";
    let token =
        TokenRequest::user("megan").audience(audience).claim("iss", url.clone()).claim("sub", "robot");
    let token = issuer.mint(&token).unwrap();
    let credential = |issuer: String| FederatedCredential {
        issuer,
        subject: "robot".to_owned(),
        audience: audience.to_owned(),
        jwks: None,
    };
    let patch = AppPatch { federated: Some(vec![credential(url)]), ..AppPatch::default() };
    entra.emulator.update_app("Tenantry", &patch).unwrap();
    assert_eq!(ask(&entra, &token).await.status, 200);
}

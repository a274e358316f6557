//! Apps that prove themselves by a token of an issuer outside.
//!
//! <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>

use std::time::Duration;

use serde_json::Value;
use url::{Host, Url};

use super::{Call, client_assertion::check_time};
use crate::{
    aadsts::Refusal,
    directory::{App, FederatedCredential},
    jwt::Jwt,
};

/// Issuer, subject and audience must be those of a credential, to the letter; only then are keys asked for.
pub(super) async fn check(call: Call<'_>, app: &App, jwt: &Jwt) -> Result<(), Refusal> {
    let matches = |credential: &&FederatedCredential| {
        jwt.text("iss") == Some(&credential.issuer)
            && jwt.text("sub") == Some(&credential.subject)
            && jwt.audiences() == [credential.audience.as_str()]
    };
    let credential = app.federated.iter().find(matches).ok_or_else(Refusal::no_federated_credential)?;
    check_time(call, jwt)?;
    if jwt.header_text("alg") != Some("RS256") {
        return Err(Refusal::malformed_assertion("only RS256 is supported"));
    }
    let keys = match &credential.jwks {
        Some(keys) => Some(keys.clone()),
        None => keys_of(&credential.issuer).await,
    };
    let keys =
        keys.ok_or_else(|| Refusal::malformed_assertion("the keys of its issuer cannot be fetched"))?;
    let named = jwt.header_text("kid");
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_signed = keys.get("keys").and_then(Value::as_array).into_iter().flatten().any(|key| {
        named.is_none_or(|named| text(key, "kid").as_deref() == Some(named))
            && text(key, "n").zip(text(key, "e")).is_some_and(|(n, e)| jwt.is_signed_by(&n, &e))
    });
    if is_signed { Ok(()) } else { Err(Refusal::unknown_certificate()) }
}

/// The keys of an issuer on this machine; no other is asked.
async fn keys_of(issuer: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "one client for one local address, without proxies")]
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(5))
        .build()
        .ok()?;
    let get = async |url: &str| {
        let url = Url::parse(url).ok().filter(is_local)?;
        client.get(url).send().await.ok()?.json::<Value>().await.ok()
    };
    let issuer = issuer.trim_end_matches('/');
    let document = get(&format!("{issuer}/.well-known/openid-configuration")).await?;
    get(document.get("jwks_uri")?.as_str()?).await
}

fn is_local(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

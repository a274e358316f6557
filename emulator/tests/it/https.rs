use std::{fs, path::Path, time::Duration};

use emulator::{Emulator, Options, TokenRequest, ids};
use reqwest::{Certificate, Client};
use serde_json::Value;

use crate::support::claims;

async fn start(data_dir: Option<&Path>) -> Emulator {
    let data_dir = data_dir.map(Path::to_owned);
    Emulator::start(Options { https_port: Some(0), data_dir, ..Options::default() }).await.unwrap()
}

/// A client that trusts this authority and nobody else.
#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
pub(crate) fn trusting(ca: &str) -> Client {
    let ca = Certificate::from_pem(ca.as_bytes()).unwrap();
    Client::builder().no_proxy().timeout(Duration::from_secs(20)).tls_certs_only([ca]).build().unwrap()
}

#[tokio::test]
async fn endpoints_follow_the_listener_and_the_issuer_is_https() {
    let entra = start(None).await;
    let https = entra.https_url().unwrap();
    assert_eq!(entra.issuer_base(), https);
    let client = trusting(entra.ca_pem().unwrap());
    for site in [entra.http_url(), https, &https.replace("localhost", "127.0.0.1")] {
        let url = format!("{site}/common/v2.0/.well-known/openid-configuration");
        let document: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(document["issuer"], format!("{https}/{{tenantid}}/v2.0"));
        let site = site.replace("127.0.0.1", "localhost");
        assert_eq!(document["jwks_uri"], format!("{site}/common/discovery/v2.0/keys"));
    }
    let token = claims(&entra.mint(&TokenRequest::user("adele")).unwrap());
    assert_eq!(token["iss"], format!("{https}/{}/v2.0", ids::CONTOSO));
}

#[tokio::test]
async fn the_authority_is_served_and_there_is_no_hsts() {
    let entra = start(None).await;
    let client = trusting(entra.ca_pem().unwrap());
    let answer = client.get(format!("{}/emulator/ca.pem", entra.http_url())).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), entra.ca_pem().unwrap());
    let answer =
        client.get(format!("{}/emulator/control/clock", entra.https_url().unwrap())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("strict-transport-security"), None);
}

#[tokio::test]
async fn the_authority_is_kept_for_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("not/there/yet");
    let first = start(Some(&dir)).await.ca_pem().unwrap().to_owned();
    let second = start(Some(&dir)).await;
    assert_eq!(second.ca_pem(), Some(first.as_str()));
    let url = format!("{}/", second.https_url().unwrap());
    assert_eq!(trusting(&first).get(url).send().await.unwrap().status(), 200);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(dir.join("ca-key.pem")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn an_authority_that_is_of_no_use_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (ca, key) = (dir.path().join("ca.pem"), dir.path().join("ca-key.pem"));
    let before = start(Some(dir.path())).await.ca_pem().unwrap().to_owned();
    let other = start(None).await.ca_pem().unwrap().to_owned();
    let expiring = before.replacen("until 20", "until 19", 1);
    let spoil: [&dyn Fn(); 4] = [
        &|| fs::write(&ca, "not a certificate").unwrap(),
        &|| fs::write(&key, "not a key").unwrap(),
        &|| fs::write(&ca, &other).unwrap(),
        &|| fs::write(&ca, &expiring).unwrap(),
    ];
    for spoil in spoil {
        spoil();
        let entra = start(Some(dir.path())).await;
        let made = entra.ca_pem().unwrap();
        assert_ne!(made, before);
        assert_eq!(fs::read_to_string(&ca).unwrap(), made);
        let url = format!("{}/", entra.https_url().unwrap());
        assert_eq!(trusting(made).get(url).send().await.unwrap().status(), 200);
    }
}

//! How the service proves to Entra ID who it is, and what it asks of Microsoft 365.

use std::{fs, path::PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static AZURE_CLIENT_SECRET: Setting =
    Setting::new("AZURE_CLIENT_SECRET", "entra.client_secret").older(&["MICROSOFT_CLIENT_SECRET"]).secret();
static AZURE_CLIENT_SECRET_EXPIRES: Setting =
    Setting::new("AZURE_CLIENT_SECRET_EXPIRES", "entra.client_secret_expires");
static AZURE_CLIENT_CERTIFICATE: Setting =
    Setting::new("AZURE_CLIENT_CERTIFICATE", "entra.client_certificate").secret();
static AZURE_CLIENT_CERTIFICATE_PATH: Setting =
    Setting::new("AZURE_CLIENT_CERTIFICATE_PATH", "entra.client_certificate_path");
static AZURE_CLIENT_CERTIFICATE_KEY: Setting =
    Setting::new("AZURE_CLIENT_CERTIFICATE_KEY", "entra.client_certificate_key").secret();
static AZURE_FEDERATED_TOKEN_FILE: Setting =
    Setting::new("AZURE_FEDERATED_TOKEN_FILE", "entra.federated_token_file");
static AZURE_MANAGED_IDENTITY: Setting = Setting::new("AZURE_MANAGED_IDENTITY", "entra.managed_identity");
static OBO_GRAPH_SCOPES: Setting = Setting::new("OBO_GRAPH_SCOPES", "graph.scopes").list();
static GRAPH_URL: Setting = Setting::new("GRAPH_URL", "graph.url").older(&["GRAPH_BASE_URL"]);

pub(super) static SETTINGS: &[&Setting] = &[
    &AZURE_CLIENT_SECRET,
    &AZURE_CLIENT_SECRET_EXPIRES,
    &AZURE_CLIENT_CERTIFICATE,
    &AZURE_CLIENT_CERTIFICATE_PATH,
    &AZURE_CLIENT_CERTIFICATE_KEY,
    &AZURE_FEDERATED_TOKEN_FILE,
    &AZURE_MANAGED_IDENTITY,
    &OBO_GRAPH_SCOPES,
    &GRAPH_URL,
];

/// What differs from cloud to cloud (Microsoft identity platform, "National clouds"; Microsoft Graph, "National cloud
/// deployments").
struct Cloud {
    sign_in_hosts: &'static [&'static str],
    graph: &'static str,
    /// What a token of another issuer must be for to be taken as a proof.
    token_exchange: &'static str,
}

const PUBLIC: Cloud = Cloud {
    sign_in_hosts: &[],
    graph: "https://graph.microsoft.com",
    token_exchange: "api://AzureADTokenExchange",
};
const NATIONAL: [Cloud; 2] = [
    Cloud {
        sign_in_hosts: &["login.microsoftonline.us"],
        graph: "https://graph.microsoft.us",
        token_exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        sign_in_hosts: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        graph: "https://microsoftgraph.chinacloudapi.cn",
        token_exchange: "api://AzureADTokenExchangeChina",
    },
];
/// Microsoft Graph of the American department of defense, whose sign-in is that of its government.
const DOD_GRAPH: &str = "https://dod-graph.microsoft.us";

/// Which managed identity of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineIdentity {
    /// The one that the machine itself has.
    System,
    /// One of those that were given to it, by its client id.
    User(Uuid),
}

/// A certificate and its key as they were given: PEM, the key in the same text or apart.
#[derive(Clone, Debug)]
pub struct CertificateText {
    pub pem: SecretString,
    pub key: Option<SecretString>,
}

/// `[entra]`, as far as it is about credentials, and `[graph]`.
#[derive(Clone, Debug)]
pub struct DelegationConfig {
    pub secret: Option<SecretString>,
    /// When the secret ends, as the portal shows it.
    pub secret_expires_at: Option<DateTime<Utc>>,
    pub certificate: Option<CertificateText>,
    pub federated_token_file: Option<PathBuf>,
    pub managed_identity: Option<MachineIdentity>,
    /// Where Microsoft Graph is: scheme, host and port.
    pub graph_url: Url,
    /// What tokens for it are asked for: its identifier, whatever its address.
    pub graph_resource: String,
    /// Whole names (`https://graph.microsoft.com/Files.Read.All`); empty for all that was consented to.
    pub graph_scopes: Vec<String>,
    /// The audience of tokens that prove who we are by another issuer.
    pub token_exchange: &'static str,
}

impl DelegationConfig {
    pub(super) fn read(reader: &mut Reader, authority: &Url) -> Self {
        let host = authority.host_str().unwrap_or_default();
        let cloud = NATIONAL.iter().find(|cloud| cloud.sign_in_hosts.contains(&host)).unwrap_or(&PUBLIC);
        let graph_url = reader.value(&GRAPH_URL, parse::origin);
        let is_dod = graph_url.as_ref().is_some_and(|url| url.as_str().trim_end_matches('/') == DOD_GRAPH);
        let graph_resource = if is_dod { DOD_GRAPH } else { cloud.graph };
        let graph_url =
            graph_url.unwrap_or_else(|| Url::parse(graph_resource).expect("a constant that is a URL"));
        let scope = |text: &str| graph_scope(text, graph_resource);
        let graph_scopes = reader.list(&OBO_GRAPH_SCOPES, scope).unwrap_or_default();
        let is_mixed =
            graph_scopes.len() > 1 && graph_scopes.iter().any(|scope| scope.ends_with("/.default"));
        if is_mixed {
            reader.problem(&OBO_GRAPH_SCOPES, "names .default beside others; keep it alone, or leave it out");
        }
        Self {
            secret: reader
                .secret(&AZURE_CLIENT_SECRET)
                .map(|secret| SecretString::from(secret.expose_secret().trim())),
            secret_expires_at: reader.value(&AZURE_CLIENT_SECRET_EXPIRES, end),
            certificate: certificate(reader),
            federated_token_file: reader.value(&AZURE_FEDERATED_TOKEN_FILE, |text| Ok(PathBuf::from(text))),
            managed_identity: reader.value(&AZURE_MANAGED_IDENTITY, machine_identity),
            graph_url,
            graph_resource: graph_resource.to_owned(),
            graph_scopes,
            token_exchange: cloud.token_exchange,
        }
    }

    /// Whether there is any way to prove who we are.
    pub fn has_credential(&self) -> bool {
        self.secret.is_some()
            || self.certificate.is_some()
            || self.federated_token_file.is_some()
            || self.managed_identity.is_some()
    }
}

/// A day, at whose beginning it is over, or a moment.
fn end(text: &str) -> Parsed<DateTime<Utc>> {
    let of_day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let moment = text.parse::<DateTime<Utc>>().ok().or_else(of_day);
    moment.ok_or("is no date; give the one that the portal shows, such as 2027-03-31")
}

fn machine_identity(text: &str) -> Parsed<MachineIdentity> {
    match text.to_ascii_lowercase().as_str() {
        "system" => Ok(MachineIdentity::System),
        id => parse::guid(id)
            .map(MachineIdentity::User)
            .map_err(|_| "is neither system nor the client id of a managed identity"),
    }
}

/// A permission by its name, perhaps with the resource before it.
fn graph_scope(text: &str, graph: &str) -> Parsed<String> {
    const REFUSAL: &str = "is no delegated permission of Microsoft Graph; give names such as Files.Read.All, of one resource only";
    let name = text.strip_prefix(graph).map_or(Some(text), |rest| rest.strip_prefix('/')).ok_or(REFUSAL)?;
    let is_name = !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || ".-_".contains(character));
    if is_name { Ok(format!("{graph}/{name}")) } else { Err(REFUSAL) }
}

fn certificate(reader: &mut Reader) -> Option<CertificateText> {
    let key = reader.secret(&AZURE_CLIENT_CERTIFICATE_KEY);
    let text = reader.secret(&AZURE_CLIENT_CERTIFICATE);
    let at_path = reader.value(&AZURE_CLIENT_CERTIFICATE_PATH, |path| {
        let text = fs::read_to_string(path);
        text.map(SecretString::from)
            .map_err(|_| "cannot be read as text; give a PEM file, and see to its permissions")
    });
    if text.is_some() && at_path.is_some() {
        reader.problem(
            &AZURE_CLIENT_CERTIFICATE_PATH,
            "is given together with AZURE_CLIENT_CERTIFICATE; keep one of them",
        );
    }
    let (setting, pem) = match (text, at_path) {
        (Some(text), _) => (&AZURE_CLIENT_CERTIFICATE, text),
        (None, Some(text)) => (&AZURE_CLIENT_CERTIFICATE_PATH, text),
        (None, None) => {
            let is_alone = key.is_some()
                && !reader.failed(&AZURE_CLIENT_CERTIFICATE)
                && !reader.failed(&AZURE_CLIENT_CERTIFICATE_PATH);
            if is_alone {
                reader.problem(
                    &AZURE_CLIENT_CERTIFICATE_KEY,
                    "has no certificate; give AZURE_CLIENT_CERTIFICATE too",
                );
            }
            return None;
        }
    };
    let has = |text: &SecretString, what: &str| text.expose_secret().contains(what);
    if !has(&pem, "-----BEGIN CERTIFICATE-----") {
        reader.problem(setting, "holds no certificate in PEM form; give a PEM file with certificate and key");
    } else if !has(key.as_ref().unwrap_or(&pem), "PRIVATE KEY-----") {
        reader.problem(setting, "has no private key with it; put it into the same file, or give it apart");
    }
    (!reader.failed(setting)).then_some(CertificateText { pem, key })
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    use super::*;

    #[test]
    fn each_cloud_has_its_own_graph() {
        let graph = |host: &str| {
            let delegation = loaded(&[("AZURE_AUTHORITY_HOST", host)]).delegation;
            (delegation.graph_url.to_string(), delegation.graph_resource, delegation.token_exchange)
        };
        for (host, graph_is, exchange) in [
            ("public", "https://graph.microsoft.com", "api://AzureADTokenExchange"),
            ("usgov", "https://graph.microsoft.us", "api://AzureADTokenExchangeUSGov"),
            ("china", "https://microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
        ] {
            assert_eq!(graph(host), (format!("{graph_is}/"), graph_is.to_owned(), exchange), "{host}");
        }
        let local = loaded(&[("GRAPH_URL", "http://localhost:4100")]).delegation;
        assert_eq!(local.graph_url.as_str(), "http://localhost:4100/");
        assert_eq!(local.graph_resource, "https://graph.microsoft.com");
        let dod = [("AZURE_AUTHORITY_HOST", "usgov"), ("GRAPH_URL", "https://dod-graph.microsoft.us")];
        assert_eq!(loaded(&dod).delegation.graph_resource, DOD_GRAPH);
        assert!(refused(&[("GRAPH_URL", "http://graph.example.com")]).contains("loopback"));
    }

    #[test]
    fn scopes_are_of_graph_and_default_stands_alone() {
        let scopes = |text: &str| loaded(&[("OBO_GRAPH_SCOPES", text)]).delegation.graph_scopes;
        let expected =
            ["https://graph.microsoft.com/Files.Read.All", "https://graph.microsoft.com/User.Read"];
        assert_eq!(scopes("https://graph.microsoft.com/Files.Read.All,User.Read"), expected);
        assert_eq!(scopes(".default"), ["https://graph.microsoft.com/.default"]);
        for wrong in [
            "https://contoso.sharepoint.com/AllSites.Read",
            "User.Read Mail.Read",
            "https://graph.microsoft.com",
        ] {
            assert!(
                refused(&[("OBO_GRAPH_SCOPES", wrong)]).contains("is no delegated permission"),
                "{wrong}"
            );
        }
        assert!(refused(&[("OBO_GRAPH_SCOPES", ".default,User.Read")]).contains(".default beside others"));
    }

    #[test]
    fn credentials_are_read_and_never_shown() {
        let delegation = loaded(&[
            ("MICROSOFT_CLIENT_SECRET", "s3cret\n"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/token"),
            ("AZURE_MANAGED_IDENTITY", "System"),
        ])
        .delegation;
        assert_eq!(delegation.secret.as_ref().map(ExposeSecret::expose_secret), Some("s3cret"));
        assert_eq!(delegation.managed_identity, Some(MachineIdentity::System));
        assert!(delegation.has_credential());
        assert!(!format!("{delegation:?}").contains("s3cret"));
        assert!(!loaded(&[]).delegation.has_credential());
        let ends = |text: &str| loaded(&[("AZURE_CLIENT_SECRET_EXPIRES", text)]).delegation.secret_expires_at;
        assert_eq!(ends("2027-03-31"), ends("2027-03-31T02:00:00+02:00"));
        assert!(refused(&[("AZURE_CLIENT_SECRET_EXPIRES", "in March")]).contains("is no date"));
        assert!(refused(&[("AZURE_MANAGED_IDENTITY", "mine")]).contains("neither system nor"));
    }

    #[test]
    fn a_certificate_that_is_none_is_told_at_start_without_its_text() {
        let problems = refused(&[("AZURE_CLIENT_CERTIFICATE", "not a certificate")]);
        let expected = "AZURE_CLIENT_CERTIFICATE: holds no certificate in PEM form; give a PEM file with certificate and key";
        assert_eq!(problems, expected);
        assert!(refused(&[("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere.pem")]).contains("cannot be read"));
        assert!(refused(&[("AZURE_CLIENT_CERTIFICATE_KEY", "x")]).contains("has no certificate"));
    }
}

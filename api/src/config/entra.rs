//! Entra ID: whose tokens are verified, and for whom they must be made.

use url::Url;
use uuid::Uuid;

use domain::access::{PERSONAL_ACCOUNTS_TENANT, TenantSelector};

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static AZURE_AUTHORITY_HOST: Setting = Setting::new("AZURE_AUTHORITY_HOST", "entra.authority_host");
pub(super) static AZURE_TENANT_ID: Setting = Setting::new("AZURE_TENANT_ID", "entra.tenant_id");
static AZURE_CLIENT_ID: Setting =
    Setting::new("AZURE_CLIENT_ID", "entra.client_id").older(&["MICROSOFT_CLIENT_ID"]);
static AZURE_PUBLIC_CLIENT_ID: Setting = Setting::new("AZURE_PUBLIC_CLIENT_ID", "entra.public_client_id");
static AZURE_REDIRECT_URI: Setting = Setting::new("AZURE_REDIRECT_URI", "entra.redirect_uri");
static AZURE_AUDIENCES: Setting = Setting::new("AZURE_AUDIENCES", "entra.audiences").list();
static AZURE_ALLOWED_CLIENTS: Setting = Setting::new("AZURE_ALLOWED_CLIENTS", "entra.allowed_clients").list();

pub(super) static SETTINGS: &[&Setting] = &[
    &AZURE_AUTHORITY_HOST,
    &AZURE_TENANT_ID,
    &AZURE_CLIENT_ID,
    &AZURE_PUBLIC_CLIENT_ID,
    &AZURE_REDIRECT_URI,
    &AZURE_AUDIENCES,
    &AZURE_ALLOWED_CLIENTS,
];

/// Where Microsoft sends the browser back to, below `PUBLIC_URL`.
const CALLBACK: &str = "api/oauth/microsoft/callback";

const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";
/// National clouds (Microsoft identity platform, "National clouds").
const US_GOVERNMENT: &str = "https://login.microsoftonline.us";
const CHINA: &str = "https://login.partner.microsoftonline.cn";

/// Microsoft Graph, in every cloud. Its tokens are sealed for it; accepting them would let every application that
/// may call Graph call us too.
const GRAPH: [&str; 5] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// `[entra]`.
#[derive(Clone, Debug)]
pub struct EntraConfig {
    /// Scheme, host and port.
    pub authority_host: Url,
    pub tenant: TenantSelector,
    pub client_id: Uuid,
    /// The registration by which devices without a browser sign in; `None` where none do.
    pub public_client: Option<Uuid>,
    /// Where Microsoft sends the browser back to; must lead to our own callback.
    pub redirect_uri: Url,
    /// `aud` values that are accepted besides the client id and its `api://` form.
    pub audiences: Vec<String>,
    /// `azp`/`appid` values that may call; empty for any.
    pub allowed_clients: Vec<Uuid>,
}

impl EntraConfig {
    pub(super) fn read(reader: &mut Reader, public_url: &Url) -> Self {
        let authority_host = reader.value(&AZURE_AUTHORITY_HOST, authority_host);
        let tenant = reader.value(&AZURE_TENANT_ID, tenant).unwrap_or(TenantSelector::Common);
        let client_id = reader.value(&AZURE_CLIENT_ID, parse::guid);
        if client_id.is_none() && !reader.failed(&AZURE_CLIENT_ID) {
            reader.problem(
                &AZURE_CLIENT_ID,
                "not set; give the application (client) id of the app registration \
                 (docs/entra-setup.md says how to make one)",
            );
        }
        let client_id = client_id.unwrap_or_default();
        let own = [client_id.to_string(), format!("api://{client_id}")];
        let mut audiences = Vec::new();
        for audience in reader.list(&AZURE_AUDIENCES, audience).unwrap_or_default() {
            if !own.contains(&audience) && !audiences.contains(&audience) {
                audiences.push(audience);
            }
        }
        Self {
            authority_host: authority_host.unwrap_or_else(public_cloud),
            tenant,
            client_id,
            public_client: reader.value(&AZURE_PUBLIC_CLIENT_ID, parse::guid),
            redirect_uri: reader
                .value(&AZURE_REDIRECT_URI, redirect_uri)
                .unwrap_or_else(|| callback(public_url)),
            audiences,
            allowed_clients: reader.list(&AZURE_ALLOWED_CLIENTS, parse::guid).unwrap_or_default(),
        }
    }
}

fn public_cloud() -> Url {
    Url::parse(PUBLIC_CLOUD).expect("a constant that is a URL")
}

fn callback(public_url: &Url) -> Url {
    let mut url = public_url.clone();
    url.set_path(CALLBACK);
    url
}

/// As Microsoft takes it: https, or http on this machine, with a path and nothing after it.
fn redirect_uri(text: &str) -> Parsed<Url> {
    let url = Url::parse(text).map_err(|_| "is not a URL; give the one that is registered")?;
    let mut bare = url.clone();
    bare.set_path("");
    parse::origin(bare.as_str()).map(|_| url)
}

fn authority_host(text: &str) -> Parsed<Url> {
    match text.to_ascii_lowercase().as_str() {
        "public" => parse::origin(PUBLIC_CLOUD),
        "usgov" => parse::origin(US_GOVERNMENT),
        "china" => parse::origin(CHINA),
        _ if !text.contains("://") => {
            Err("is not a cloud that is known; give public, usgov, china, or an https URL")
        }
        _ => parse::origin(text),
    }
}

fn tenant(text: &str) -> Parsed<TenantSelector> {
    const REFUSAL: &str =
        "is no tenant; give common, organizations, consumers, a tenant id, or a domain of the tenant";
    match text.to_ascii_lowercase().as_str() {
        "common" => Ok(TenantSelector::Common),
        "organizations" => Ok(TenantSelector::Organizations),
        "consumers" => Ok(TenantSelector::Consumers),
        word => match parse::guid(word) {
            Ok(PERSONAL_ACCOUNTS_TENANT) => Ok(TenantSelector::Consumers),
            Ok(id) => Ok(TenantSelector::Tenant(id)),
            Err(_) => parse::domain(word).map(TenantSelector::Domain).map_err(|_| REFUSAL),
        },
    }
}

fn audience(text: &str) -> Parsed<String> {
    if GRAPH.contains(&text.trim_end_matches('/').to_ascii_lowercase().as_str()) {
        return Err(
            "is Microsoft Graph, whose tokens are not for us; leave it out, and have clients ask for \
                    a scope of this application",
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{CLIENT_ID, loaded, refused, refused_exactly};

    #[test]
    fn the_default_authority_is_the_public_cloud() {
        let entra = loaded(&[]).entra;
        assert_eq!(entra.authority_host.as_str(), "https://login.microsoftonline.com/");
        assert!(entra.audiences.is_empty());
        assert!(entra.allowed_clients.is_empty());
    }

    #[test]
    fn national_clouds_go_by_name() {
        assert_eq!(
            authority_host("usgov").map(String::from).as_deref(),
            Ok("https://login.microsoftonline.us/")
        );
        assert_eq!(
            authority_host("China").map(String::from).as_deref(),
            Ok("https://login.partner.microsoftonline.cn/")
        );
        assert!(authority_host("http://localhost:4400").is_ok());
        for wrong in [
            "germany",
            "login.microsoftonline.com",
            "http://login.microsoftonline.com",
            "https://login.microsoftonline.com/common",
        ] {
            assert!(authority_host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tenant_is_a_word_an_id_or_a_domain() {
        assert_eq!(tenant("Common"), Ok(TenantSelector::Common));
        assert_eq!(tenant("contoso.com"), Ok(TenantSelector::Domain("contoso.com".to_owned())));
        assert_eq!(tenant("9188040d-6c67-4c5b-b112-36a304b66dad"), Ok(TenantSelector::Consumers));
        assert!(tenant(CLIENT_ID).is_ok_and(|tenant| tenant.is_single()));
        assert!(tenant("everybody").is_err());
    }

    #[test]
    fn the_client_id_is_required_and_a_guid() {
        let problems = refused_exactly(&[("AZURE_TENANT_ID", "contoso.com")]);
        assert!(problems.starts_with("AZURE_CLIENT_ID: not set;"), "{problems}");
        assert!(problems.contains("docs/entra-setup"), "{problems}");
        let problems = refused(&[("AZURE_CLIENT_ID", "my-app")]);
        assert_eq!(
            problems,
            r#"AZURE_CLIENT_ID: "my-app" is not a GUID; copy the id from the Entra admin center"#
        );
    }

    #[test]
    fn audiences_are_added_but_never_graph() {
        let entra = loaded(&[("AZURE_AUDIENCES", "api://a, api://b,api://a")]).entra;
        assert_eq!(entra.audiences.len(), 2);
        let graph = "https://graph.microsoft.com/,00000003-0000-0000-C000-000000000000";
        let problems = refused(&[("AZURE_AUDIENCES", graph)]);
        assert_eq!(problems.matches("is Microsoft Graph").count(), 2, "{problems}");
    }

    #[test]
    fn clients_are_guids() {
        let clients = format!("{CLIENT_ID},");
        assert_eq!(loaded(&[("AZURE_ALLOWED_CLIENTS", &clients)]).entra.allowed_clients.len(), 1);
        assert!(refused(&[("AZURE_ALLOWED_CLIENTS", "spa")]).contains("is not a GUID"));
    }
}

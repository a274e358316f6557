//! Where tokens come from: the host of a cloud, and whose accounts of it.

use std::fmt;

use domain::access::PERSONAL_ACCOUNTS_TENANT;
use url::{Host, Url};
use uuid::Uuid;

use super::parse_guid;

/// Whose accounts may sign in (Microsoft identity platform, "OAuth 2.0 and `OpenID` Connect
/// protocols", endpoints).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantSelector {
    /// `common`: work, school and personal accounts.
    Common,
    /// `organizations`: work and school accounts of any tenant.
    Organizations,
    /// `consumers`: personal accounts only.
    Consumers,
    /// One tenant, by its id.
    Tenant(Uuid),
    /// One tenant, by a domain that it has verified. The authority's metadata says which tenant that is.
    Domain(String),
}

/// Why an authority cannot be one. The message is for whoever configures the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    #[error(
        "the authority host `{0}` is neither a cloud's name (public, usgov, china) nor an address like \
         https://login.microsoftonline.com"
    )]
    Host(String),
    #[error(
        "the authority host `{0}` must be https: signing keys read over plain http could be anybody's; http is \
         for an authority on this machine (localhost, 127.0.0.1, [::1]) only"
    )]
    NotHttps(String),
    #[error(
        "the authority host `{0}` must be a host alone, without path, query or credentials: the tenant is \
             configured separately"
    )]
    NotAHost(String),
    #[error("`{0}` is not a tenant: use common, organizations, consumers, a tenant id or a verified domain")]
    Tenant(String),
}

impl TenantSelector {
    /// Reads a selector as it is configured. The personal accounts' tenant id means [`Self::Consumers`], so that
    /// there is one word for it.
    pub fn parse(text: &str) -> Result<Self, AuthorityError> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "common" => return Ok(Self::Common),
            "organizations" => return Ok(Self::Organizations),
            "consumers" => return Ok(Self::Consumers),
            _ => {}
        }
        match parse_guid(text) {
            Some(PERSONAL_ACCOUNTS_TENANT) => Ok(Self::Consumers),
            Some(tenant) => Ok(Self::Tenant(tenant)),
            None => {
                parse_domain(text).map(Self::Domain).ok_or_else(|| AuthorityError::Tenant(text.to_owned()))
            }
        }
    }
}

/// A domain name with at least one dot, in ASCII and lower case.
pub(super) fn parse_domain(text: &str) -> Option<String> {
    match Host::parse(text.trim()) {
        Ok(Host::Domain(domain)) => {
            let safe = domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
            (safe && domain.contains('.') && !domain.starts_with('.')).then_some(domain)
        }
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => None,
    }
}

impl fmt::Display for TenantSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Common => f.write_str("common"),
            Self::Organizations => f.write_str("organizations"),
            Self::Consumers => f.write_str("consumers"),
            Self::Tenant(tenant) => tenant.fmt(f),
            Self::Domain(domain) => f.write_str(domain),
        }
    }
}

/// A cloud's sign-in host together with whose accounts may come from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    host: Url,
    tenant: TenantSelector,
}

impl Authority {
    /// `host` is a cloud's name (`public`, `usgov`, `china`, also in the Azure SDKs' spelling `AzureChinaCloud`) or
    /// an `https` address; plain `http` for loopback hosts only.
    pub fn new(host: &str, tenant: TenantSelector) -> Result<Self, AuthorityError> {
        Ok(Self { host: parse_host(host.trim())?, tenant })
    }

    /// Scheme, host and port; the path is `/`.
    pub fn host(&self) -> &Url {
        &self.host
    }

    pub fn tenant(&self) -> &TenantSelector {
        &self.tenant
    }

    /// The same cloud for other accounts.
    #[must_use]
    pub fn with_tenant(&self, tenant: TenantSelector) -> Self {
        Self { host: self.host.clone(), tenant }
    }

    /// The metadata document of the v2.0 endpoint.
    pub fn v2_metadata(&self) -> Url {
        self.url(&format!("/{}/v2.0/.well-known/openid-configuration", self.tenant))
    }

    /// The metadata document of the v1.0 endpoint, whose issuer v1.0 tokens carry. `None` for personal accounts:
    /// their tenant issues v2.0 tokens only. The v1.0 endpoint knows no `organizations`.
    pub fn v1_metadata(&self) -> Option<Url> {
        let tenant = match &self.tenant {
            TenantSelector::Consumers => return None,
            TenantSelector::Organizations => &TenantSelector::Common,
            other @ (TenantSelector::Common | TenantSelector::Tenant(_) | TenantSelector::Domain(_)) => other,
        };
        Some(self.url(&format!("/{tenant}/.well-known/openid-configuration")))
    }

    /// Whether keys may be read from an address that the metadata named. It stays with the authority: the same
    /// scheme, host and port, or `https` at the issuer's host (an alias of a cloud's host names the principal one).
    pub(super) fn may_serve_keys(&self, address: &Url, issuer: &Url) -> bool {
        let bare = address.username().is_empty() && address.password().is_none();
        let same_origin = address.origin() == self.host.origin();
        let at_issuer = self.host.scheme() == "https"
            && address.scheme() == "https"
            && address.host().is_some()
            && address.host() == issuer.host()
            && address.port_or_known_default() == issuer.port_or_known_default();
        bare && (same_origin || at_issuer)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.host.clone();
        url.set_path(path);
        url
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.tenant)
    }
}

fn parse_host(text: &str) -> Result<Url, AuthorityError> {
    let address = match text.to_ascii_lowercase().as_str() {
        "public" | "azurepublic" | "azurepubliccloud" | "azurecloud" => "https://login.microsoftonline.com",
        "usgov" | "usgovernment" | "azureusgovernment" | "azureusgovernmentcloud" => {
            "https://login.microsoftonline.us"
        }
        "china" | "azurechina" | "azurechinacloud" => "https://login.partner.microsoftonline.cn",
        _ => text,
    };
    let url = Url::parse(address).map_err(|_| AuthorityError::Host(text.to_owned()))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(AuthorityError::NotHttps(text.to_owned())),
        _ => return Err(AuthorityError::Host(text.to_owned())),
    }
    let is_host = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_host { Ok(url) } else { Err(AuthorityError::NotAHost(without_credentials(url))) }
}

/// The message is logged, so a password in it is not repeated.
fn without_credentials(mut url: Url) -> String {
    let removed = url.set_password(None).and_then(|()| url.set_username(""));
    if removed.is_ok() { url.into() } else { String::new() }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(host: &str) -> Result<Authority, AuthorityError> {
        Authority::new(host, TenantSelector::Common)
    }

    #[test]
    fn clouds_have_names() {
        for (name, host) in [
            ("public", "https://login.microsoftonline.com/"),
            ("AzurePublicCloud", "https://login.microsoftonline.com/"),
            ("usgov", "https://login.microsoftonline.us/"),
            ("AzureUSGovernment", "https://login.microsoftonline.us/"),
            ("china", "https://login.partner.microsoftonline.cn/"),
            ("https://login.sovcloud-identity.fr", "https://login.sovcloud-identity.fr/"),
        ] {
            assert_eq!(authority(name).unwrap().host().as_str(), host);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_hosts_only() {
        for host in ["http://localhost:8085", "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:8085"] {
            assert!(authority(host).is_ok(), "{host}");
        }
        for host in ["http://login.microsoftonline.com", "http://localhost.example.com", "http://10.0.0.1"] {
            assert_eq!(authority(host), Err(AuthorityError::NotHttps(host.to_owned())));
        }
    }

    #[test]
    fn a_host_with_more_than_a_host_is_refused() {
        for host in ["https://login.microsoftonline.com/common", "https://login.example.com/?a=b"] {
            assert!(matches!(authority(host), Err(AuthorityError::NotAHost(_))), "{host}");
        }
        let refused = authority("https://user:secret@login.example.com").unwrap_err();
        assert!(!refused.to_string().contains("secret"));
        for host in ["", "nonsense", "ftp://login.example.com"] {
            assert!(matches!(authority(host), Err(AuthorityError::Host(_))), "{host}");
        }
    }

    #[test]
    fn a_tenant_is_a_word_an_id_or_a_domain() {
        let id = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0001";
        assert_eq!(TenantSelector::parse("Common"), Ok(TenantSelector::Common));
        assert_eq!(TenantSelector::parse("organizations"), Ok(TenantSelector::Organizations));
        assert_eq!(TenantSelector::parse("consumers"), Ok(TenantSelector::Consumers));
        assert_eq!(
            TenantSelector::parse("9188040d-6c67-4c5b-b112-36a304b66dad"),
            Ok(TenantSelector::Consumers)
        );
        assert_eq!(TenantSelector::parse(id), Ok(TenantSelector::Tenant(id.parse().unwrap())));
        assert_eq!(
            TenantSelector::parse("Contoso.com"),
            Ok(TenantSelector::Domain("contoso.com".to_owned()))
        );
        for text in ["", "contoso", "10.0.0.1", "a.com/../b", "a b.com", "a.com?x", "{tenantid}"] {
            assert!(TenantSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_version_has_no_organizations_and_no_consumers() {
        let of = |tenant| Authority::new("public", tenant).unwrap().v1_metadata().map(String::from);
        let common = "https://login.microsoftonline.com/common/.well-known/openid-configuration";
        assert_eq!(of(TenantSelector::Organizations).as_deref(), Some(common));
        assert_eq!(of(TenantSelector::Consumers), None);
    }

    #[test]
    fn keys_come_from_the_authority_or_the_issuers_host() {
        let china = authority("https://login.chinacloudapi.cn").unwrap();
        let issuer = Url::parse("https://login.partner.microsoftonline.cn/x/v2.0").unwrap();
        let may = |authority: &Authority, address: &str| {
            authority.may_serve_keys(&Url::parse(address).unwrap(), &issuer)
        };
        assert!(may(&china, "https://login.chinacloudapi.cn/common/discovery/v2.0/keys"));
        assert!(may(&china, "https://login.partner.microsoftonline.cn/keys"));
        for address in [
            "http://login.chinacloudapi.cn/keys",
            "http://login.partner.microsoftonline.cn/keys",
            "https://login.chinacloudapi.cn:8443/keys",
            "https://evil.example.com/keys",
            "https://user@login.chinacloudapi.cn/keys",
            "file:///etc/passwd",
        ] {
            assert!(!may(&china, address), "{address}");
        }
        let local = authority("http://127.0.0.1:8085").unwrap();
        assert!(may(&local, "http://127.0.0.1:8085/common/discovery/v2.0/keys"));
        for address in [
            "http://127.0.0.1:8086/keys",
            "https://login.partner.microsoftonline.cn/keys",
            "http://169.254.169.254/",
        ] {
            assert!(!may(&local, address), "{address}");
        }
    }
}

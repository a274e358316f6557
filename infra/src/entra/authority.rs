//! Where tokens come from: the host of a cloud, and whose accounts of it.

use std::fmt;

use domain::access::TenantSelector;
use url::Url;

/// A cloud's sign-in host together with whose accounts may come from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    host: Url,
    tenant: TenantSelector,
}

impl Authority {
    /// `host` is scheme, host and port. That it is `https`, or on this machine, is for the configuration to see to.
    pub fn new(mut host: Url, tenant: TenantSelector) -> Self {
        host.set_path("/");
        Self { host, tenant }
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

    /// An endpoint of OAuth 2.0, by its name (`token`).
    pub(super) fn endpoint(&self, name: &str) -> Url {
        self.url(&format!("/{}/oauth2/v2.0/{name}", self.tenant))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(host: &str) -> Authority {
        Authority::new(Url::parse(host).unwrap(), TenantSelector::Common)
    }

    #[test]
    fn the_first_version_has_no_organizations_and_no_consumers() {
        let of = |tenant| {
            Authority::new(Url::parse("https://login.microsoftonline.com").unwrap(), tenant)
                .v1_metadata()
                .map(String::from)
        };
        let common = "https://login.microsoftonline.com/common/.well-known/openid-configuration";
        assert_eq!(of(TenantSelector::Organizations).as_deref(), Some(common));
        assert_eq!(of(TenantSelector::Consumers), None);
    }

    #[test]
    fn keys_come_from_the_authority_or_the_issuers_host() {
        let china = authority("https://login.chinacloudapi.cn");
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
        let local = authority("http://127.0.0.1:8085");
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

//! The `issuer` of a metadata document, with or without the placeholder for the tenant.

use domain::access::{PERSONAL_ACCOUNTS_TENANT, TenantSelector};
use url::Url;
use uuid::Uuid;

use super::parse_guid;

/// What stands for the tenant in the issuer of `common` and `organizations`, and in the issuer of their keys.
pub(super) const PLACEHOLDER: &str = "{tenantid}";

/// How an issuer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenVersion {
    /// `https://sts.windows.net/<tenant>/`
    V1,
    /// `https://login.microsoftonline.com/<tenant>/v2.0`
    V2,
}

impl TokenVersion {
    /// The version that an `iss` claims to be of.
    pub(super) fn of_issuer(iss: &str) -> Self {
        if iss.ends_with(Self::V2.suffix()) { Self::V2 } else { Self::V1 }
    }

    /// The value of `ver`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::V1 => "/",
            Self::V2 => "/v2.0",
        }
    }
}

/// The issuer of one version of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer {
    text: String,
    address: Url,
    /// The one tenant it speaks for; `None` when it has the placeholder.
    tenant: Option<Uuid>,
}

impl Issuer {
    /// Reads `<base>/<tenant or placeholder><suffix of the version>`. `None` for anything else.
    pub(super) fn parse(text: &str, version: TokenVersion) -> Option<Self> {
        let (base, tenant) = text.strip_suffix(version.suffix())?.rsplit_once('/')?;
        let tenant = if tenant == PLACEHOLDER { None } else { Some(parse_guid(tenant)?) };
        let address = Url::parse(base).ok()?;
        let is_web = matches!(address.scheme(), "https" | "http") && address.host().is_some();
        (is_web && !base.contains(PLACEHOLDER)).then(|| Self { text: text.to_owned(), address, tenant })
    }

    /// Where it is; only the host means anything.
    pub(super) fn address(&self) -> &Url {
        &self.address
    }

    /// The one tenant it speaks for.
    pub(super) fn tenant(&self) -> Option<Uuid> {
        self.tenant
    }

    /// Whether it is the issuer to expect from an authority: with the placeholder for many tenants, with the right
    /// tenant for one.
    pub(super) fn suits(&self, selector: &TenantSelector) -> bool {
        match selector {
            TenantSelector::Common | TenantSelector::Organizations => self.tenant.is_none(),
            TenantSelector::Consumers => self.tenant == Some(PERSONAL_ACCOUNTS_TENANT),
            TenantSelector::Tenant(tenant) => self.tenant == Some(*tenant),
            TenantSelector::Domain(_) => self.tenant.is_some(),
        }
    }

    /// The `iss` of a token of this tenant, whose id is written in the form that the token has.
    pub(super) fn of_tenant(&self, tid: &str) -> String {
        self.text.replace(PLACEHOLDER, tid)
    }

    /// Whether a token with these two claims is of this issuer: the chain from issuer to tenant.
    pub(super) fn accepts(&self, iss: &str, tid: &str, tenant: Uuid) -> bool {
        self.tenant.is_none_or(|only| only == tenant) && self.of_tenant(tid) == iss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0001";

    #[test]
    fn an_issuer_is_host_tenant_and_version() {
        let common = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let issuer = Issuer::parse(common, TokenVersion::V2).unwrap();
        assert_eq!(issuer.tenant(), None);
        assert_eq!(issuer.of_tenant(TENANT), format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
        let one = Issuer::parse(&format!("https://sts.windows.net/{TENANT}/"), TokenVersion::V1).unwrap();
        assert_eq!(one.tenant(), Some(TENANT.parse().unwrap()));
        for text in [
            "",
            "/v2.0",
            "https://login.microsoftonline.com/v2.0",
            "https://login.microsoftonline.com/common/v2.0",
            "https://{tenantid}.example.com/{tenantid}/v2.0",
            "ftp://example.com/{tenantid}/v2.0",
            "{tenantid}/v2.0",
        ] {
            assert_eq!(Issuer::parse(text, TokenVersion::V2), None, "{text}");
        }
    }

    #[test]
    fn an_issuer_of_one_tenant_accepts_no_other() {
        let text = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        let issuer = Issuer::parse(&text, TokenVersion::V2).unwrap();
        assert!(issuer.accepts(&text, TENANT, TENANT.parse().unwrap()));
        let other = "5f0c1a52-3a0a-4b8e-9a7d-0d3b1f5c0002";
        assert!(!issuer.accepts(&text, other, other.parse().unwrap()));
    }
}

//! Applications, tenants, users: what is in `data/directory.toml`, and what the control API made of it.

mod app;
mod authority;
mod generated;
mod grant;
mod human;
mod patch;
mod policy;
mod user;

use std::sync::LazyLock;

use serde::Deserialize;
use uuid::Uuid;

pub(crate) use self::{
    app::{App, Assignment, Platform, RedirectUri, ServicePrincipal, roles_at},
    authority::{Authority, PERSONAL},
    grant::{Grant, Grantor},
    user::User,
};
pub use self::{
    app::{FederatedCredential, Version},
    patch::{AppPatch, Consent, DirectoryError, Revocation, UserPatch},
    policy::{AccessPolicy, Demand},
};

static AS_SHIPPED: LazyLock<Directory> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/directory.toml")).expect("the embedded directory is valid")
});

/// All there is to know about who exists and who may what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Directory {
    pub(crate) apps: Vec<App>,
    pub(crate) tenants: Vec<Tenant>,
    /// Conditional Access of all tenants.
    #[serde(default)]
    pub(crate) policies: Vec<AccessPolicy>,
}

/// A tenant with everything inside it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    /// Verified domains; the one given out by Microsoft is the last.
    pub(crate) domains: Vec<String>,
    #[serde(default)]
    pub(crate) region: Option<String>,
    /// What its hosts of `SharePoint` begin with; without it the tenant has none.
    #[serde(default)]
    pub(crate) sharepoint: Option<String>,
    /// How many users it has beside those listed, made when they are asked for; they cannot sign in.
    #[serde(default)]
    pub(crate) generated_users: usize,
    #[serde(default)]
    pub(crate) service_principals: Vec<ServicePrincipal>,
    /// Delegated permissions, as consented to.
    #[serde(default)]
    pub(crate) grants: Vec<Grant>,
    #[serde(default)]
    pub(crate) users: Vec<User>,
}

impl Tenant {
    /// Whether this is the tenant of all personal accounts.
    pub(crate) fn is_personal(&self) -> bool {
        self.id == PERSONAL
    }

    /// `contoso.sharepoint.com`.
    pub(crate) fn sharepoint_host(&self) -> Option<String> {
        self.sharepoint.as_ref().map(|name| format!("{name}.sharepoint.com"))
    }

    /// Whether one of its hosts of `SharePoint` has this name.
    pub(crate) fn owns_host(&self, host: &str) -> bool {
        self.sharepoint_hosts().any(|own| own.eq_ignore_ascii_case(host))
    }

    fn sharepoint_hosts(&self) -> impl Iterator<Item = String> {
        let name = self.sharepoint.as_ref();
        name.into_iter()
            .flat_map(|name| ["", "-my", "-admin"].map(|part| format!("{name}{part}.sharepoint.com")))
    }

    /// Whether a resource may be asked for by this name here: each tenant has its own hosts of `SharePoint`.
    pub(crate) fn names_resource(&self, resource: &App, named: &str) -> bool {
        let bare = named.trim_end_matches('/');
        !resource.is_sharepoint()
            || uuid::Uuid::try_parse(bare).is_ok()
            || bare.to_ascii_lowercase().strip_prefix("https://").is_some_and(|host| self.owns_host(host))
    }

    pub(crate) fn has_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|known| known.eq_ignore_ascii_case(domain))
    }

    /// Whether `client` can ask for tokens for `resource` here. Personal accounts know them all, and an app that
    /// asks for itself need not be there yet.
    pub(crate) fn has_resource(&self, resource: &App, client: &App) -> bool {
        self.is_personal() || resource.id == client.id || self.service_principal(resource).is_some()
    }

    pub(crate) fn service_principal(&self, app: &App) -> Option<&ServicePrincipal> {
        self.service_principals.iter().find(|principal| principal.app == app.name)
    }
}

impl Directory {
    /// The directory as it is at the start.
    pub(crate) fn as_shipped() -> Self {
        AS_SHIPPED.clone()
    }

    /// The tenant a request's path names: by GUID or verified domain.
    pub(crate) fn addressed_tenant(&self, segment: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.has_domain(segment) || Uuid::try_parse(segment).is_ok_and(|id| id == tenant.id)
        })
    }

    /// The tenant a person means: also by name.
    pub(crate) fn tenant(&self, who: &str) -> Result<&Tenant, DirectoryError> {
        self.addressed_tenant(who)
            .or_else(|| self.tenants.iter().find(|tenant| tenant.name.eq_ignore_ascii_case(who)))
            .or_else(|| {
                self.tenants
                    .iter()
                    .find(|tenant| tenant.is_personal() && ["personal", "consumers"].contains(&who))
            })
            .ok_or_else(|| DirectoryError::UnknownTenant(who.to_owned()))
    }

    /// The app with this name, client id or App ID URI.
    pub(crate) fn app(&self, who: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.is_called(who))
    }

    /// The user a person means, as he is in `tenant`, or else where he is at home.
    ///
    /// One human has one handle, and an object in each tenant he is known in.
    pub(crate) fn user(&self, who: &str, tenant: Option<&str>) -> Result<(&Tenant, &User), DirectoryError> {
        let tenant = tenant.map(|tenant| self.tenant(tenant)).transpose()?;
        let named = || {
            self.tenants.iter().flat_map(|tenant| {
                tenant.users.iter().filter(|user| user.is_called(who)).map(move |user| (tenant, user))
            })
        };
        let (found_in, found) = named()
            .find(|(_, user)| user.home.is_none())
            .or_else(|| named().next())
            .ok_or_else(|| DirectoryError::UnknownUser(who.to_owned()))?;
        let Some(tenant) = tenant else { return Ok((found_in, found)) };
        tenant
            .users
            .iter()
            .find(|user| user.handle == found.handle)
            .map(|user| (tenant, user))
            .ok_or_else(|| DirectoryError::NotInTenant { user: who.to_owned(), tenant: tenant.name.clone() })
    }

    /// The address under which `user` signs in: for a guest the one he has at home.
    pub(crate) fn sign_in_name<'a>(&'a self, user: &'a User) -> &'a str {
        user.home
            .and_then(|home| self.tenants.iter().find(|tenant| tenant.id == home))
            .and_then(|home| home.users.iter().find(|at_home| at_home.handle == user.handle))
            .map_or(&user.upn, |at_home| &at_home.upn)
    }

    /// Whether the owner of the user's mail domain is known to be his own tenant.
    pub(crate) fn is_mail_verified(&self, tenant: &Tenant, user: &User) -> bool {
        let home = user.home.unwrap_or(tenant.id);
        let domain = user.mail.as_deref().and_then(|mail| mail.rsplit_once('@')).map(|(_, domain)| domain);
        domain.is_some_and(|domain| {
            home == PERSONAL
                || self.tenants.iter().any(|tenant| tenant.id == home && tenant.has_domain(domain))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    #[test]
    fn the_constants_are_those_of_the_directory() {
        let directory = Directory::as_shipped();
        for (name, id) in [
            ("Tenantry", ids::TENANTRY_APP),
            ("Tenantry SPA", ids::TENANTRY_SPA),
            ("Tenantry CLI", ids::TENANTRY_CLI),
            ("Stranger", ids::STRANGER_APP),
            ("Microsoft Graph", ids::GRAPH_APP),
            ("SharePoint", ids::SHAREPOINT_APP),
        ] {
            assert_eq!(directory.app(name).map(|app| app.id.to_string()).as_deref(), Some(id));
        }
        for (name, id) in [
            ("contoso", ids::CONTOSO),
            ("fabrikam.com", ids::FABRIKAM),
            ("personal", ids::PERSONAL_TENANT),
            ("northwind", ids::NORTHWIND),
        ] {
            assert_eq!(directory.tenant(name).unwrap().id.to_string(), id);
        }
        for (name, tenant, id) in [
            ("adele", None, ids::ADELE),
            ("alex", None, ids::ALEX),
            ("lee", None, ids::LEE),
            ("johanna", None, ids::JOHANNA),
            ("isaiah", None, ids::ISAIAH),
            ("megan", None, ids::MEGAN),
            ("nestor", None, ids::NESTOR),
            ("lidia", None, ids::LIDIA),
            ("grady", None, ids::GRADY),
            ("pat", None, ids::PAT),
            ("adele@contoso.com", Some("fabrikam"), ids::ADELE_IN_FABRIKAM),
        ] {
            assert_eq!(directory.user(name, tenant).unwrap().1.id.to_string(), id);
        }
        for (app, tenant, id) in [
            ("Tenantry", "contoso", ids::TENANTRY_IN_CONTOSO),
            ("Tenantry", "fabrikam", ids::TENANTRY_IN_FABRIKAM),
            ("Stranger", "contoso", ids::STRANGER_IN_CONTOSO),
            ("Stranger", "fabrikam", ids::STRANGER_IN_FABRIKAM),
        ] {
            let principal =
                directory.tenant(tenant).unwrap().service_principal(directory.app(app).unwrap()).unwrap();
            assert_eq!(principal.id.to_string(), id);
        }
    }

    #[test]
    fn a_guest_object_is_found_by_its_own_id() {
        let directory = Directory::as_shipped();
        let (tenant, user) = directory.user(ids::ADELE_IN_FABRIKAM, None).unwrap();
        assert_eq!(tenant.name, "Fabrikam");
        assert_eq!(directory.sign_in_name(user), "adele@contoso.com");
    }

    #[test]
    fn assignments_name_apps_that_exist() {
        let directory = Directory::as_shipped();
        for tenant in &directory.tenants {
            let named = tenant
                .users
                .iter()
                .flat_map(|user| &user.assigned)
                .map(|assigned| &assigned.app)
                .chain(tenant.service_principals.iter().map(|principal| &principal.app));
            for app in named {
                assert!(directory.app(app).is_some(), "{app}");
            }
        }
    }
}

//! Which tenants become organizations, and who looks after them.

use uuid::Uuid;

use domain::access::{
    AdmissionPolicy, AllowedTenant, PERSONAL_ACCOUNTS_TENANT, SessionCheck, TenantPolicy, TenantSelector,
};

use super::{
    entra::{AZURE_TENANT_ID, EntraConfig},
    parse,
    process::{APP_ENV, Environment},
    reader::{Parsed, Reader},
    setting::Setting,
};

static TENANT_POLICY: Setting = Setting::new("TENANT_POLICY", "tenants.policy");
static ALLOWED_TENANTS: Setting = Setting::new("ALLOWED_TENANTS", "tenants.allowed").list();
static ALLOWED_DOMAINS: Setting = Setting::new("ALLOWED_DOMAINS", "tenants.allowed_domains").list();
static ALLOW_PERSONAL_ACCOUNTS: Setting =
    Setting::new("ALLOW_PERSONAL_ACCOUNTS", "tenants.allow_personal_accounts");
static FIRST_USER_IS_ADMIN: Setting = Setting::new("FIRST_USER_IS_ADMIN", "tenants.first_user_is_admin");
static ADMIN_EMAILS: Setting = Setting::new("ADMIN_EMAILS", "tenants.admin_emails").list();
static ADMIN_DIRECTORY_ROLES: Setting =
    Setting::new("ADMIN_DIRECTORY_ROLES", "tenants.admin_directory_roles").list();

pub(super) static SETTINGS: &[&Setting] = &[
    &TENANT_POLICY,
    &ALLOWED_TENANTS,
    &ALLOWED_DOMAINS,
    &ALLOW_PERSONAL_ACCOUNTS,
    &FIRST_USER_IS_ADMIN,
    &ADMIN_EMAILS,
    &ADMIN_DIRECTORY_ROLES,
];

/// Template id of Global Administrator (Microsoft Entra, "Built-in roles").
const GLOBAL_ADMINISTRATOR: Uuid = uuid::uuid!("62e90394-69f5-4237-9190-012177145e10");

/// `[tenants]`.
#[derive(Clone, Debug)]
pub struct TenantsConfig {
    pub policy: TenantPolicy,
    /// Not empty exactly when the policy is the list.
    pub allowed: Vec<AllowedTenant>,
    pub allow_personal_accounts: bool,
    pub first_user_is_admin: bool,
    /// Lower case.
    pub admin_emails: Vec<String>,
    pub admin_directory_roles: Vec<Uuid>,
}

impl TenantsConfig {
    pub(super) fn read(reader: &mut Reader, environment: Environment, tenant: &TenantSelector) -> Self {
        let mut allowed = reader.list(&ALLOWED_TENANTS, allowed_tenant).unwrap_or_default();
        for domain in reader.list(&ALLOWED_DOMAINS, parse::domain).unwrap_or_default() {
            allowed.push(AllowedTenant::Domain(domain));
        }
        let allow_personal_accounts =
            reader.value(&ALLOW_PERSONAL_ACCOUNTS, parse::boolean).unwrap_or_default();
        let policy = policy(reader, environment, tenant);
        let first_user_is_admin = reader
            .value(&FIRST_USER_IS_ADMIN, parse::boolean)
            .unwrap_or(tenant.is_single() || policy == TenantPolicy::AllowList);
        let this = Self {
            policy,
            allowed,
            allow_personal_accounts,
            first_user_is_admin,
            admin_emails: reader.list(&ADMIN_EMAILS, parse::email).unwrap_or_default(),
            admin_directory_roles: reader
                .list(&ADMIN_DIRECTORY_ROLES, parse::guid)
                .unwrap_or_else(|| vec![GLOBAL_ADMINISTRATOR]),
        };
        this.check_personal_accounts(reader, tenant);
        this.check_single_tenant(reader, tenant);
        this
    }

    /// The decision as the domain wants it.
    pub fn admission(&self, entra: &EntraConfig, session_check: SessionCheck) -> AdmissionPolicy {
        AdmissionPolicy {
            tenants: self.policy,
            allow_personal_accounts: self.allow_personal_accounts,
            allowed_clients: entra.allowed_clients.clone(),
            admin_directory_roles: self.admin_directory_roles.clone(),
            admin_emails: self.admin_emails.clone(),
            first_user_is_admin: self.first_user_is_admin,
            session_check,
        }
    }

    /// Personal accounts are never let in by accident.
    fn check_personal_accounts(&self, reader: &mut Reader, tenant: &TenantSelector) {
        if self.allow_personal_accounts || reader.failed(&ALLOW_PERSONAL_ACCOUNTS) {
            return;
        }
        if *tenant == TenantSelector::Consumers {
            reader.problem(
                &AZURE_TENANT_ID,
                "only personal accounts could come, and they are refused; set ALLOW_PERSONAL_ACCOUNTS=true, or \
                 name a tenant",
            );
        }
        if self.allowed.contains(&AllowedTenant::Id(PERSONAL_ACCOUNTS_TENANT)) {
            reader.problem(
                &ALLOWED_TENANTS,
                "lists the tenant of personal accounts, which are refused; set ALLOW_PERSONAL_ACCOUNTS=true, or \
                 leave it out",
            );
        }
    }

    /// A list that leaves out the one tenant that can come lets nobody in.
    fn check_single_tenant(&self, reader: &mut Reader, tenant: &TenantSelector) {
        let TenantSelector::Tenant(id) = tenant else { return };
        let only_ids = self.allowed.iter().all(|entry| matches!(entry, AllowedTenant::Id(_)));
        let failed = reader.failed(&ALLOWED_TENANTS) || reader.failed(&ALLOWED_DOMAINS);
        if !failed && only_ids && !self.allowed.is_empty() && !self.allowed.contains(&AllowedTenant::Id(*id))
        {
            reader.problem(
                &ALLOWED_TENANTS,
                "leaves out the tenant of AZURE_TENANT_ID, so nobody could come; add it, or leave the list out",
            );
        }
    }
}

fn policy(reader: &mut Reader, environment: Environment, tenant: &TenantSelector) -> TenantPolicy {
    let chosen = reader.value(&TENANT_POLICY, tenant_policy);
    let list = [&ALLOWED_TENANTS, &ALLOWED_DOMAINS].into_iter().find(|setting| reader.is_set(setting));
    let any_tenant = matches!(tenant, TenantSelector::Common | TenantSelector::Organizations);
    let in_production = environment == Environment::Production && !reader.failed(&APP_ENV);
    match (chosen, list) {
        (Some(TenantPolicy::Open | TenantPolicy::Consented), Some(list)) => reader.problem(
            &TENANT_POLICY,
            format!(
                "contradicts {}, which means allow-list; remove one of them, or set TENANT_POLICY=allow-list",
                list.name
            ),
        ),
        (Some(TenantPolicy::AllowList), None) => reader.problem(
            &TENANT_POLICY,
            "is allow-list, but there is no list; set ALLOWED_TENANTS or ALLOWED_DOMAINS",
        ),
        (Some(TenantPolicy::Open), None) if any_tenant && in_production => reader.warn(
            "TENANT_POLICY=open: anybody with an account in any Entra tenant can sign in, and their tenant becomes \
             an organization here on first sight; `consented` and `allow-list` are narrower",
        ),
        (None, None)
            if any_tenant
                && in_production
                && !reader.failed(&TENANT_POLICY)
                && !reader.failed(&AZURE_TENANT_ID) =>
        {
            reader.problem(
                &TENANT_POLICY,
                "not set, and with AZURE_TENANT_ID=common or organizations every tenant of the cloud could come; \
                 choose open (any tenant becomes an organization on first sight), consented (only tenants whose \
                 administrator gave consent) or allow-list (only those in ALLOWED_TENANTS or ALLOWED_DOMAINS), or \
                 set AZURE_TENANT_ID to the one tenant",
            );
        }
        _ => {}
    }
    chosen.unwrap_or(if list.is_some() { TenantPolicy::AllowList } else { TenantPolicy::Open })
}

fn tenant_policy(text: &str) -> Parsed<TenantPolicy> {
    match text.to_ascii_lowercase().as_str() {
        "open" => Ok(TenantPolicy::Open),
        "consented" => Ok(TenantPolicy::Consented),
        "allow-list" => Ok(TenantPolicy::AllowList),
        _ => Err("is no policy; give open, consented or allow-list"),
    }
}

fn allowed_tenant(text: &str) -> Parsed<AllowedTenant> {
    parse::guid(text)
        .map(AllowedTenant::Id)
        .or_else(|_| parse::domain(text).map(AllowedTenant::Domain))
        .map_err(|_| "is neither a tenant id nor a domain; give one of them, such as contoso.com")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{CLIENT_ID, TENANT_ID, loaded, refused};

    const COMMON: (&str, &str) = ("AZURE_TENANT_ID", "common");
    const LIST: (&str, &str) = ("ALLOWED_TENANTS", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, Contoso.com");
    const PERSONAL: (&str, &str) = ("ALLOW_PERSONAL_ACCOUNTS", "true");

    #[test]
    fn production_refuses_to_guess_a_policy_and_explains_the_three() {
        for tenant in ["", "common", "organizations"] {
            let problems = refused(&[("AZURE_TENANT_ID", tenant)]);
            assert!(
                problems.starts_with("TENANT_POLICY: not set, and with AZURE_TENANT_ID=common"),
                "{problems}"
            );
            for choice in ["open (", "consented (", "allow-list ("] {
                assert!(problems.contains(choice), "{problems}");
            }
        }
    }

    #[test]
    fn development_and_test_are_open_when_nothing_is_said() {
        for environment in ["development", "test"] {
            let config = loaded(&[COMMON, ("APP_ENV", environment)]);
            assert_eq!(config.tenants.policy, TenantPolicy::Open);
            assert!(!config.tenants.first_user_is_admin);
            assert!(config.warnings.is_empty());
        }
    }

    #[test]
    fn an_explicit_policy_is_taken() {
        let config = loaded(&[COMMON, ("TENANT_POLICY", "consented")]);
        assert_eq!(config.tenants.policy, TenantPolicy::Consented);
        assert!(config.warnings.is_empty());
        assert!(refused(&[("TENANT_POLICY", "closed")]).contains("give open, consented or allow-list"));
    }

    #[test]
    fn open_in_production_says_what_it_means() {
        let warnings = loaded(&[COMMON, ("TENANT_POLICY", "open")]).warnings;
        assert!(warnings.iter().any(|warning| warning.contains("any Entra tenant")), "{warnings:?}");
        assert!(loaded(&[("TENANT_POLICY", "open")]).warnings.is_empty(), "one tenant is nothing to warn of");
    }

    #[test]
    fn a_list_implies_the_allow_list() {
        let tenants = loaded(&[COMMON, LIST, ("ALLOWED_DOMAINS", "fabrikam.com")]).tenants;
        assert_eq!(tenants.policy, TenantPolicy::AllowList);
        let domain = |name: &str| AllowedTenant::Domain(name.to_owned());
        assert_eq!(
            tenants.allowed,
            [AllowedTenant::Id(TENANT_ID.parse().unwrap()), domain("contoso.com"), domain("fabrikam.com")]
        );
        assert!(tenants.first_user_is_admin);
        assert_eq!(loaded(&[COMMON, ("ALLOWED_DOMAINS", "a.com")]).tenants.policy, TenantPolicy::AllowList);
    }

    #[test]
    fn a_list_contradicts_any_other_policy() {
        assert_eq!(
            loaded(&[COMMON, LIST, ("TENANT_POLICY", "allow-list")]).tenants.policy,
            TenantPolicy::AllowList
        );
        for policy in ["open", "consented"] {
            let problems = refused(&[COMMON, LIST, ("TENANT_POLICY", policy)]);
            assert!(problems.starts_with("TENANT_POLICY: contradicts ALLOWED_TENANTS"), "{problems}");
        }
    }

    #[test]
    fn the_allow_list_needs_a_list_of_tenants() {
        assert!(refused(&[("TENANT_POLICY", "allow-list")]).contains("there is no list"));
        let problems = refused(&[COMMON, ("ALLOWED_TENANTS", "contoso"), ("ALLOWED_DOMAINS", TENANT_ID)]);
        assert!(problems.contains(r#"ALLOWED_TENANTS: "contoso" is neither a tenant id nor a domain"#));
        assert!(problems.contains("is not a domain name"));
        assert_eq!(problems.lines().count(), 2, "{problems}");
        assert!(refused(&[("ALLOWED_DOMAINS", ",")]).contains("lists nothing"));
    }

    #[test]
    fn a_single_tenant_needs_no_policy() {
        for tenant in [TENANT_ID, "contoso.com"] {
            let tenants = loaded(&[("AZURE_TENANT_ID", tenant)]).tenants;
            assert_eq!(tenants.policy, TenantPolicy::Open);
            assert!(tenants.first_user_is_admin);
        }
    }

    #[test]
    fn a_list_without_the_single_tenant_is_refused() {
        let problems = refused(&[("ALLOWED_TENANTS", CLIENT_ID)]);
        assert!(problems.contains("leaves out the tenant of AZURE_TENANT_ID"), "{problems}");
        assert!(loaded(&[("ALLOWED_TENANTS", TENANT_ID)]).tenants.allowed.len() == 1);
    }

    #[test]
    fn personal_accounts_must_be_allowed() {
        for consumers in ["consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"] {
            let problems = refused(&[("AZURE_TENANT_ID", consumers)]);
            assert!(problems.starts_with("AZURE_TENANT_ID: only personal accounts could come"), "{problems}");
            assert!(loaded(&[("AZURE_TENANT_ID", consumers), PERSONAL]).tenants.allow_personal_accounts);
        }
        let list = ("ALLOWED_TENANTS", "9188040d-6c67-4c5b-b112-36a304b66dad");
        assert!(refused(&[COMMON, list]).contains("lists the tenant of personal accounts"));
        assert!(refused(&[("ALLOW_PERSONAL_ACCOUNTS", "maybe")]).contains("is neither true nor false"));
    }

    #[test]
    fn administrators_reach_the_domain_as_they_were_given() {
        let config = loaded(&[
            ("ADMIN_EMAILS", "Ada@Contoso.com"),
            ("ADMIN_DIRECTORY_ROLES", CLIENT_ID),
            ("AZURE_ALLOWED_CLIENTS", CLIENT_ID),
            ("FIRST_USER_IS_ADMIN", "false"),
        ]);
        let admission = config.tenants.admission(&config.entra, SessionCheck::default());
        let client = CLIENT_ID.parse().unwrap();
        assert_eq!(admission.admin_emails, ["ada@contoso.com"]);
        assert_eq!(
            (admission.admin_directory_roles, admission.allowed_clients),
            (vec![client], vec![client])
        );
        assert!(!admission.first_user_is_admin);
        assert_eq!(loaded(&[]).tenants.admin_directory_roles, [GLOBAL_ADMINISTRATOR]);
        let problems = refused(&[("ADMIN_EMAILS", "ada"), ("ADMIN_DIRECTORY_ROLES", "Global Administrator")]);
        assert_eq!(problems.lines().count(), 2, "{problems}");
    }
}

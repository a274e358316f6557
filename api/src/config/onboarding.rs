//! What the service asks of customers' tenants when they are connected.

use domain::organizations::onboarding::AppPermission;

use super::{
    delegation::DelegationConfig,
    reader::{Parsed, Reader},
    setting::Setting,
};

static ONBOARDING_SCOPE: Setting = Setting::new("ONBOARDING_SCOPE", "onboarding.scope");
static ONBOARDING_PERMISSIONS: Setting =
    Setting::new("ONBOARDING_PERMISSIONS", "onboarding.permissions").list();

pub(super) static SETTINGS: &[&Setting] = &[&ONBOARDING_SCOPE, &ONBOARDING_PERMISSIONS];

/// `[onboarding]`.
#[derive(Clone, Debug)]
pub struct OnboardingConfig {
    /// What an administrator is asked to consent to, as Microsoft's page takes it.
    pub scope: String,
    /// Application permissions that the service needs in each tenant.
    pub permissions: Vec<AppPermission>,
}

impl OnboardingConfig {
    pub(super) fn read(reader: &mut Reader, delegation: &DelegationConfig) -> Self {
        let scope = reader.value(&ONBOARDING_SCOPE, scope);
        let mut permissions = reader
            .list(&ONBOARDING_PERMISSIONS, permission)
            .unwrap_or_else(|| vec![AppPermission::OrganizationRead, AppPermission::UsersRead]);
        permissions.sort_unstable();
        permissions.dedup();
        Self {
            scope: scope.unwrap_or_else(|| format!("{}/.default", delegation.graph_resource)),
            permissions,
        }
    }
}

fn scope(text: &str) -> Parsed<String> {
    let is_scope =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || !words.iter().all(|word| is_scope(word)) {
        return Err("is not a list of scopes; give one such as https://graph.microsoft.com/.default");
    }
    Ok(words.join(" "))
}

fn permission(text: &str) -> Parsed<AppPermission> {
    AppPermission::parse(text).ok_or(
        "is not an application permission that is known here; give Organization.Read.All, Sites.Read.All or \
         User.Read.All",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    #[test]
    fn everything_that_is_registered_is_asked_for_and_the_least_is_needed() {
        let onboarding = loaded(&[]).onboarding;
        assert_eq!(onboarding.scope, "https://graph.microsoft.com/.default");
        assert_eq!(onboarding.permissions, [AppPermission::OrganizationRead, AppPermission::UsersRead]);
    }

    #[test]
    fn what_is_given_is_taken_once() {
        let onboarding = loaded(&[
            ("ONBOARDING_SCOPE", " openid   https://graph.microsoft.com/User.Read "),
            ("ONBOARDING_PERMISSIONS", "User.Read.All,Sites.Read.All,User.Read.All"),
        ])
        .onboarding;
        assert_eq!(onboarding.scope, "openid https://graph.microsoft.com/User.Read");
        assert_eq!(onboarding.permissions, [AppPermission::SitesRead, AppPermission::UsersRead]);
        assert!(
            refused(&[("ONBOARDING_PERMISSIONS", "Mail.Send")]).contains("is not an application permission")
        );
        assert!(refused(&[("ONBOARDING_SCOPE", "a\"b")]).contains("is not a list of scopes"));
    }
}

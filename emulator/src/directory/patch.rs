//! Changes to the directory that the control API and tests ask for.

use serde::{Deserialize, Serialize};

use super::{
    Assignment, Directory, ServicePrincipal, User,
    app::{App, RoleHolder},
};
use crate::random;

/// Why the directory cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No tenant has this name, domain or id.
    #[error("there is no tenant {0:?}: use a name, verified domain or GUID of the directory")]
    UnknownTenant(String),
    /// No user has this handle, user principal name or object id.
    #[error("there is no user {0:?}: use a handle, user principal name or object id of the directory")]
    UnknownUser(String),
    /// No app has this name, client id or App ID URI.
    #[error("there is no app {0:?}: use a name, client id or App ID URI of the directory")]
    UnknownApp(String),
    /// The user exists, but neither as a member nor as a guest of the tenant.
    #[error("{user:?} is neither a member nor a guest of {tenant}")]
    NotInTenant {
        /// As asked for.
        user: String,
        /// Its name.
        tenant: String,
    },
    /// The app has no service principal in the tenant.
    #[error("{app} has no service principal in {tenant}")]
    NoServicePrincipal {
        /// Its name.
        app: String,
        /// Its name.
        tenant: String,
    },
    /// The app does not define the role, or not for such a principal.
    #[error("{app} has no app role {role:?} for such a principal")]
    UnknownRole {
        /// Its name.
        app: String,
        /// As asked for.
        role: String,
    },
}

/// Changes to one user object; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserPatch {
    /// Which of a guest's objects: the one in this tenant. Default: the one at home.
    pub tenant: Option<String>,
    /// Whether he may sign in.
    pub enabled: Option<bool>,
    /// Whether a password alone is not enough.
    pub mfa_required: Option<bool>,
    /// Display name.
    pub display_name: Option<String>,
    /// Mail address; an empty one takes it away.
    pub mail: Option<String>,
    /// Whether he holds the directory role Global Administrator.
    pub administrator: Option<bool>,
}

/// Admin consent and app role assignments of one tenant.
///
/// Without `principal` it is about the app itself: it gets a service principal in the tenant, or loses it.
/// With one it is about who may what *at* the app: `roles` replace those the principal has there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Consent {
    /// The tenant that decides.
    pub tenant: String,
    /// The app it decides about; default "Tenantry".
    pub app: Option<String>,
    /// A user or another app of that tenant.
    pub principal: Option<String>,
    /// App roles of `app`; none is "default access".
    pub roles: Vec<String>,
    /// Takes the service principal, or the principal's assignment, away.
    pub remove: bool,
}

impl Directory {
    pub(crate) fn update_user(&mut self, who: &str, patch: UserPatch) -> Result<User, DirectoryError> {
        let id = self.user(who, patch.tenant.as_deref())?.1.id;
        let user = self
            .tenants
            .iter_mut()
            .flat_map(|tenant| &mut tenant.users)
            .find(|user| user.id == id)
            .ok_or_else(|| DirectoryError::UnknownUser(who.to_owned()))?;
        user.enabled = patch.enabled.unwrap_or(user.enabled);
        user.mfa_required = patch.mfa_required.unwrap_or(user.mfa_required);
        user.administrator = patch.administrator.unwrap_or(user.administrator);
        if patch.display_name.is_some() {
            user.display_name = patch.display_name;
        }
        if let Some(mail) = patch.mail {
            user.mail = Some(mail).filter(|mail| !mail.is_empty());
        }
        Ok(user.clone())
    }

    pub(crate) fn consent(&mut self, consent: &Consent) -> Result<(), DirectoryError> {
        let tenant = self.tenant(&consent.tenant)?.id;
        let app = self.known_app(consent.app.as_deref().unwrap_or("Tenantry"))?;
        let principal = match &consent.principal {
            None => None,
            Some(who) => match self.app(who).cloned() {
                Some(principal) => Some(Principal::App(principal)),
                None => Some(Principal::User(self.user(who, Some(&consent.tenant))?.1.id)),
            },
        };
        let tenant = self
            .tenants
            .iter_mut()
            .find(|known| known.id == tenant)
            .ok_or_else(|| DirectoryError::UnknownTenant(consent.tenant.clone()))?;
        let assigned = match principal {
            None => {
                let known = tenant.service_principal(&app).is_some();
                if consent.remove {
                    tenant.service_principals.retain(|principal| principal.app != app.name);
                } else if !known {
                    tenant.service_principals.push(ServicePrincipal {
                        app: app.name,
                        id: random::uuid(),
                        assigned: Vec::new(),
                    });
                }
                return Ok(());
            }
            Some(Principal::App(principal)) => {
                check_roles(&app, &consent.roles, RoleHolder::Application)?;
                let missing = DirectoryError::NoServicePrincipal {
                    app: principal.name.clone(),
                    tenant: tenant.name.clone(),
                };
                let found = tenant.service_principals.iter_mut().find(|sp| sp.app == principal.name);
                &mut found.ok_or(missing)?.assigned
            }
            Some(Principal::User(id)) => {
                check_roles(&app, &consent.roles, RoleHolder::User)?;
                let found = tenant.users.iter_mut().find(|user| user.id == id);
                &mut found.ok_or_else(|| DirectoryError::UnknownUser(id.to_string()))?.assigned
            }
        };
        assigned.retain(|assignment| assignment.app != app.name);
        if !consent.remove {
            assigned.push(Assignment { app: app.name, roles: consent.roles.clone() });
        }
        Ok(())
    }

    fn known_app(&self, who: &str) -> Result<App, DirectoryError> {
        self.app(who).cloned().ok_or_else(|| DirectoryError::UnknownApp(who.to_owned()))
    }
}

enum Principal {
    App(App),
    User(uuid::Uuid),
}

fn check_roles(app: &App, roles: &[String], holder: RoleHolder) -> Result<(), DirectoryError> {
    let unknown = roles
        .iter()
        .find(|role| !app.roles.iter().any(|known| known.value == **role && known.allowed.contains(&holder)));
    match unknown {
        None => Ok(()),
        Some(role) => Err(DirectoryError::UnknownRole { app: app.name.clone(), role: role.clone() }),
    }
}

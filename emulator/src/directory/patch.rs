//! Changes to the directory that the control API and tests ask for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Assignment, Directory, Grantor, User,
    app::{App, FederatedCredential, RoleHolder},
};

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
    /// The app does not define the delegated permission.
    #[error("{app} has no delegated permission {scope:?}")]
    UnknownScope {
        /// Its name.
        app: String,
        /// As asked for.
        scope: String,
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
    /// Ends what he was given.
    pub revoke: Option<Revocation>,
}

/// How far a revocation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Revocation {
    /// He or an administrator ended all sessions: all refresh tokens are void.
    Sessions,
    /// He changed his password: those of public clients are void.
    Password,
}

/// Changes to an app; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AppPatch {
    /// Its client secret; an empty one takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When its secret ends. A new secret without it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_expires: Option<DateTime<Utc>>,
    /// Certificates it may prove itself by, PEM; they replace those it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<String>>,
    /// Issuers it may prove itself through; they replace those it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federated: Option<Vec<FederatedCredential>>,
    /// Whether devices may sign in to it though it has a secret ("Allow public client flows").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_flows: Option<bool>,
    /// Whether it may be signed in to in `tenant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether only assigned users get in to it in `tenant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_required: Option<bool>,
    /// Of the two above; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Admin consent and app role assignments of one tenant.
///
/// Without `principal` it is about the app itself: it gets a service principal in the tenant with all that its
/// registration asks for, or loses it.
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
    /// Delegated permissions are meant: those `app` has at this resource, for all users or for `principal`.
    pub resource: Option<String>,
    /// Those permissions; with `remove` all are taken away.
    pub scopes: Vec<String>,
    /// Takes the service principal, the principal's assignment, or the permissions away.
    pub remove: bool,
}

impl Directory {
    pub(crate) fn update_user(
        &mut self,
        who: &str,
        patch: UserPatch,
        now: DateTime<Utc>,
    ) -> Result<User, DirectoryError> {
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
        match patch.revoke {
            None => {}
            Some(Revocation::Sessions) => user.sessions_valid_from = Some(now),
            Some(Revocation::Password) => user.password_changed = Some(now),
        }
        Ok(user.clone())
    }

    pub(crate) fn update_app(&mut self, who: &str, patch: &AppPatch) -> Result<(), DirectoryError> {
        let name = self.known_app(who)?.name;
        let tenant = patch.tenant.as_deref().map(|tenant| self.tenant(tenant)).transpose()?;
        let tenant = tenant.map(|tenant| tenant.id);
        for app in self.apps.iter_mut().filter(|app| app.name == name) {
            if let Some(secret) = &patch.secret {
                app.secret = Some(secret.clone()).filter(|secret| !secret.is_empty());
                app.secret_expires = None;
            }
            app.secret_expires = patch.secret_expires.or(app.secret_expires);
            app.certificates = patch.certificates.clone().unwrap_or(std::mem::take(&mut app.certificates));
            app.public_flows = patch.public_flows.unwrap_or(app.public_flows);
            app.federated = patch.federated.clone().unwrap_or(std::mem::take(&mut app.federated));
        }
        let tenants = self.tenants.iter_mut().filter(|known| tenant.is_none_or(|id| id == known.id));
        let principals = tenants.flat_map(|tenant| &mut tenant.service_principals);
        for principal in principals.filter(|principal| principal.app == name) {
            principal.enabled = patch.enabled.unwrap_or(principal.enabled);
            principal.assignment_required =
                patch.assignment_required.unwrap_or(principal.assignment_required);
        }
        Ok(())
    }

    pub(crate) fn consent(&mut self, consent: &Consent, since: DateTime<Utc>) -> Result<(), DirectoryError> {
        let tenant = self.tenant(&consent.tenant)?.id;
        let app = self.known_app(consent.app.as_deref().unwrap_or("Tenantry"))?;
        let grantor = Grantor { tenant, user: None, since };
        if let Some(resource) = &consent.resource {
            let resource = self.known_app(resource)?;
            return self.consent_to_scopes(consent, grantor, &app, &resource);
        }
        let principal = match &consent.principal {
            None => None,
            Some(who) => match self.app(who).cloned() {
                Some(principal) => Some(Principal::App(Box::new(principal))),
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
                if consent.remove {
                    tenant.service_principals.retain(|principal| principal.app != app.name);
                    tenant.grants.retain(|grant| grant.client != app.name);
                } else if tenant.service_principal(&app).is_none() {
                    self.grant_all(grantor, &app);
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
        let roles = if consent.remove { &[] } else { consent.roles.as_slice() };
        replace_roles(assigned, &app.name, roles, consent.remove, since);
        Ok(())
    }

    fn consent_to_scopes(
        &mut self,
        consent: &Consent,
        grantor: Grantor,
        client: &App,
        resource: &App,
    ) -> Result<(), DirectoryError> {
        let user = match &consent.principal {
            None => None,
            Some(who) => Some(self.user(who, Some(&consent.tenant))?.1.id),
        };
        if let Some(unknown) = consent.scopes.iter().find(|scope| !resource.scopes.contains(scope)) {
            return Err(DirectoryError::UnknownScope { app: resource.name.clone(), scope: unknown.clone() });
        }
        if consent.remove {
            for tenant in self.tenants.iter_mut().filter(|tenant| tenant.id == grantor.tenant) {
                tenant.grants.retain(|grant| {
                    grant.client != client.name
                        || grant.resource != resource.name
                        || (user.is_some() && grant.user != user)
                });
            }
        } else {
            self.grant(Grantor { user, ..grantor }, client, resource, &consent.scopes);
        }
        Ok(())
    }

    fn known_app(&self, who: &str) -> Result<App, DirectoryError> {
        self.app(who).cloned().ok_or_else(|| DirectoryError::UnknownApp(who.to_owned()))
    }
}

/// What is held already stays as it is, what is new counts from `since`.
fn replace_roles(
    assigned: &mut Vec<Assignment>,
    app: &str,
    roles: &[String],
    is_removed: bool,
    since: DateTime<Utc>,
) {
    let mut new: Vec<String> = roles.to_vec();
    let had_any = assigned.iter().any(|held| held.app == app);
    for held in assigned.iter_mut().filter(|held| held.app == app) {
        held.roles.retain(|role| roles.contains(role));
        new.retain(|role| !held.roles.contains(role));
    }
    assigned.retain(|held| held.app != app || (!is_removed && (roles.is_empty() || !held.roles.is_empty())));
    if !new.is_empty() || (!had_any && !is_removed) {
        assigned.push(Assignment { app: app.to_owned(), roles: new, since: Some(since) });
    }
}

enum Principal {
    App(Box<App>),
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

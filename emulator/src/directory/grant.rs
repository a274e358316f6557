//! Consent records: which delegated permissions a client has at a resource, for one user or for all.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::{App, Assignment, Directory, ServicePrincipal, Tenant};
use crate::random;

/// One `oauth2PermissionGrant`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// Name of the app that asks.
    pub(crate) client: String,
    /// Name of the resource's app.
    pub(crate) resource: String,
    /// Object id of who consented for himself; an administrator consents for all.
    #[serde(default)]
    pub(crate) user: Option<Uuid>,
    pub(crate) scopes: Vec<String>,
    /// From when on it counts.
    #[serde(skip)]
    pub(crate) since: Option<DateTime<Utc>>,
}

/// Who consents, and when that starts to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grantor {
    pub(crate) tenant: Uuid,
    /// `None`: for everybody.
    pub(crate) user: Option<Uuid>,
    pub(crate) since: DateTime<Utc>,
}

impl Tenant {
    /// The scopes `user` has let `client` have at `resource`, or an administrator for him.
    pub(crate) fn granted(&self, client: &App, resource: &App, user: Uuid) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for grant in self.grants.iter().filter(|grant| {
            grant.client == client.name
                && grant.resource == resource.name
                && grant.user.is_none_or(|for_user| for_user == user)
        }) {
            for scope in &grant.scopes {
                if !scopes.contains(scope) {
                    scopes.push(scope.clone());
                }
            }
        }
        scopes
    }

    fn ensure_principal(&mut self, app: &str, since: DateTime<Utc>) {
        if !self.service_principals.iter().any(|principal| principal.app == app) {
            self.service_principals.push(ServicePrincipal {
                app: app.to_owned(),
                id: random::uuid(),
                assigned: Vec::new(),
                assignment_required: false,
                enabled: true,
                since: Some(since),
            });
        }
    }
}

impl Directory {
    /// Writes down a consent; the first one of a tenant brings the client into it.
    pub(crate) fn grant(&mut self, grantor: Grantor, client: &App, resource: &App, scopes: &[String]) {
        let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.id == grantor.tenant) else { return };
        tenant.ensure_principal(&client.name, grantor.since);
        tenant.grants.push(Grant {
            client: client.name.clone(),
            resource: resource.name.clone(),
            user: grantor.user,
            scopes: scopes.to_vec(),
            since: Some(grantor.since),
        });
    }

    /// Everything the client's registration says it needs, app roles included.
    pub(crate) fn grant_all(&mut self, grantor: Grantor, client: &App) {
        for needed in &client.permissions {
            let Some(resource) = self.app(&needed.app).cloned() else { continue };
            self.grant_needed(grantor, client, &resource);
        }
        let tenant = self.tenants.iter_mut().find(|tenant| tenant.id == grantor.tenant);
        if let Some(tenant) = tenant {
            // Also of an app that needs nothing.
            tenant.ensure_principal(&client.name, grantor.since);
        }
    }

    /// The part of it that concerns one resource.
    pub(crate) fn grant_needed(&mut self, grantor: Grantor, client: &App, resource: &App) {
        let Some(needed) = client.needs(resource) else { return };
        let grantor = Grantor { user: None, ..grantor };
        self.grant(grantor, client, resource, &needed.scopes);
        self.assign(grantor, client, resource, &needed.roles);
    }

    fn assign(&mut self, grantor: Grantor, client: &App, resource: &App, roles: &[String]) {
        let principal = self
            .tenants
            .iter_mut()
            .filter(|tenant| tenant.id == grantor.tenant)
            .flat_map(|tenant| &mut tenant.service_principals)
            .find(|principal| principal.app == client.name);
        let Some(principal) = principal else { return };
        let has = |principal: &ServicePrincipal, role: &String| {
            principal.assigned.iter().any(|held| held.app == resource.name && held.roles.contains(role))
        };
        let new: Vec<String> = roles.iter().filter(|role| !has(principal, role)).cloned().collect();
        if !new.is_empty() {
            principal.assigned.push(Assignment {
                app: resource.name.clone(),
                roles: new,
                since: Some(grantor.since),
            });
        }
    }

    /// The directory as it is known at `now`: what is still spreading is not in it.
    pub(crate) fn known_at(mut self, now: DateTime<Utc>) -> Self {
        let counts = |since: &Option<DateTime<Utc>>| since.is_none_or(|since| since <= now);
        for tenant in &mut self.tenants {
            tenant.grants.retain(|grant| counts(&grant.since));
            tenant.service_principals.retain(|principal| counts(&principal.since));
            for principal in &mut tenant.service_principals {
                principal.assigned.retain(|assignment| counts(&assignment.since));
            }
        }
        self
    }
}

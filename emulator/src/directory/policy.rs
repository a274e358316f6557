//! Conditional Access: what a tenant demands of a sign-in before there is a token for a resource.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{App, Directory, Tenant, User};
use crate::random;

/// What is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// More than a password.
    Mfa,
    /// What nobody can do.
    Block,
}

/// One policy; what is not named means all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessPolicy {
    /// What claims challenges name it by.
    #[serde(default = "random::uuid")]
    pub id: Uuid,
    /// What it demands.
    pub require: Demand,
    /// App the token is for: name, client id or App ID URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Name, domain or GUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Handle, user principal name or object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether a demand for more is refused with `interaction_required`, as it may be, instead of `invalid_grant`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interaction_required: bool,
}

impl AccessPolicy {
    /// More than a password for this resource.
    pub fn mfa(resource: impl Into<String>) -> Self {
        Self::new(Demand::Mfa, resource.into())
    }

    /// Nobody gets a token for this resource.
    pub fn block(resource: impl Into<String>) -> Self {
        Self::new(Demand::Block, resource.into())
    }

    /// For this user only.
    #[must_use]
    pub fn user(mut self, who: impl Into<String>) -> Self {
        self.user = Some(who.into());
        self
    }

    /// Refused with `interaction_required`.
    #[must_use]
    pub fn interaction_required(mut self) -> Self {
        self.interaction_required = true;
        self
    }

    fn new(require: Demand, resource: String) -> Self {
        Self {
            id: random::uuid(),
            require,
            resource: Some(resource),
            tenant: None,
            user: None,
            interaction_required: false,
        }
    }
}

impl Directory {
    /// Whether the policies of now would not have given out a token that is there already.
    pub(crate) fn demands_more(&self, tenant: &Tenant, user: &User, resource: &App, has_mfa: bool) -> bool {
        let is_asked = user.mfa_required || self.at_home(&user.handle).is_some_and(|home| home.mfa_required);
        (is_asked && !has_mfa)
            || self.policies(tenant, user, resource).any(|policy| match policy.require {
                Demand::Block => true,
                Demand::Mfa => !has_mfa,
            })
    }

    /// The policies that concern `user` of `tenant` when he wants something of `resource`.
    pub(crate) fn policies<'a>(
        &'a self,
        tenant: &'a Tenant,
        user: &'a User,
        resource: &'a App,
    ) -> impl Iterator<Item = &'a AccessPolicy> {
        self.policies.iter().filter(move |policy| {
            policy.resource.as_deref().is_none_or(|named| resource.is_called(named))
                && policy.user.as_deref().is_none_or(|named| user.is_called(named))
                && policy
                    .tenant
                    .as_deref()
                    .is_none_or(|named| self.tenant(named).is_ok_and(|named| named.id == tenant.id))
        })
    }
}

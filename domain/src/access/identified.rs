//! Somebody who was identified by a token, whether they may enter or not.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Authentication, AuthenticationError, IdentityKind, Rejection, Role};

/// A person of a tenant, as a verified token says. It opens no organization: it is the proof that onboarding takes.
#[derive(Clone, Debug)]
pub struct Identified {
    tenant: Uuid,
    object_id: Uuid,
    email: Option<String>,
    display_name: Option<String>,
    issued_at: DateTime<Utc>,
    is_administrator: bool,
}

impl Identified {
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    pub fn object_id(&self) -> Uuid {
        self.object_id
    }

    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    pub fn issued_at(&self) -> DateTime<Utc> {
        self.issued_at
    }

    /// An administrator of the tenant, by the token itself, and not a guest in it.
    pub fn is_administrator(&self) -> bool {
        self.is_administrator
    }
}

impl Authentication {
    /// Who a bearer token speaks for, though their tenant may not be connected yet. Everything else about the token is
    /// checked as for any other request; an application is nobody here.
    pub async fn identify(&self, token: &str) -> Result<Identified, AuthenticationError> {
        let token = self.verifier.verify(token).await?;
        let kind = self.admit(&token).await?;
        if kind != IdentityKind::Delegated {
            return Err(Rejection::PermissionClaims.into());
        }
        let is_administrator =
            !token.is_guest && self.policy.role_by_token(&token, kind) == Some(Role::Admin);
        Ok(Identified {
            tenant: token.tenant,
            object_id: token.object_id,
            email: token.email,
            display_name: token.display_name,
            issued_at: token.issued_at,
            is_administrator,
        })
    }
}

//! The port to customers' tenants, for the service itself.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::AppPermission;

/// What was granted, by trying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub granted: Vec<AppPermission>,
    pub missing: Vec<AppPermission>,
}

/// What Microsoft Graph says of a tenant (`organization` resource type).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantProfile {
    pub name: String,
    /// Verified ones, the default first.
    pub domains: Vec<String>,
    /// `AAD`, `AAD B2C`, `CIAM`; `None` when Microsoft does not say.
    pub tenant_type: Option<String>,
}

/// A person of a tenant (`user` resource type).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUser {
    pub object_id: Uuid,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub is_guest: bool,
    /// The account may sign in.
    pub is_enabled: bool,
}

/// Some of a tenant's people, and where the rest begins.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    pub users: Vec<TenantUser>,
    /// `None` on the last page. It is Microsoft's, and means nothing to anybody else.
    pub next: Option<String>,
}

/// Why a tenant tells us nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// Consent was never given, was withdrawn, or was given a moment ago and is not everywhere yet.
    #[error("the tenant has not consented")]
    NotConsented,
    /// An administrator of the tenant switched our application off there.
    #[error("the application is switched off in the tenant")]
    Disabled,
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// This one thing was refused for want of a permission.
    #[error("a permission is missing")]
    Forbidden,
    /// Our own secret or registration is wrong; it says nothing about the tenant.
    #[error("the service's own credentials are not accepted")]
    Misconfigured,
    /// Where the list went on is no place any more; it has to be begun again.
    #[error("the list has to be begun again")]
    Restart,
    /// Not now; not before `after` where somebody said so.
    #[error("Microsoft does not answer at the moment")]
    Later { after: Option<Duration> },
    /// An answer that makes no sense.
    #[error("Microsoft gave an answer that makes no sense")]
    Unusable,
}

impl TenantError {
    /// Whether it says that the tenant may have taken its consent, or a part of it, back.
    pub(crate) fn is_of_consent(&self) -> bool {
        match self {
            Self::NotConsented | Self::Disabled | Self::NoSuchTenant | Self::Forbidden => true,
            Self::Misconfigured | Self::Restart | Self::Later { .. } | Self::Unusable => false,
        }
    }
}

/// Asks customers' tenants. Whoever calls has made sure that the tenant is the one they work for.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Tries each permission, with a token that is new: one that was kept would have the permissions of yesterday.
    async fn look(&self, tenant: Uuid, permissions: &[AppPermission]) -> Result<Look, TenantError>;

    async fn profile(&self, tenant: Uuid) -> Result<TenantProfile, TenantError>;

    /// A page of people, from the beginning or from where an earlier page said.
    async fn users(&self, tenant: Uuid, from: Option<&str>) -> Result<UserPage, TenantError>;
}

//! Who asks, inside which organization, allowed what.
//!
//! The chain: [`Authentication`] makes a [`Principal`] of a credential; the principal, asked for a permission, gives
//! an [`Authorized`]; that gives an [`OrgScope`]; and only a scope opens the store. The constructors of these are
//! private to this module, so a scope that nobody authenticated cannot be written down anywhere else. The other two ways
//! to one: an operator who enters with a reason, and a job that was claimed ([`Jobs`]). What could forge one is a false
//! port handed to [`Authentication`], [`Operators`] or [`Jobs`]; those are built in one file of the API crate, which a
//! test holds to.

mod admission;
mod api_key;
mod api_key_uses;
mod authenticated;
mod authentication;
mod bearer;
mod development;
pub(crate) mod doorway;
mod epochs;
mod identified;
mod identities;
mod jobs;
mod key_rotation;
mod on_behalf_of;
mod operator;
mod permission;
mod principal;
mod provisioning;
mod reason;
mod recent;
mod role;
mod scope;
mod session;
mod sessions;
mod sign_in;
mod tenants;
mod verified_token;

pub use admission::{AdmissionPolicy, AllowedTenants, TenantPolicy};
pub use api_key::{ApiKeyDirectory, ApiKeyPorts, ApiKeyRefusal, KnownKey};
pub use api_key_uses::{ApiKeyUses, Attempt};
pub use authenticated::Authenticated;
pub use authentication::{
    Authentication, AuthenticationError, AuthenticationPorts, CachedPrincipal, Loading, PrincipalCache,
    TokenDigest,
};
pub use bearer::BearerToken;
pub use development::DevelopmentIdentity;
pub use epochs::{Epochs, EpochsUnavailable, Mark, Subject};
pub use identified::Identified;
pub use identities::{Identity, IdentityCache, IdentityKey, KnownOrganization};
pub use jobs::{Claimed, Jobs, System};
pub use key_rotation::{
    KeyRotation, KeyStatus, OrganizationIds, RetireError, RingKeyUsage, RotationProgress,
};
pub(crate) use on_behalf_of::SessionCaller;
pub use on_behalf_of::{Assertion, NotDelegable, OnBehalfOf};
pub use operator::{
    AccountSummary, AppointError, JobCounts, Operator, OperatorDirectory, Operators, Staff, Tenant,
    TenantList, TenantQuery,
};
pub use permission::{ALL_PERMISSIONS, Permission, SignedIn};
pub(crate) use permission::{permission, sealed as permission_seal};
pub use principal::{Actor, ApiKeyIdentity, AuthenticatedBy, CurrentSession, Principal};
pub use provisioning::Directory;
pub use reason::{NoReason, Reason};
pub use recent::{NotRecent, RecentSignIn, RecentlySignedIn};
pub use role::Role;
pub use scope::{AccountScope, Authorized, Forbidden, OrgScope, Origin, Proof};
pub use sessions::{SessionCheck, SessionError, SessionPolicy, SessionPorts, Sessions};
pub use sign_in::Proven;
pub use tenants::{AllowedTenant, TenantSelector};
pub use verified_token::{IdentityKind, Rejection, TokenVerifier, VerificationError, VerifiedToken};

/// The tenant that all personal Microsoft accounts share (Microsoft identity platform, "Access tokens").
pub const PERSONAL_ACCOUNTS_TENANT: uuid::Uuid = uuid::uuid!("9188040d-6c67-4c5b-b112-36a304b66dad");

#[cfg(test)]
mod tests;

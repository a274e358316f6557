//! Connecting a customer's tenant: from the link that its administrator was sent to a working organization, and what
//! is watched afterwards.
//!
//! What a reader would get wrong: the tenant that Microsoft's redirect names is a claim. Anybody can write such an
//! address. It decides where a proof is looked for, and nothing else; the proof is a token that Entra ID gives *us* for
//! that tenant, or the verified token of an administrator of it.

mod attempt;
mod callback;
mod check;
mod confirm;
mod consent;
mod invite;
mod jobs;
mod permission;
mod record;
mod start;
mod tenants;

pub use attempt::{
    Attempt, AttemptStore, Invitation, InvitationList, InvitationState, InvitationStore, NewAttempt,
    NewInvitation, Used,
};
pub use callback::{Answer, Progress, Redirect};
pub use check::Status;
pub(crate) use check::request_check;
pub use confirm::{Administrator, ConfirmError};
pub use consent::{Consent, OrganizationState};
pub use invite::{Invited, WithdrawError};
pub use permission::AppPermission;
pub use record::{Finding, OnboardingReader, OnboardingRecord, OnboardingRepository};
pub use start::{Initiator, LinkError, Onboarding, OnboardingPorts, OnboardingSettings, Start, Started};
pub use tenants::{Look, TenantError, TenantProfile, TenantUser, Tenants, UserPage};

//! `/api/admin`: what the service's own staff may do, apart from every organization's roles. Its answers are bare: the
//! original contract has no `data` around them.

mod caller;
mod invitations;
mod service;
mod tenants;

pub(crate) use caller::{ADMIN_SECRET, AdminGate, AdminSecret, OPERATOR};
pub(crate) use invitations::{InvitationsApi, invitation_link};
pub(crate) use service::{Finding, FindingState, Inspector, ServiceApi};
pub(crate) use tenants::TenantsApi;

use domain::access::{NoReason, Reason};

use crate::error::ApiError;

const DEFAULT_LIMIT: u16 = 50;

/// How many of a list come at once unless it is said.
fn default_limit() -> u16 {
    DEFAULT_LIMIT
}

/// What an operator wrote into a field of why they do something, or for whom.
fn reason(field: &str, text: &str) -> Result<Reason, ApiError> {
    text.parse().map_err(|error: NoReason| ApiError::invalid_field(field, error.to_string()))
}

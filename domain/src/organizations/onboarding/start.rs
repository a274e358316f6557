//! The use-cases of onboarding, and the beginning of the way.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{AppPermission, AttemptStore, InvitationState, InvitationStore, NewAttempt, Tenants};
use crate::{
    access::{AllowedTenants, Directory, Identified, TenantPolicy, doorway::Doorway},
    entropy::Entropy,
    id::{EventId, Ids, TypedId},
    store::{Store, StoreError},
};

/// How long Microsoft's page may take. It is short because the state in the address is all that is needed to come back
/// with it.
pub(super) const STATE_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What the deployment decided.
#[derive(Clone, Debug)]
pub struct OnboardingSettings {
    /// What the service needs of each tenant for itself.
    pub permissions: Vec<AppPermission>,
    pub policy: TenantPolicy,
}

/// What onboarding needs from outside.
pub struct OnboardingPorts {
    pub store: Arc<dyn Store>,
    pub directory: Arc<dyn Directory>,
    pub attempts: Arc<dyn AttemptStore>,
    pub invitations: Arc<dyn InvitationStore>,
    pub tenants: Arc<dyn Tenants>,
    pub allowed_tenants: Arc<dyn AllowedTenants>,
    pub ids: Ids,
    pub entropy: Arc<dyn Entropy>,
}

/// Connects tenants. Built where the process is put together, like everything that can make a scope.
#[derive(Clone)]
pub struct Onboarding {
    pub(super) store: Arc<dyn Store>,
    pub(super) doorway: Doorway,
    pub(super) attempts: Arc<dyn AttemptStore>,
    pub(super) invitations: Arc<dyn InvitationStore>,
    pub(super) tenants: Arc<dyn Tenants>,
    pub(super) allowed_tenants: Arc<dyn AllowedTenants>,
    pub(super) ids: Ids,
    entropy: Arc<dyn Entropy>,
    pub(super) settings: OnboardingSettings,
}

/// Somebody signed in who begins.
pub type Initiator = Identified;

/// What a way begins with.
#[derive(Debug, Default)]
pub struct Start<'a> {
    /// The tenant that it is to be, where the link says it.
    pub tenant: Option<Uuid>,
    /// The secret of an operator's link.
    pub invitation: Option<&'a str>,
    pub initiator: Option<&'a Initiator>,
}

/// A way that was begun.
#[derive(Debug)]
pub struct Started {
    /// For Microsoft's page.
    pub state: String,
    /// For the browser's cookie.
    pub browser: String,
    /// The tenant whose administrator is asked; `None` when any may come.
    pub tenant: Option<Uuid>,
    pub expires_at: DateTime<Utc>,
}

/// Why a way does not begin.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The operator's link is unknown, was used, was taken back, or its time is over.
    #[error("the invitation is not valid any more")]
    InvitationEnded,
    /// The link is for another tenant than the one that was asked for, or than the caller's.
    #[error("the invitation is for another tenant")]
    OtherTenant,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Onboarding {
    pub fn new(ports: OnboardingPorts, settings: OnboardingSettings) -> Self {
        let doorway = Doorway::new(Arc::clone(&ports.store), ports.directory, ports.ids.clone());
        let OnboardingPorts { store, attempts, invitations, tenants, allowed_tenants, ids, entropy, .. } =
            ports;
        Self { store, doorway, attempts, invitations, tenants, allowed_tenants, ids, entropy, settings }
    }

    /// Begins: a state for Microsoft, a secret for the browser, and a row that knows digests of both.
    pub async fn start(&self, start: &Start<'_>) -> Result<Started, LinkError> {
        let now = self.ids.clock().now();
        let mut tenant = start.tenant;
        let mut pin = |other: Option<Uuid>| match (tenant, other) {
            (Some(pinned), Some(other)) if pinned != other => Err(LinkError::OtherTenant),
            (None, Some(other)) => {
                tenant = Some(other);
                Ok(())
            }
            _ => Ok(()),
        };
        let invitation = match start.invitation {
            Some(text) => {
                let found = self.invitations.find(text).await?;
                let open = found.filter(|found| found.state(now) == InvitationState::Open);
                Some(open.ok_or(LinkError::InvitationEnded)?)
            }
            None => None,
        };
        pin(invitation.as_ref().and_then(|invitation| invitation.tenant))?;
        pin(start.initiator.map(Identified::tenant))?;
        let (state, browser) = (self.secret(), self.secret());
        let expires_at = now + STATE_LIFETIME;
        let attempt = NewAttempt {
            id: self.ids.next::<EventId>().uuid(),
            state: &state,
            browser: &browser,
            tenant,
            invitation: invitation.map(|invitation| invitation.id),
            initiator: start.initiator.map(Identified::object_id),
            expires_at,
        };
        self.attempts.begin(&attempt).await?;
        Ok(Started { state, browser, tenant, expires_at })
    }

    /// 256 random bits, as a word.
    pub(super) fn secret(&self) -> String {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(64), |mut word, byte| {
            for half in [byte >> 4, byte & 15] {
                word.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            word
        })
    }
}

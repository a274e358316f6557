//! What an organization keeps of its consent.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AppPermission, Consent};
use crate::store::StoreError;

/// What stood in the way when the tenant was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Consent has not arrived, or is gone.
    NotConsented,
    /// Our application is switched off in the tenant.
    Disabled,
    NoSuchTenant,
    /// The service's own credentials are not accepted: nothing that the organization could mend.
    ServiceMisconfigured,
    /// Microsoft did not answer.
    Unanswered,
}

impl Finding {
    pub const ALL: [Self; 5] = [
        Self::NotConsented,
        Self::Disabled,
        Self::NoSuchTenant,
        Self::ServiceMisconfigured,
        Self::Unanswered,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConsented => "not_consented",
            Self::Disabled => "disabled",
            Self::NoSuchTenant => "no_such_tenant",
            Self::ServiceMisconfigured => "service_misconfigured",
            Self::Unanswered => "unanswered",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.as_str() == word)
    }
}

/// What is known of an organization's consent, beside its state.
#[derive(Clone, Debug, Default)]
pub struct OnboardingRecord {
    /// Application permissions that were tried and work.
    pub granted: Vec<AppPermission>,
    /// Those that are needed and do not.
    pub missing: Vec<AppPermission>,
    /// What Microsoft's redirect said was consented to. It came through a browser, so it is for people to read only.
    pub reported_scopes: Vec<String>,
    /// The object id of who consented, where that is known.
    pub consented_by: Option<Uuid>,
    /// Until when the proof is looked for.
    pub verify_until: Option<DateTime<Utc>>,
    /// When the tenant was last asked, and what stood in the way.
    pub checked_at: Option<DateTime<Utc>>,
    pub finding: Option<Finding>,
    /// Of Microsoft Graph, once that may be asked.
    pub domains: Vec<String>,
    pub tenant_type: Option<String>,
}

/// The organization's record, for reading.
#[async_trait]
pub trait OnboardingReader: Send + Sync {
    /// An empty one where nothing is known.
    async fn get(&self) -> Result<OnboardingRecord, StoreError>;

    /// When the tenant is looked at next; `None` when nothing is planned.
    async fn next_check_at(&self) -> Result<Option<DateTime<Utc>>, StoreError>;
}

/// The organization's record, for writing.
#[async_trait]
pub trait OnboardingRepository: OnboardingReader {
    async fn put(&self, record: &OnboardingRecord) -> Result<(), StoreError>;

    /// Sets the state; the time of consent is set when it holds and none is known.
    async fn set_consent(&self, consent: Consent, now: DateTime<Utc>) -> Result<(), StoreError>;
}

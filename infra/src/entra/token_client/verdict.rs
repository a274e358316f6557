//! What a failure of the authority means for who asked.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::{
    access::PERSONAL_ACCOUNTS_TENANT,
    delegation::{DelegationError, SignInPlace},
};
use uuid::Uuid;

use super::{
    endpoint::TokenFailure,
    refusal::{Meaning, Refusal},
};

/// The number of a personal account's missing consent, which has no class of its own.
const PERSONAL_CONSENT: u32 = 70_000;

/// Puts failures into the words of `domain`.
pub(super) struct Verdicts {
    pub(super) sign_in: SignInPlace,
    /// `{tenant}` stands for the tenant.
    consent_url: String,
    /// Our own mistake is told once, until something goes well again.
    is_misconfigured: AtomicBool,
}

impl Verdicts {
    pub(super) fn new(sign_in: SignInPlace, consent_url: String) -> Self {
        Self { sign_in, consent_url, is_misconfigured: AtomicBool::new(false) }
    }

    /// A token was had.
    pub(super) fn good(&self) {
        self.is_misconfigured.store(false, Ordering::Relaxed);
    }

    pub(super) fn on(&self, failure: TokenFailure, tenant: Uuid, scopes: &[String]) -> DelegationError {
        match failure {
            TokenFailure::Refused(refusal) => {
                tracing::info!(%refusal, "the on-behalf-of request was refused");
                self.on_refusal(&refusal, tenant, scopes)
            }
            TokenFailure::NoCredential => DelegationError::Misconfigured,
            TokenFailure::Throttled { retry_after }
            | TokenFailure::LeftAlone { retry_after }
            | TokenFailure::Looping { retry_after } => {
                tracing::info!("the authority throttles");
                DelegationError::Throttled { retry_after }
            }
            TokenFailure::NoProof { retry_after } => {
                tracing::warn!("a credential of ours gives no proof");
                DelegationError::Unavailable { retry_after }
            }
            TokenFailure::Unavailable { retry_after, reason } => {
                tracing::warn!(reason, "the authority gives no token");
                DelegationError::Unavailable { retry_after }
            }
            TokenFailure::Timeout => {
                tracing::warn!("the authority did not answer in time");
                DelegationError::Timeout
            }
        }
    }

    fn on_refusal(&self, refusal: &Refusal, tenant: Uuid, scopes: &[String]) -> DelegationError {
        let sign_in = self.sign_in.clone();
        match refusal.meaning() {
            // The policy is about this sign-in, so every client gets the claims: it needs them to sign in again.
            Meaning::Interaction => DelegationError::InteractionRequired {
                claims: refusal.claims.clone(),
                scopes: scopes.to_vec(),
                sign_in,
            },
            Meaning::Consent | Meaning::ApplicationUnknown => self.consent(tenant, scopes),
            Meaning::AssertionRejected
                if tenant == PERSONAL_ACCOUNTS_TENANT && refusal.codes.contains(&PERSONAL_CONSENT) =>
            {
                self.consent(tenant, scopes)
            }
            Meaning::AssertionRejected => DelegationError::AssertionRejected,
            Meaning::AccountBlocked => DelegationError::AccountBlocked,
            Meaning::PolicyBlocked | Meaning::ApplicationDisabled => DelegationError::BlockedByPolicy,
            Meaning::NoSuchResource => DelegationError::NoSuchResource,
            Meaning::OurCredential
            | Meaning::OurMistake
            | Meaning::NoSuchTenant
            | Meaning::Throttled
            | Meaning::Looping
            | Meaning::Transient => {
                if !self.is_misconfigured.swap(true, Ordering::Relaxed) {
                    tracing::error!(%refusal, "Entra ID refuses on-behalf-of requests as wrong: see the registration");
                }
                DelegationError::Misconfigured
            }
        }
    }

    fn consent(&self, tenant: Uuid, scopes: &[String]) -> DelegationError {
        DelegationError::ConsentRequired {
            scopes: scopes.to_vec(),
            consent_url: self.consent_url.replace("{tenant}", &tenant.to_string()),
            sign_in: self.sign_in.clone(),
        }
    }
}

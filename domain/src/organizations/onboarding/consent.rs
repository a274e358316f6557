//! How far an organization has come, and from where to where it may go.

use crate::organizations::OrganizationStatus;

/// What is known of the consent of the organization's tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nobody has consented, as far as we know.
    Pending,
    /// Somebody came back from Microsoft's page; the proof is looked for.
    Verifying,
    /// Proven, with every permission that is needed.
    Active,
    /// Proven, but some permission is missing.
    Degraded,
    /// It was there and is gone.
    Revoked,
}

impl Consent {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Verifying, Self::Active, Self::Degraded, Self::Revoked];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verifying => "verifying",
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|consent| consent.as_str() == word)
    }

    /// Whether an administrator's consent is proven and holds: what `TENANT_POLICY=consented` asks for.
    pub fn holds(self) -> bool {
        match self {
            Self::Active | Self::Degraded => true,
            Self::Pending | Self::Verifying | Self::Revoked => false,
        }
    }

    /// The event that tells of coming here; `None` when it is where it was.
    pub(super) fn event_from(self, before: Self) -> Option<&'static str> {
        if self == before {
            return None;
        }
        Some(match self {
            Self::Pending => "organization.consent.lapsed",
            Self::Verifying => "organization.consent.verifying",
            Self::Active => "organization.consent.activated",
            Self::Degraded => "organization.consent.degraded",
            Self::Revoked => "organization.consent.revoked",
        })
    }
}

/// The state of an organization as its people see it: what an operator or an administrator decided comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationState {
    Consent(Consent),
    Suspended,
    Deleted,
}

impl OrganizationState {
    pub fn of(status: OrganizationStatus, consent: Consent) -> Self {
        match status {
            OrganizationStatus::Active => Self::Consent(consent),
            OrganizationStatus::Suspended => Self::Suspended,
            OrganizationStatus::Deleted => Self::Deleted,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent(consent) => consent.as_str(),
            Self::Suspended => OrganizationStatus::Suspended.as_str(),
            Self::Deleted => OrganizationStatus::Deleted.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_of_its_own_and_every_change_an_event() {
        for consent in Consent::ALL {
            assert_eq!(Consent::parse(consent.as_str()), Some(consent));
            assert_eq!(consent.event_from(consent), None);
            for other in Consent::ALL.into_iter().filter(|other| *other != consent) {
                assert!(consent.event_from(other).is_some());
            }
        }
    }
}

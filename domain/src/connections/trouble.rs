//! What can be wrong with a connection, by the class of Microsoft's refusal.

use super::ConnectionStatus;

/// Why Microsoft refuses a connection tokens: the classes of a refused refresh (Microsoft identity platform, "Refresh
/// tokens", "Handle errors and exceptions in MSAL", and the AADSTS codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Nobody has consented to what is asked, or no longer.
    Consent,
    /// A policy wants more than was shown, such as a second factor.
    Interaction,
    /// A policy wants something done first: another device, another app, registering a factor.
    Remedy,
    /// The tenant wants a sign-in every so often, and it is time.
    SignInFrequency,
    /// The password has expired or was changed.
    PasswordChanged,
    /// It came from a page, whose grants live for a day.
    PageEnded,
    /// A policy forbids it, and signing in would only explain that.
    Policy,
    /// The account is not assigned to this application.
    NotAssigned,
    /// The account's tenant does not know this application any more.
    ApplicationUnknown,
    /// The account's tenant has disabled this application.
    ApplicationDisabled,
    /// It says no more than no, or gives a reason that this version does not know.
    Unexplained,
    /// The grant was revoked, or has expired.
    Revoked,
    /// The account is disabled.
    AccountDisabled,
    /// The account is gone from its tenant.
    AccountGone,
}

impl Trouble {
    pub const ALL: [Self; 14] = [
        Self::Consent,
        Self::Interaction,
        Self::Remedy,
        Self::SignInFrequency,
        Self::PasswordChanged,
        Self::PageEnded,
        Self::Policy,
        Self::NotAssigned,
        Self::ApplicationUnknown,
        Self::ApplicationDisabled,
        Self::Unexplained,
        Self::Revoked,
        Self::AccountDisabled,
        Self::AccountGone,
    ];

    /// The word for it, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent_required",
            Self::Interaction => "interaction_required",
            Self::Remedy => "remedy_required",
            Self::SignInFrequency => "sign_in_frequency",
            Self::PasswordChanged => "password_changed",
            Self::PageEnded => "page_grant_ended",
            Self::Policy => "blocked_by_policy",
            Self::NotAssigned => "not_assigned",
            Self::ApplicationUnknown => "application_unknown",
            Self::ApplicationDisabled => "application_disabled",
            Self::Unexplained => "unexplained",
            Self::Revoked => "revoked",
            Self::AccountDisabled => "account_disabled",
            Self::AccountGone => "account_gone",
        }
    }

    /// The trouble of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.as_str() == word)
    }

    /// The state that it puts a connection in.
    pub fn status(self) -> ConnectionStatus {
        match self {
            Self::Consent | Self::ApplicationUnknown => ConnectionStatus::ConsentRequired,
            Self::Interaction
            | Self::Remedy
            | Self::SignInFrequency
            | Self::PasswordChanged
            | Self::PageEnded
            | Self::Unexplained => ConnectionStatus::ReauthRequired,
            Self::Policy | Self::NotAssigned | Self::ApplicationDisabled => ConnectionStatus::Blocked,
            Self::Revoked => ConnectionStatus::Revoked,
            Self::AccountDisabled | Self::AccountGone => ConnectionStatus::Disabled,
        }
    }

    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Consent => {
                "Microsoft wants a consent that nobody has given, or that was taken back. Sign in with this account \
                 again by its reconnect link and agree; if you may not, an administrator of the account's organization \
                 has to."
            }
            Self::Interaction => {
                "Microsoft wants to see more of the person, such as a second factor. Sign in with this account again \
                 by its reconnect link."
            }
            Self::Remedy => {
                "Microsoft wants something done first, such as registering a second factor or using a managed device. \
                 Open the reconnect link on such a device and follow what Microsoft says."
            }
            Self::SignInFrequency => {
                "The account's organization wants its people to sign in every so often. Sign in with this account \
                 again by its reconnect link."
            }
            Self::PasswordChanged => {
                "The account's password has expired or was changed. Sign in with this account again by its reconnect \
                 link."
            }
            Self::PageEnded => {
                "This access came from a web page and lasts a day. Sign in with this account again by its reconnect \
                 link, and it lasts."
            }
            Self::Policy => {
                "A policy of the account's organization forbids the access, and signing in again does not help. Ask an \
                 administrator of that organization to allow this application."
            }
            Self::NotAssigned => {
                "The account's organization lets only assigned people use this application, and this account is not \
                 one of them. Ask an administrator of that organization to assign it."
            }
            Self::ApplicationUnknown => {
                "The account's organization does not know this application any more. An administrator of that \
                 organization has to consent to it; then sign in with this account again by its reconnect link."
            }
            Self::ApplicationDisabled => {
                "An administrator of the account's organization has switched this application off. Ask them to switch \
                 it on again; the connection then works by itself."
            }
            Self::Unexplained => {
                "Microsoft refuses and does not say why in a way that this service knows. Sign in with this account again \
                 by its reconnect link; if that does not help, show the numbers in the event of the refusal to an \
                 administrator of the account's organization."
            }
            Self::Revoked => {
                "The access was revoked or has expired. Sign in with this account again by its reconnect link."
            }
            Self::AccountDisabled => {
                "The account is disabled. When an administrator of its organization enables it, the connection works \
                 again by itself."
            }
            Self::AccountGone => {
                "The account is no longer in its organization. Delete this connection, or reconnect it when the \
                 account is back."
            }
        }
    }

    /// Whether a sign-in of the person may mend it.
    pub fn is_mended_by_sign_in(self) -> bool {
        match self {
            Self::Consent
            | Self::Interaction
            | Self::Remedy
            | Self::SignInFrequency
            | Self::PasswordChanged
            | Self::PageEnded
            | Self::ApplicationUnknown
            | Self::Unexplained
            | Self::Revoked
            | Self::AccountGone => true,
            Self::Policy | Self::NotAssigned | Self::ApplicationDisabled | Self::AccountDisabled => false,
        }
    }

    /// Whether an administrator of the account's tenant may mend it by consenting.
    pub fn is_mended_by_admin_consent(self) -> bool {
        matches!(self, Self::Consent | Self::ApplicationUnknown)
    }

    /// Whether it is about what was asked for: for another resource Microsoft may decide otherwise.
    pub fn is_of_the_resource(self) -> bool {
        match self {
            Self::Consent | Self::Interaction | Self::Remedy | Self::Policy | Self::Unexplained => true,
            Self::SignInFrequency
            | Self::PasswordChanged
            | Self::PageEnded
            | Self::NotAssigned
            | Self::ApplicationUnknown
            | Self::ApplicationDisabled
            | Self::Revoked
            | Self::AccountDisabled
            | Self::AccountGone => false,
        }
    }

    /// Whether it is about the person or the grant, whatever was asked for. The others may be about a resource that
    /// nobody but its caller has heard of, so that they say something about a connection only where Microsoft Graph
    /// itself was asked.
    pub fn is_of_the_grant(self) -> bool {
        match self {
            Self::PasswordChanged
            | Self::PageEnded
            | Self::Revoked
            | Self::AccountDisabled
            | Self::AccountGone => true,
            Self::Consent
            | Self::Interaction
            | Self::Remedy
            | Self::SignInFrequency
            | Self::Policy
            | Self::NotAssigned
            | Self::ApplicationUnknown
            | Self::ApplicationDisabled
            | Self::Unexplained => false,
        }
    }

    /// Whether the refresh token is good for nothing any more.
    pub fn ends_the_grant(self) -> bool {
        matches!(self, Self::Revoked | Self::PageEnded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_word_of_its_own_and_a_next_step() {
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::parse(trouble.as_str()), Some(trouble));
            assert!(trouble.next_step().ends_with('.'));
            assert_ne!(trouble.status(), ConnectionStatus::ConfigError, "no connection is marked for us");
            assert!(!trouble.ends_the_grant() || trouble.is_of_the_grant(), "{trouble:?}");
            assert!(!trouble.is_of_the_grant() || !trouble.is_of_the_resource(), "{trouble:?}");
            // Whoever is told to use the link can.
            let names_link = trouble.next_step().contains("reconnect link");
            assert!(!names_link || trouble.is_mended_by_sign_in(), "{trouble:?}");
        }
        assert_eq!(Trouble::parse("unknown"), None);
    }
}

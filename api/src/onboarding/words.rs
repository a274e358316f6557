//! What people are told on their way, and what to do next.

use domain::organizations::onboarding::{Answer, Finding, Progress};

/// What is said about where somebody stands.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// What to do next, in a sentence.
    pub(super) next_step: &'static str,
    /// Beginning again is what to do.
    pub(super) may_retry: bool,
}

const fn words(title: &'static str, text: &'static str, next_step: &'static str, may_retry: bool) -> Words {
    Words { title, text, next_step, may_retry }
}

/// The link or the browser does not fit.
pub(super) const INVALID: Words = words(
    "This link does not work any more",
    "It was opened in another browser than it began in, it is more than ten minutes old, or it was made up.",
    "Begin again in this browser. Nothing has been changed.",
    true,
);

pub(super) const INVITATION_ENDED: Words = words(
    "This invitation is not valid any more",
    "It was used already, it has expired, or it was taken back.",
    "Ask whoever sent it to you for a new one.",
    false,
);

pub(super) const OTHER_TENANT: Words = words(
    "This invitation is for another organization",
    "It names another Microsoft 365 organization than the one you chose.",
    "Sign in to Microsoft with an account of the organization that was invited, or ask for a link of your own.",
    true,
);

#[expect(clippy::too_many_lines, reason = "a table of words")]
pub(super) fn of(progress: &Progress) -> Words {
    match progress.answer {
        Answer::Begun => words(
            "Microsoft has not sent you back yet",
            "An administrator of your organization confirms on Microsoft's page.",
            "Finish there, or begin again.",
            true,
        ),
        Answer::Connected if progress.missing.is_empty() => words(
            "Your organization is connected",
            "Everything that is needed was granted.",
            "You and your colleagues can sign in now.",
            false,
        ),
        Answer::Connected => words(
            "Your organization is connected, with something missing",
            "Some permissions were not granted, so parts of the service will not work.",
            "An administrator can grant what is missing by beginning again and accepting on Microsoft's page.",
            true,
        ),
        Answer::Verifying => words(
            "Finishing set-up",
            "Microsoft is telling its servers about your confirmation. That takes a minute, sometimes several.",
            "You can leave this page open: it looks again by itself. You can also come back to it later.",
            false,
        ),
        Answer::Declined => words(
            "You declined",
            "Nothing was granted and nothing has been changed.",
            "If that was not meant, begin again and accept on Microsoft's page.",
            true,
        ),
        Answer::NotAdministrator => words(
            "This takes an administrator",
            "Your account may not confirm for the whole organization.",
            "Send the link that brought you here to an administrator of your Microsoft 365 organization.",
            true,
        ),
        Answer::Refused => words(
            "Microsoft refused",
            "Microsoft did not let the confirmation through.",
            "Begin again in a moment. If it happens again, tell whoever sent you here.",
            true,
        ),
        Answer::TenantMissing => words(
            "Microsoft did not say which organization it was",
            "Without that, nothing can be connected.",
            "Begin again. An administrator can also sign in to the service and confirm there.",
            true,
        ),
        Answer::OtherTenant => words(
            "That was another organization",
            "You confirmed for another Microsoft 365 organization than the one this link is for.",
            "Begin again, and choose an account of the right organization on Microsoft's page.",
            true,
        ),
        Answer::TenantNotAllowed => words(
            "Your organization is not on the list",
            "This service is for certain organizations only.",
            "Ask whoever runs it to add yours.",
            false,
        ),
        Answer::NoSuchTenant => words(
            "There is no such organization",
            "Microsoft does not know the organization that was named.",
            "Begin again.",
            true,
        ),
        Answer::Personal => words(
            "That was a personal account",
            "Personal Microsoft accounts have no organization to connect.",
            "Begin again with an account of your work or school.",
            true,
        ),
        Answer::Suspended => words(
            "Your organization is suspended",
            "Whoever runs this service has suspended it.",
            "Contact them.",
            false,
        ),
        Answer::Deleted => words(
            "Your organization was deleted here",
            "It can be restored for 30 days after that.",
            "Ask whoever runs this service to restore it.",
            false,
        ),
        Answer::InvitationEnded => INVITATION_ENDED,
    }
}

/// What stands in the way, and what to do about it, for the people of an organization.
pub(super) fn finding(finding: Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::NotConsented => (
            "Microsoft does not know this service in your organization: consent has not arrived, or was removed.",
            "An administrator of your Microsoft 365 organization gives consent at consentUrl.",
        ),
        Finding::Disabled => (
            "An administrator switched this application off in your organization.",
            "Switch it on in Microsoft Entra, under Enterprise applications, Properties, “Enabled for users to sign in”.",
        ),
        Finding::NoSuchTenant => {
            ("Microsoft does not know your organization any more.", "Contact whoever runs this service.")
        }
        Finding::ServiceMisconfigured => (
            "Microsoft does not accept this service's own credentials at the moment.",
            "Nothing is wrong on your side; whoever runs this service has to renew them.",
        ),
        Finding::Unanswered => {
            ("Microsoft did not answer when it was last asked.", "Nothing to do: it is asked again.")
        }
    }
}

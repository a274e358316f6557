//! The pages of a sign-in that comes to nothing: what happened, in words for the person in front of it, and the next
//! step.

use domain::{
    access::{AuthenticationError, Rejection},
    identity::RedemptionError,
};
use url::form_urlencoded;

use super::{microsoft::PATH, page::Page};
use crate::{
    auth::chain,
    error::{ApiError, ErrorCode},
};

pub(super) fn not_begun_here() -> Page {
    tracing::info!("a sign-in came back that this browser did not begin, or that was used or too old");
    Page {
        title: "This sign-in cannot be completed",
        text: "It was not begun in this browser, took longer than ten minutes, or was completed before.",
        code: Some(ErrorCode::InvalidState),
        ..again(None)
    }
}

/// What Microsoft sent back instead of a code (OAuth 2.0, RFC 6749 §4.1.2.1).
pub(super) fn refused_at_microsoft(return_to: &str, error: &str, description: Option<&str>) -> Page {
    let word: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    let details = match description.and_then(aadsts) {
        Some(code) => format!("{word} {code}"),
        None => word.clone(),
    };
    tracing::info!(error = word, "a sign-in was refused at Microsoft");
    let again = Page { details, ..again(Some(return_to)) };
    match error {
        "access_denied" => Page {
            title: "You were not signed in",
            text: "The sign-in was cancelled, or your organization does not let you use this application. If it \
                   was not you who cancelled, ask your administrator.",
            code: Some(ErrorCode::Forbidden),
            ..again
        },
        "temporarily_unavailable" | "server_error" => Page {
            title: "Microsoft cannot sign you in at the moment",
            text: "Wait a little and try again.",
            code: Some(ErrorCode::Unavailable),
            ..again
        },
        "consent_required" | "interaction_required" | "login_required" => Page {
            title: "Microsoft wants to ask you something first",
            text: "Sign in again and answer what you are asked. If it is a consent that you cannot give, ask your \
                   administrator.",
            code: Some(ErrorCode::Forbidden),
            ..again
        },
        _ => Page {
            title: "Microsoft refused the sign-in",
            text: "Try again. If it stays so, show the line below to whoever runs this service.",
            code: Some(ErrorCode::OauthTokenExchangeFailed),
            ..again
        },
    }
}

pub(super) fn not_redeemed(return_to: &str, error: &RedemptionError) -> Page {
    let again = again(Some(return_to));
    match error {
        RedemptionError::Refused { error, codes } => {
            tracing::info!(error, ?codes, "a code was refused");
            let details = codes.iter().map(|code| format!("AADSTS{code}")).collect::<Vec<_>>().join(" ");
            Page {
                title: "Microsoft refused the sign-in",
                text: "Try again. If it stays so, show the line below to whoever runs this service.",
                code: Some(ErrorCode::OauthTokenExchangeFailed),
                details,
                ..again
            }
        }
        // Logged as an error where it was seen: the operator has to mend it, not the person.
        RedemptionError::OwnCredential { .. } => not_configured(),
        RedemptionError::Rejected(Rejection::TenantNotAllowed) => not_this_kind(again),
        RedemptionError::Rejected(Rejection::AuthenticationTime) => Page {
            title: "Microsoft did not ask who you are",
            text: "What you want to do takes a sign-in of just now, with your password or what stands for it. Try again.",
            next: again.next.map(|(words, to)| (words, to.replace("prompt=select_account", "prompt=login"))),
            code: Some(ErrorCode::OauthTokenExchangeFailed),
            ..Page::default()
        },
        RedemptionError::Rejected(reason) => {
            tracing::warn!(%reason, "an ID token was rejected");
            Page {
                title: "The sign-in does not hold",
                text: "What Microsoft answered could not be verified. Try again.",
                code: Some(ErrorCode::OauthTokenExchangeFailed),
                ..again
            }
        }
        RedemptionError::Unavailable => Page {
            title: "Microsoft does not answer",
            text: "Wait a little and try again.",
            code: Some(ErrorCode::Unavailable),
            ..again
        },
    }
}

pub(super) fn not_admitted(return_to: &str, consent_url: &str, error: &AuthenticationError) -> Page {
    let again = again(Some(return_to));
    match error {
        AuthenticationError::TenantNotOnboarded { tenant } => Page {
            title: "Your organization has to agree first",
            text: "An administrator of your organization has to consent to this application once. If you are one, \
                   go on here; else send them the link.",
            next: Some(("Consent for my organization", consent_url.replace("{tenant}", &tenant.to_string()))),
            code: Some(ErrorCode::TenantNotOnboarded),
            ..again
        },
        AuthenticationError::OrganizationSuspended => Page {
            title: "Your organization is suspended",
            text: "Nobody of it can sign in at present. Ask whoever runs this service.",
            code: Some(ErrorCode::OrganizationSuspended),
            ..again
        },
        AuthenticationError::OrganizationDeleted => Page {
            title: "Your organization was deleted",
            text: "Nobody of it can sign in at present. Ask whoever runs this service.",
            code: Some(ErrorCode::OrganizationDeleted),
            ..again
        },
        AuthenticationError::UserDisabled => Page {
            title: "Your account is disabled",
            text: "An administrator of your organization suspended it. Ask them, or sign in with another account.",
            code: Some(ErrorCode::UserDisabled),
            ..again
        },
        AuthenticationError::Rejected(_)
        | AuthenticationError::SessionRevoked
        | AuthenticationError::ApiKey { .. } => not_this_kind(again),
        AuthenticationError::Unavailable { .. } => unavailable(error),
        AuthenticationError::Store(error) => unavailable(error),
    }
}

/// A page whose link begins anew, on the way to the same place.
pub(super) fn again(return_to: Option<&str>) -> Page {
    let to = match return_to {
        Some(return_to) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("return_to", return_to)
                .append_pair("prompt", "select_account")
                .finish();
            format!("{PATH}/start?{query}")
        }
        None => format!("{PATH}/start"),
    };
    Page { next: Some(("Sign in again", to)), ..Page::default() }
}

/// Personal accounts, or tenants that are not on the list.
fn not_this_kind(again: Page) -> Page {
    Page {
        title: "This account cannot be used here",
        text: "The service does not take accounts of this kind or of this organization. Sign in with another one.",
        code: Some(ErrorCode::Forbidden),
        ..again
    }
}

pub(super) fn not_configured() -> Page {
    Page {
        title: "Sign-in with Microsoft is not set up",
        text: "Whoever runs this service has to give it a valid credential (AZURE_CLIENT_CERTIFICATE, AZURE_CLIENT_SECRET).",
        code: Some(ErrorCode::OauthNotConfigured),
        ..Page::default()
    }
}

pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Page {
    tracing::error!(error = chain(error), "a sign-in could not be completed");
    Page {
        title: "You cannot be signed in at the moment",
        text: "Wait a little and try again.",
        next: Some(("Sign in again", format!("{PATH}/start"))),
        code: Some(ErrorCode::Unavailable),
        ..Page::default()
    }
}

pub(super) fn unforeseen(error: &(dyn std::error::Error + 'static)) -> Page {
    tracing::error!(error = chain(error), "a sign-in failed");
    Page {
        title: "Something went wrong on our side",
        text: "Try again. If it stays so, show the line below to whoever runs this service.",
        next: Some(("Sign in again", format!("{PATH}/start"))),
        code: Some(ErrorCode::Internal),
        ..Page::default()
    }
}

pub(super) fn too_often(error: &ApiError) -> Page {
    Page {
        title: "Too many sign-ins",
        text: "Wait a few minutes and try again.",
        next: Some(("Sign in again", format!("{PATH}/start"))),
        code: Some(error.code),
        ..Page::default()
    }
}

/// The first code of Microsoft's that a description names, such as `AADSTS65004`.
fn aadsts(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("AADSTS")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(10).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

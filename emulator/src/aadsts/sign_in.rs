//! Refusals of the sign-in: on its pages, or as an error that goes back to the client.

use uuid::Uuid;

use super::Refusal;
use crate::directory::{App, Tenant, User};

impl Refusal {
    /// Shown on a page: nobody knows whose address that is.
    pub(crate) fn redirect_mismatch(given: &str, client: &App) -> Self {
        Self::bad_request(
            "invalid_request",
            50011,
            format!(
                "The redirect URI '{given}' specified in the request does not match the redirect URIs configured \
                 for the application '{}'. Make sure the redirect URI sent in the request matches one added to \
                 your application.",
                client.id
            ),
        )
    }

    pub(crate) fn missing_in_query(name: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            900_144,
            format!("The request must contain the following parameter: '{name}'."),
        )
    }

    pub(crate) fn bad_parameter(name: &str, why: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            900_971,
            format!("The value of the parameter '{name}' is not supported: {why}."),
        )
    }

    pub(crate) fn unsupported_response_type(value: &str) -> Self {
        Self::bad_request(
            "unsupported_response_type",
            700_054,
            format!("response_type '{value}' is not enabled for the application."),
        )
    }

    pub(crate) fn missing_challenge() -> Self {
        Self::bad_request(
            "invalid_request",
            9_002_325,
            "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
        )
    }

    pub(crate) fn challenge_of_wrong_size() -> Self {
        Self::bad_request(
            "invalid_request",
            501_491,
            "The size of the code_challenge must be between 43 and 128 characters.",
        )
    }

    /// `prompt=none`, and nobody is signed in.
    pub(crate) fn login_required() -> Self {
        Self::bad_request(
            "login_required",
            50058,
            "Session information is not sufficient for single-sign-on. A silent sign-in request was sent but no \
             user is signed in.",
        )
    }

    /// `prompt=none`, and several are.
    pub(crate) fn several_accounts() -> Self {
        Self::bad_request(
            "interaction_required",
            16000,
            "Either multiple user identities are available for the current request or selected account is not \
             supported for the scenario.",
        )
    }

    pub(crate) fn user_disabled() -> Self {
        Self::invalid_grant(50057, None, "The user account is disabled.")
    }

    pub(crate) fn not_in_tenant(user: &str, tenant: &Tenant) -> Self {
        Self::invalid_grant(
            50020,
            None,
            format!(
                "User account '{user}' does not exist in tenant '{}' and cannot access the application in that \
                 tenant. The account needs to be added as an external user in the tenant first.",
                tenant.name
            ),
        )
    }

    pub(crate) fn not_assigned(user: &User, app: &App) -> Self {
        Self::invalid_grant(
            50105,
            None,
            format!(
                "Your administrator has configured the application {} ('{}') to block users unless they are \
                 specifically granted ('assigned') access to the application. The signed in user '{}' is blocked \
                 because they are not a direct member of a group with access.",
                app.name, app.id, user.upn
            ),
        )
    }

    pub(crate) fn consent_declined() -> Self {
        Self::bad_request("access_denied", 65004, "User declined to consent to access the app.")
    }

    pub(crate) fn needs_administrator(client: &App) -> Self {
        Self::bad_request(
            "access_denied",
            90094,
            format!("The grant of {} requires the permission of an administrator.", client.name),
        )
    }

    pub(crate) fn no_consent(client: Uuid, name: &str) -> Self {
        Self::invalid_grant(
            65001,
            Some("consent_required"),
            format!(
                "The user or administrator has not consented to use the application with ID '{client}' named \
                 '{name}'. Send an interactive authorization request for this user and resource."
            ),
        )
    }

    pub(crate) fn unknown_scope(client: &App, scope: &str, resource: &App) -> Self {
        Self::bad_request(
            "invalid_client",
            650_053,
            format!(
                "The application '{}' asked for scope '{scope}' that doesn't exist on the resource '{}'. Contact \
                 the app vendor.",
                client.name, resource.id
            ),
        )
    }

    pub(crate) fn stale_page() -> Self {
        Self::bad_request(
            "invalid_request",
            50089,
            "The page is too old, or belongs to another browser: start the sign-in again.",
        )
    }
}

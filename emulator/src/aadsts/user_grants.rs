//! Refusals of what a client holds for a user: codes, refresh tokens, device codes, assertions.

use serde_json::json;
use uuid::Uuid;

use super::Refusal;
use crate::directory::{AccessPolicy, App};

impl Refusal {
    pub(crate) fn mixed_default(scope: &str) -> Self {
        Self::bad_request(
            "invalid_scope",
            70011,
            format!(
                "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid: \
                 .default scope can't be combined with resource-specific scopes."
            ),
        )
    }

    /// A code or refresh token nobody gave out.
    pub(crate) fn mangled_grant() -> Self {
        Self::invalid_grant(9_002_313, Some("bad_token"), "Invalid request. Request is malformed or invalid.")
    }

    pub(crate) fn grant_of_another(client: Uuid) -> Self {
        Self::invalid_grant(
            70000,
            Some("bad_token"),
            format!("The provided grant was not issued to the client '{client}'."),
        )
    }

    pub(crate) fn code_redeemed() -> Self {
        Self::invalid_grant(
            54005,
            None,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an \
             existing refresh token.",
        )
    }

    pub(crate) fn code_for_another_tenant() -> Self {
        Self::invalid_grant(
            700_005,
            None,
            "Provided Authorization Code is intended to use against other tenant, thus rejected.",
        )
    }

    pub(crate) fn code_expired() -> Self {
        Self::invalid_grant(
            70008,
            None,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new \
             interactive authorization request for this user and resource.",
        )
    }

    pub(crate) fn redirect_differs() -> Self {
        Self::invalid_grant(
            500_112,
            None,
            "The reply address does not match the reply address provided when requesting Authorization code.",
        )
    }

    pub(crate) fn wrong_verifier() -> Self {
        Self::invalid_grant(
            501_481,
            None,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )
    }

    pub(crate) fn verifier_of_wrong_size() -> Self {
        Self::invalid_grant(
            501_491,
            None,
            "The size of the Code_Verifier must be between 43 and 128 characters.",
        )
    }

    pub(crate) fn missing_verifier() -> Self {
        Self::invalid_grant(
            50147,
            None,
            "Invalid size of Code_Challenge parameter: the request has a code_challenge and no code_verifier, or \
             the other way round.",
        )
    }

    pub(crate) fn refresh_token_inactive() -> Self {
        Self::invalid_grant(
            700_082,
            Some("bad_token"),
            "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.",
        )
    }

    pub(crate) fn spa_deadline() -> Self {
        Self::invalid_grant(
            700_084,
            Some("bad_token"),
            "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited \
             lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must \
             be sent by the SPA to the sign in page.",
        )
    }

    pub(crate) fn revoked() -> Self {
        Self::invalid_grant(
            50173,
            Some("bad_token"),
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user \
             might have changed or reset their password, or all sessions were revoked.",
        )
    }

    pub(crate) fn user_is_gone(tenant: &str) -> Self {
        Self::invalid_grant(
            50034,
            None,
            format!(
                "The user account does not exist in the {tenant} directory. To sign into this application, the \
                     account must be added to the directory."
            ),
        )
    }

    /// More than a password is needed, said without a challenge.
    pub(crate) fn mfa_for(client: Uuid) -> Self {
        let text = format!("You must use multi-factor authentication to access '{client}'.");
        Self::invalid_grant(50076, Some("basic_action"), text)
    }

    /// More than a password is needed; `claims` says so to the next sign-in.
    pub(crate) fn mfa_required(policy: Uuid, resource: &App) -> Self {
        let challenge = json!({ "access_token": { "capolids": { "essential": true, "values": [policy] } } });
        Self::invalid_grant(
            50076,
            Some("basic_action"),
            format!(
                "Due to a configuration change made by your administrator, or because you moved to a new \
                 location, you must use multi-factor authentication to access '{}'.",
                resource.id
            ),
        )
        .with_claims(challenge.to_string())
    }

    /// An authentication context was asked for, which the sign-in has not met.
    pub(crate) fn context_required(context: &str, resource: &App) -> Self {
        let challenge = json!({ "access_token": { "acrs": { "essential": true, "value": context } } });
        Self::mfa_required(Uuid::nil(), resource).with_claims(challenge.to_string())
    }

    pub(crate) fn blocked(policy: &AccessPolicy) -> Self {
        Self::invalid_grant(
            53003,
            Some("message_only"),
            format!(
                "Access has been blocked by Conditional Access policies. The access policy {} does not allow \
                 token issuance.",
                policy.id
            ),
        )
    }

    pub(crate) fn device_pending() -> Self {
        Self::bad_request(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )
    }

    pub(crate) fn device_declined() -> Self {
        Self::bad_request(
            "authorization_declined",
            70018,
            "OAuth 2.0 device flow error. The user declined the authorization.",
        )
    }

    pub(crate) fn device_expired() -> Self {
        Self::bad_request("expired_token", 70020, "The provided value for the device_code has expired.")
    }

    pub(crate) fn device_unknown() -> Self {
        Self::bad_request(
            "bad_verification_code",
            70018,
            "The provided value for the input parameter 'device_code' is not valid.",
        )
    }

    pub(crate) fn assertion_invalid(why: &str) -> Self {
        Self::invalid_grant(50013, None, format!("Assertion failed signature validation: {why}."))
    }

    pub(crate) fn assertion_for_another(client: Uuid) -> Self {
        Self::invalid_grant(
            500_131,
            None,
            format!(
                "Assertion audience does not match the Client app presenting the assertion. The audience in the \
                 assertion must be the app '{client}'."
            ),
        )
    }

    pub(crate) fn assertion_expired() -> Self {
        Self::invalid_grant(
            500_133,
            None,
            "Assertion is not within its valid time range. Ensure that the access token is not expired before \
             using it for user assertion, or request a new token.",
        )
    }

    pub(crate) fn assertion_of_app(client: Uuid) -> Self {
        Self::invalid_grant(
            7_000_114,
            None,
            format!("Application '{client}' is not allowed to make application on-behalf-of calls."),
        )
    }

    pub(crate) fn assertion_is_id_token() -> Self {
        Self::invalid_grant(
            240_002,
            None,
            "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
        )
    }
}

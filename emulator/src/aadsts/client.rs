//! Refusals of a client: who it is, how it shows that, where it asks from.

use uuid::Uuid;

use super::Refusal;

impl Refusal {
    /// A page sent a secret, or what is not for pages.
    pub(crate) fn cross_origin() -> Self {
        Self::bad_request(
            "invalid_request",
            9_002_326,
            "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
        )
    }

    pub(crate) fn unknown_client(client: &str, tenant: &str) -> Self {
        Self::bad_request(
            "unauthorized_client",
            700_016,
            format!(
                "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen \
                 if the application has not been installed by the administrator of the tenant or consented to by \
                 any user in the tenant. You may have sent your authentication request to the wrong tenant."
            ),
        )
    }

    pub(crate) fn client_has_no_principal(client: Uuid, tenant: Uuid) -> Self {
        Self::unauthorized(
            7_000_229,
            format!(
                "The client application {client} is missing service principal in the tenant {tenant}. See \
                 instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"
            ),
        )
    }

    pub(crate) fn missing_secret() -> Self {
        Self::unauthorized(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    }

    pub(crate) fn wrong_secret(client: Uuid) -> Self {
        Self::unauthorized(
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID, for a secret added to app '{client}'."
            ),
        )
    }

    pub(crate) fn expired_secret(client: Uuid) -> Self {
        Self::unauthorized(
            7_000_222,
            format!(
                "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create \
                 new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials \
                 for added security: https://aka.ms/certCreds."
            ),
        )
    }

    pub(crate) fn public_client() -> Self {
        Self::unauthorized(
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        )
    }

    pub(crate) fn only_cross_origin() -> Self {
        Self::bad_request(
            "invalid_request",
            9_002_327,
            "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin \
             requests.",
        )
    }

    pub(crate) fn disabled_client(client: Uuid, name: &str) -> Self {
        Self::bad_request(
            "unauthorized_client",
            7_000_112,
            format!("Application '{client}'({name}) is disabled."),
        )
    }

    pub(crate) fn malformed_assertion(why: &str) -> Self {
        Self::bad_request("invalid_request", 50027, format!("JWT token is invalid or malformed: {why}."))
    }

    pub(crate) fn assertion_of_another() -> Self {
        Self::unauthorized(50048, "Subject must match Issuer claim in the client assertion.")
    }

    pub(crate) fn assertion_outside_its_time() -> Self {
        Self::unauthorized(
            700_024,
            "Client assertion is not within its valid time range. Current time and expiry of the assertion do \
             not agree: check the clock, and make a new assertion for each request.",
        )
    }

    pub(crate) fn unknown_certificate() -> Self {
        Self::unauthorized(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on \
             application, or the signature of the assertion is not valid.",
        )
    }

    pub(crate) fn no_federated_credential() -> Self {
        Self::unauthorized(
            70021,
            "No matching federated identity record found for presented assertion. Assertion issuer, subject and \
             audience must be equal to those of the record, case included.",
        )
    }
}

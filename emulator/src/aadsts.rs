//! Refusals in Entra's words: an OAuth error, an AADSTS code, a text with ids for support.

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use uuid::Uuid;

use crate::{random, world::World};

/// A refusal before it has met a request.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    text: String,
}

/// What identifies one answer of the token endpoint, good or bad.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) id: Uuid,
    pub(crate) correlation_id: Uuid,
    /// Whether the client wants its correlation id back.
    pub(crate) is_echoed: bool,
}

impl Trace {
    /// A trace of a request that named no correlation id.
    pub(crate) fn new() -> Self {
        Self { id: random::uuid(), correlation_id: random::uuid(), is_echoed: false }
    }

    /// The headers every answer of the token endpoint has.
    pub(crate) fn stamp(&self, response: &mut Response) {
        let headers = response.headers_mut();
        let id = |id: Uuid| HeaderValue::from_str(&id.to_string()).expect("a UUID is a header value");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert("x-ms-request-id", id(self.id));
        headers.insert("x-ms-ests-server", HeaderValue::from_static("entra-emulator"));
        if self.is_echoed {
            headers.insert("client-request-id", id(self.correlation_id));
        }
    }
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self { status, error, code, text: text.into() }
    }

    fn bad_request(error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, code, text)
    }

    fn unauthorized(code: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", code, text)
    }

    /// The same refusal under another OAuth error: metadata and token endpoint differ for one code.
    pub(crate) fn named(self, error: &'static str) -> Self {
        Self { error, ..self }
    }

    pub(crate) fn unknown_tenant(segment: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            90002,
            format!(
                "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and are signing \
                 into the correct cloud. Check with your subscription administrator, this may happen if there are \
                 no active subscriptions for the tenant."
            ),
        )
    }

    pub(crate) fn no_v1_for_personal_accounts() -> Self {
        Self::bad_request(
            "invalid_request",
            90027,
            "We are unable to issue tokens from this API version on the MSA tenant.",
        )
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    pub(crate) fn malformed_request() -> Self {
        Self::bad_request("invalid_request", 9_002_313, "Invalid request. Request is malformed or invalid.")
    }

    pub(crate) fn unsupported_grant(grant: &str) -> Self {
        Self::bad_request(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{grant}'."),
        )
    }

    pub(crate) fn resource_parameter() -> Self {
        Self::bad_request("invalid_request", 901_002, "The 'resource' request parameter is not supported.")
    }

    pub(crate) fn grant_needs_a_tenant() -> Self {
        Self::bad_request(
            "invalid_request",
            9_001_023,
            "The grant type is not supported over the /common, /organizations or /consumers endpoints. Please use \
             a tenant-specific endpoint.",
        )
    }

    pub(crate) fn cross_origin_secret() -> Self {
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

    pub(crate) fn public_client() -> Self {
        Self::unauthorized(
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        )
    }

    pub(crate) fn invalid_scope(scope: &str) -> Self {
        Self::bad_request(
            "invalid_scope",
            70011,
            format!(
                "The provided request must include a 'scope' input parameter. The provided value for the input \
                 parameter 'scope' is not valid. The scope '{scope}' is not valid: client credential flows must \
                 have one scope, a resource identifier with the suffix /.default."
            ),
        )
    }

    pub(crate) fn several_resources(scope: &str) -> Self {
        Self::bad_request(
            "invalid_request",
            28000,
            format!(
                "Provided value for the input parameter scope is not valid because it contains more than one \
                 resource. Scope {scope} is not valid."
            ),
        )
    }

    pub(crate) fn unknown_resource(resource: &str, tenant: &str) -> Self {
        Self::bad_request(
            "invalid_resource",
            500_011,
            format!(
                "The resource principal named {resource} was not found in the tenant named {tenant}. This can \
                 happen if the application has not been installed by the administrator of the tenant or consented \
                 to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
            ),
        )
    }

    /// As the token endpoint answers.
    pub(crate) fn answer(&self, world: &World, site: &str, trace: &Trace) -> Response {
        let Self { status, error, code, text } = self;
        let Trace { id: trace_id, correlation_id, .. } = trace;
        let timestamp = world.clock.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {text}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("{site}/error?code={code}"),
        });
        let mut response = Response::builder()
            .status(*status)
            .content_type("application/json; charset=utf-8")
            .body(body.to_string());
        trace.stamp(&mut response);
        response
    }

    /// As an endpoint answers that knows no correlation ids.
    pub(crate) fn untraced(&self, world: &World, site: &str) -> Response {
        self.answer(world, site, &Trace::new())
    }
}

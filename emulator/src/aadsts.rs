//! Refusals in Entra's words: an OAuth error, an AADSTS code, a text with ids for support.

mod client;
mod sign_in;
mod user_grants;

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
    /// What a client may do about it, finer than the error.
    suberror: Option<&'static str>,
    /// What the next sign-in must ask for, JSON as text.
    claims: Option<String>,
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
        Self { status, error, code, text: text.into(), suberror: None, claims: None }
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

    pub(crate) fn empty_scope() -> Self {
        Self::bad_request(
            "invalid_request",
            28003,
            "Provided value for the input parameter scope cannot be empty when requesting an access token using the \
             provided authorization code. Please specify a valid scope.",
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

    /// A grant that is no good, with what a client may do about it.
    fn invalid_grant(code: u32, suberror: Option<&'static str>, text: impl Into<String>) -> Self {
        Self { suberror, ..Self::bad_request("invalid_grant", code, text) }
    }

    /// With a claims challenge.
    fn with_claims(self, claims: String) -> Self {
        Self { claims: Some(claims), ..self }
    }

    /// The OAuth error.
    pub(crate) fn error(&self) -> &'static str {
        self.error
    }

    pub(crate) fn suberror(&self) -> Option<&'static str> {
        self.suberror
    }

    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// In one line, for people.
    pub(crate) fn sentence(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.text)
    }

    /// The `error_description`.
    pub(crate) fn description(&self, world: &World, trace: &Trace) -> String {
        let Trace { id, correlation_id, .. } = trace;
        let timestamp = timestamp(world);
        let sentence = self.sentence();
        format!("{sentence}\r\nTrace ID: {id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}")
    }

    /// As the token endpoint answers.
    pub(crate) fn answer(&self, world: &World, site: &str, trace: &Trace) -> Response {
        let Self { status, error, code, .. } = self;
        let Trace { id: trace_id, correlation_id, .. } = trace;
        let timestamp = timestamp(world);
        let mut body = json!({
            "error": error,
            "error_description": self.description(world, trace),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("{site}/error?code={code}"),
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.suberror.map(|suberror| ("suberror".to_owned(), suberror.into())));
            body.extend(self.claims.clone().map(|claims| ("claims".to_owned(), claims.into())));
        }
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

fn timestamp(world: &World) -> String {
    world.clock.now().format("%Y-%m-%d %H:%M:%SZ").to_string()
}

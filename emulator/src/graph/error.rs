//! Errors in Graph's form, and the headers all its answers have.

use poem::{
    Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde_json::json;

use super::call::Call;
use crate::{caller::Rejected, random, world::World};

/// Why Graph does not answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, String)>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    /// No token, or one that is no good here.
    pub(super) fn rejected(rejected: &Rejected, base: &str) -> Self {
        let page = format!("{base}/common/oauth2/authorize");
        let (message, challenge) = match rejected {
            Rejected::Missing => ("Access token is empty.", String::new()),
            Rejected::Malformed => ("IDX14100: JWT is not well formed.", String::new()),
            Rejected::Signature => ("Signature verification failed.", String::new()),
            Rejected::Audience(_) => ("Access token validation failure. Invalid audience.", String::new()),
            Rejected::Expired => ("Lifetime validation failed, the token is expired.", String::new()),
            Rejected::Challenged { client, claims } => (
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                 TokenIssuedBeforeRevocationTimestamp",
                format!(", client_id=\"{client}\", error=\"insufficient_claims\", claims=\"{claims}\""),
            ),
        };
        let challenge = format!("Bearer realm=\"\", authorization_uri=\"{page}\"{challenge}");
        Self {
            header: Some((header::WWW_AUTHENTICATE, challenge)),
            ..Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
        }
    }

    /// Of directory objects.
    pub(super) fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// Of sites and files.
    pub(super) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "accessDenied", "Access denied")
    }

    pub(super) fn needs_user() -> Self {
        let message = "/me request is only valid with delegated authentication flow.";
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(super) fn no_photo() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ImageNotFound",
            "Exception of type 'ImageNotFoundException' was thrown.",
        )
    }

    pub(super) fn no_resource(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    /// Of sites and files.
    pub(super) fn no_item() -> Self {
        Self::new(StatusCode::NOT_FOUND, "itemNotFound", "The resource could not be found.")
    }

    pub(super) fn not_a_file() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalidRequest", "You cannot get content for a folder")
    }

    pub(super) fn no_sharepoint() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", "Tenant does not have a SPO license.")
    }

    /// Of directory objects.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// Of sites and files.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalidRequest", message)
    }

    pub(super) fn no_segment(path: &str) -> Self {
        let message = format!("Resource not found for the segment '{path}': the emulator does not have it.");
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A delta token that is too old: all is to be read again, from `restart`.
    pub(super) fn resync(restart: &str) -> Self {
        Self {
            header: Some((header::LOCATION, restart.to_owned())),
            ..Self::new(
                StatusCode::GONE,
                "resyncChangesApplyDifferences",
                "Resync required. Replace any local items with the server's version (including deletes).",
            )
        }
    }

    pub(super) fn wrong_method() -> Self {
        let message = "The emulator's Graph is read only, but for $batch.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
    }

    pub(super) fn answer(&self, call: &Call<'_>) -> Response {
        let mut response = answer(call.world, &call.headers, self.status, self.code, &self.message);
        if let Some((name, value)) = &self.header
            && let Ok(value) = HeaderValue::from_str(value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// An error in Graph's form.
pub(crate) fn answer(
    world: &World,
    headers: &HeaderMap,
    status: StatusCode,
    code: &str,
    message: &str,
) -> Response {
    let mut response = Response::builder().status(status).content_type("application/json").finish();
    let id = stamp(headers, &mut response);
    let body = json!({ "error": {
        "code": code,
        "message": message,
        "innerError": {
            "date": world.clock.now().format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": id,
            "client-request-id": client_request_id(headers).unwrap_or(id),
        },
    } });
    response.set_body(body.to_string());
    response
}

/// Ids for support; gives the one of the request.
pub(super) fn stamp(headers: &HeaderMap, response: &mut Response) -> String {
    let id = random::uuid().to_string();
    let own = client_request_id(headers).unwrap_or_else(|| id.clone());
    for (name, value) in [("request-id", &id), ("client-request-id", &own)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    id
}

fn client_request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("client-request-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

//! Errors in Graph's form, and the headers all its answers have.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;

use crate::{random, world::World};

/// Why Graph does not answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Of `WWW-Authenticate`.
    challenge: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), challenge: None }
    }

    /// No token, or one that is no good here.
    pub(super) fn bad_token(message: &str, authorization_uri: &str) -> Self {
        let challenge = format!("Bearer realm=\"\", authorization_uri=\"{authorization_uri}\"");
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
        }
    }

    /// A token that was good and has been revoked: the client is to ask again, with these claims.
    pub(super) fn revoked(client: &str, claims: &str, authorization_uri: &str) -> Self {
        let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                       TokenIssuedBeforeRevocationTimestamp";
        let challenge = format!(
            "Bearer realm=\"\", authorization_uri=\"{authorization_uri}\", client_id=\"{client}\", \
             error=\"insufficient_claims\", claims=\"{claims}\""
        );
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
        }
    }

    pub(super) fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
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

    pub(super) fn no_segment(path: &str) -> Self {
        let message = format!("Resource not found for the segment '{path}': the emulator does not have it.");
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(super) fn answer(&self, request: &Request, world: &World) -> Response {
        let mut response = Response::builder().status(self.status).content_type("application/json").finish();
        if let Some(challenge) = self.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        let id = stamp(request, &mut response);
        let body = json!({ "error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": world.clock.now().format("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": id,
                "client-request-id": client_request_id(request).unwrap_or(id),
            },
        } });
        response.set_body(body.to_string());
        response
    }
}

/// Ids for support; gives the one of the request.
pub(super) fn stamp(request: &Request, response: &mut Response) -> String {
    let id = random::uuid().to_string();
    let own = client_request_id(request).unwrap_or_else(|| id.clone());
    for (name, value) in [("request-id", &id), ("client-request-id", &own)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    id
}

fn client_request_id(request: &Request) -> Option<String> {
    request.header("client-request-id").map(str::to_owned)
}

//! The refusals that an operation can give, by its form: which codes, what each means, and how it looks.

use serde_json::{Map, Value, json};

use super::{idempotency::takes_key, proxy::passes_on, security::takes_api_key};
use crate::{error::ErrorCode, identity::REFRESH_TOKEN};

/// What an operation demands of a caller besides a permission.
#[derive(Clone, Copy)]
pub(super) struct Demands {
    /// Microsoft 365 is asked in the caller's name.
    pub is_delegated: bool,
    /// They must have signed in just now.
    pub is_recent: bool,
}

/// Adds them to an operation's responses.
pub(super) fn write(
    operation: &mut Map<String, Value>,
    method: &str,
    has_path_parameter: bool,
    demands: Demands,
) {
    let mut codes = codes(operation, method, has_path_parameter);
    // Annotations are made by others than persons too, so that the caller's type does not say it.
    if demands.is_delegated || operation_id(operation) == "createAnnotation" {
        codes.extend(OF_DELEGATED.into_iter().filter(|code| !codes.contains(code)).collect::<Vec<_>>());
    }
    if demands.is_recent {
        codes.push(ErrorCode::InteractionRequired);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for code in codes {
        let status = code.status();
        let response = responses.entry(status.as_str()).or_insert_with(|| json!({}));
        let line = format!("- `{}`: {}", code.word(), meaning(code));
        let known = response["description"].as_str().unwrap_or_default();
        let description = if known.is_empty() { line } else { format!("{known}\n{line}") };
        response["description"] = json!(description);
        let content = response.pointer("/content/application~1json/examples").and_then(Value::as_object);
        let mut examples = content.cloned().unwrap_or_default();
        examples.insert(code.word(), json!({ "value": example(code) }));
        response["content"] = json!({ "application/json": {
            "schema": { "$ref": "#/components/schemas/ErrorResponse" },
            "examples": examples,
        } });
    }
}

/// What only operations have that ask Microsoft 365 in the caller's name.
const OF_DELEGATED: [ErrorCode; 7] = [
    ErrorCode::InteractionRequired,
    ErrorCode::ConsentRequired,
    ErrorCode::ConnectionRequired,
    ErrorCode::ConnectionUnusable,
    ErrorCode::NotFound,
    ErrorCode::UpstreamError,
    ErrorCode::UpstreamTimeout,
];

/// What only operations have that pass requests on.
const OF_PROXY: [ErrorCode; 5] = [
    ErrorCode::ConnectionUnusable,
    ErrorCode::OauthNotConfigured,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UpstreamError,
    ErrorCode::UpstreamTimeout,
];

fn operation_id(operation: &Map<String, Value>) -> &str {
    operation.get("operationId").and_then(Value::as_str).unwrap_or_default()
}

fn codes(operation: &Map<String, Value>, method: &str, has_path_parameter: bool) -> Vec<ErrorCode> {
    let has_body = operation.contains_key("requestBody");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has_if_match =
        parameters.is_some_and(|list| list.iter().any(|parameter| parameter["name"] == json!("If-Match")));
    let mut codes = vec![
        ErrorCode::Unauthorized,
        ErrorCode::SessionRevoked,
        ErrorCode::Forbidden,
        ErrorCode::TenantNotOnboarded,
        ErrorCode::OrganizationSuspended,
        ErrorCode::OrganizationDeleted,
        ErrorCode::UserDisabled,
        // Also where nothing is asked for: a query that is not text is refused.
        ErrorCode::ValidationFailed,
        ErrorCode::RequestTimeout,
        ErrorCode::RateLimited,
        ErrorCode::Internal,
        ErrorCode::Unavailable,
    ];
    if takes_api_key(operation) {
        codes.extend([
            ErrorCode::ApiKeyMissing,
            ErrorCode::ApiKeyInvalid,
            ErrorCode::ApiKeyRevoked,
            ErrorCode::ApiKeyExpired,
            ErrorCode::ApiKeyIpBlocked,
            ErrorCode::ApiKeyInsufficientScope,
        ]);
    }
    let has_key = takes_key(operation);
    if has_path_parameter || method == "patch" || has_key {
        codes.push(ErrorCode::NotFound);
    }
    if method != "get" && !operation.contains_key("x-key-only") {
        codes.extend([ErrorCode::Conflict, ErrorCode::CsrfInvalid]);
    }
    if is_by_refresh_token(operation) {
        codes.push(ErrorCode::InvalidRefreshToken);
    }
    if has_key {
        codes.push(ErrorCode::IdempotencyKeyReused);
    }
    if has_if_match {
        codes.push(ErrorCode::PreconditionFailed);
    }
    match operation_id(operation) {
        "downloadDriveItem" => codes.push(ErrorCode::RangeNotSatisfiable),
        "listDriveChanges" => codes.push(ErrorCode::ResyncRequired),
        "getConnectionToken" => {
            codes.extend([ErrorCode::ConnectionUnusable, ErrorCode::OauthNotConfigured]);
        }
        "beginDeviceSignIn" | "getDeviceSignIn" => {
            codes.extend([ErrorCode::OauthNotConfigured, ErrorCode::OauthTokenExchangeFailed]);
        }
        "refreshConnection" => codes.push(ErrorCode::OauthNotConfigured),
        _ if passes_on(operation) => codes.extend(OF_PROXY),
        _ => {}
    }
    if has_body && !passes_on(operation) {
        codes.extend([ErrorCode::PayloadTooLarge, ErrorCode::UnsupportedMediaType]);
    }
    codes
}

fn is_by_refresh_token(operation: &Map<String, Value>) -> bool {
    let security = operation.get("security").and_then(Value::as_array);
    security.is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get(REFRESH_TOKEN).is_some()))
}

/// For an integrator, in half a sentence; `docs/errors.md` says more.
fn meaning(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthorized => {
            "no access token, or one that is expired or not for this API. Get a new one."
        }
        ErrorCode::InvalidRefreshToken => "no refresh token, or one that does not hold. Sign in again.",
        ErrorCode::SessionRevoked => "the session has ended. Sign in again.",
        ErrorCode::CsrfInvalid => {
            "by a session in a cookie, `X-CSRF-Token` or the page's origin is missing or wrong."
        }
        ErrorCode::InvalidState => "a sign-in that this browser did not begin, or too long ago. Begin again.",
        ErrorCode::OauthTokenExchangeFailed => "the identity provider refused, or its answer does not hold.",
        ErrorCode::OauthNotConfigured => {
            "the service has no (valid) registration at the identity provider for this."
        }
        ErrorCode::InteractionRequired => {
            "more is asked of the sign-in: sign in again, with `details.claims` if there are any."
        }
        ErrorCode::ConsentRequired => {
            "nobody has consented to what is asked of Microsoft 365; an administrator does, at `details.consentUrl`."
        }
        ErrorCode::ApiKeyMissing => {
            "the header for an API key is there and no key in it, or only an API key opens this."
        }
        ErrorCode::ApiKeyInvalid => "there is no such API key.",
        ErrorCode::ApiKeyRevoked => "the API key was revoked. Use another one.",
        ErrorCode::ApiKeyExpired => {
            "the API key, or the overlap after its rotation, has ended. Use the new one."
        }
        ErrorCode::ApiKeyIpBlocked => "the API key may not be used from this address.",
        ErrorCode::ApiKeyInsufficientScope => {
            "the API key lacks a scope; `details.scopes` has those that are needed."
        }
        ErrorCode::Forbidden => "the caller lacks the permission.",
        ErrorCode::TenantNotOnboarded => {
            "an administrator of the caller's tenant has to consent first, at `details.consentUrl`."
        }
        ErrorCode::OrganizationSuspended => "nobody of this organization may call at present.",
        ErrorCode::OrganizationDeleted => {
            "the organization was deleted; whoever runs the service can restore it for 30 days."
        }
        ErrorCode::OnboardingLinkInvalid => "the link is too old, was used, or belongs to another browser.",
        ErrorCode::UserDisabled => "the caller was suspended by an administrator of the organization.",
        ErrorCode::NotFound => "there is no such thing, or it belongs to another organization.",
        ErrorCode::ValidationFailed => "`details` has the reasons for each field or parameter.",
        ErrorCode::MethodNotAllowed => "the path has other methods; `Allow` lists them.",
        ErrorCode::ConnectionRequired => {
            "a session alone opens nothing at Microsoft: the person connects their account first, at `details.connectUrl`."
        }
        ErrorCode::ConnectionUnusable => {
            "Microsoft gives no token; `details` has the connection's state, the reason and the next step, and where consent is \
             missing `consentUrl` for an administrator of the account's tenant."
        }
        ErrorCode::Conflict => "the present state forbids it; the message says why.",
        ErrorCode::IdempotencyKeyReused => {
            "the `Idempotency-Key` was used for another request; take a new one."
        }
        ErrorCode::PreconditionFailed => "it was changed since; read it again and decide anew.",
        ErrorCode::ResyncRequired => "too much has changed since the cursor was given; begin without one.",
        ErrorCode::RangeNotSatisfiable => "the file has no bytes in that `Range`.",
        ErrorCode::PayloadTooLarge => "the body is larger than 1 MiB, or a part of it than its own limit.",
        ErrorCode::UnsupportedMediaType => "send the body as `application/json`.",
        ErrorCode::RequestTimeout => "the request did not arrive, or was not answered, in time.",
        ErrorCode::HeadersTooLarge => "the headers are too large.",
        ErrorCode::RateLimited => "too many requests; wait for as long as `Retry-After` says.",
        ErrorCode::UpstreamError => "Microsoft 365 refused; `details` has its code and request id.",
        ErrorCode::UpstreamTimeout => "Microsoft 365 did not answer in time.",
        ErrorCode::Unavailable => "try again after `Retry-After` seconds.",
        ErrorCode::Internal => "our mistake; name the `requestId` when you ask for help.",
    }
}

fn connection_unusable() -> (&'static str, Option<Value>) {
    let details = json!({
        "connectionId": "0193f2a6-3c51-7d02-a4b8-1e9f60c7d235",
        "status": "REAUTH_REQUIRED",
        "reason": "sign_in_frequency",
        "nextStep": "Sign in with this account again by its reconnect link.",
        "canReconnect": true,
        "claims": null,
    });
    ("Microsoft gives no token for this connection", Some(details))
}

fn interaction_required() -> (&'static str, Option<Value>) {
    (
        "Sign in again: your organization asks for more before Microsoft 365 can be used",
        Some(json!({
            "claims": "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}",
            "scopes": ["https://graph.microsoft.com/.default"],
        })),
    )
}

fn consent_required() -> (&'static str, Option<Value>) {
    (
        "An administrator of your organization has to consent to what is asked of Microsoft 365",
        Some(json!({
            "scopes": ["https://graph.microsoft.com/.default"],
            "consentUrl": "https://login.microsoftonline.com/…/v2.0/adminconsent?…",
        })),
    )
}

fn connection_required() -> (&'static str, Option<Value>) {
    (
        "Connect the Microsoft account that you signed in with first",
        Some(json!({
            "connectUrl": "/api/oauth/microsoft/start?connect=true",
            "nextStep": "You are signed in, and nothing of yours at Microsoft 365 is open to this service yet. …",
        })),
    )
}

fn example(code: ErrorCode) -> Value {
    let (message, details) = match code {
        ErrorCode::Unauthorized => ("Invalid or expired access token", None),
        ErrorCode::InvalidRefreshToken => ("The refresh token does not hold; sign in again", None),
        ErrorCode::SessionRevoked => ("The session has ended; sign in again", None),
        ErrorCode::CsrfInvalid => {
            ("Send the value of the csrf-token cookie as X-CSRF-Token, from a page that may call", None)
        }
        ErrorCode::InteractionRequired => interaction_required(),
        ErrorCode::ConsentRequired => consent_required(),
        ErrorCode::ApiKeyMissing => ("The API key is missing", None),
        ErrorCode::ApiKeyInvalid => ("The API key is not valid", None),
        ErrorCode::ApiKeyRevoked => ("The API key was revoked", None),
        ErrorCode::ApiKeyExpired => ("The API key has expired", None),
        ErrorCode::ApiKeyIpBlocked => ("The API key may not be used from this address", None),
        ErrorCode::ApiKeyInsufficientScope => (
            "The API key does not have the scope that this needs",
            Some(json!({ "scopes": ["annotations:write"] })),
        ),
        ErrorCode::Forbidden => ("You do not have access to this resource", None),
        ErrorCode::TenantNotOnboarded => (
            "An administrator of your organization has to consent first",
            Some(json!({ "consentUrl": "https://login.microsoftonline.com/…/v2.0/adminconsent?…" })),
        ),
        ErrorCode::OrganizationSuspended => ("Your organization is suspended", None),
        ErrorCode::OrganizationDeleted => ("Your organization is deleted", None),
        ErrorCode::OnboardingLinkInvalid => ("This link does not work any more", None),
        ErrorCode::UserDisabled => ("Your account is disabled", None),
        ErrorCode::NotFound => ("There is no such resource", None),
        ErrorCode::ValidationFailed => ("The request is not valid", Some(json!({ "name": ["is required"] }))),
        ErrorCode::ConnectionRequired => connection_required(),
        ErrorCode::ConnectionUnusable => connection_unusable(),
        ErrorCode::Conflict => ("A taxonomy of this name exists", None),
        ErrorCode::PreconditionFailed => ("The resource has changed since you read it", None),
        ErrorCode::PayloadTooLarge => ("The body is too large", None),
        ErrorCode::UnsupportedMediaType => ("Send the body as application/json", None),
        ErrorCode::RequestTimeout => ("The request took too long", None),
        ErrorCode::RateLimited => ("Too many requests; try again later", None),
        ErrorCode::Internal => ("Something went wrong on our side", None),
        ErrorCode::Unavailable => ("The service cannot answer at the moment; try again", None),
        ErrorCode::IdempotencyKeyReused => {
            ("The idempotency key was used for a request with another body", None)
        }
        ErrorCode::MethodNotAllowed
        | ErrorCode::ResyncRequired
        | ErrorCode::RangeNotSatisfiable
        | ErrorCode::HeadersTooLarge
        | ErrorCode::UpstreamError
        | ErrorCode::UpstreamTimeout
        | ErrorCode::InvalidState
        | ErrorCode::OauthTokenExchangeFailed
        | ErrorCode::OauthNotConfigured => (meaning(code), None),
    };
    let mut error = Map::from_iter([
        ("code".to_owned(), json!(code.word())),
        ("message".to_owned(), json!(message)),
        ("requestId".to_owned(), json!("0193f2a1-7c44-7d20-9a31-5b6de0c1f5aa")),
    ]);
    error.extend(details.map(|details| ("details".to_owned(), details)));
    json!({ "error": error })
}

//! The one error of the API: the envelope that every refusal has, the framework's own included.

mod framework;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Enum, Object,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::{ToJSON, Type},
};
use serde_json::{Value, json};

use domain::store::StoreError;

use crate::http::IDEMPOTENCY_REPLAYED;

pub(crate) use framework::from_framework;

/// Every code there is. Codes are stable, messages are not; `docs/errors.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    Unauthorized,
    InvalidRefreshToken,
    SessionRevoked,
    InteractionRequired,
    ConsentRequired,
    ApiKeyMissing,
    ApiKeyInvalid,
    ApiKeyRevoked,
    ApiKeyExpired,
    ApiKeyIpBlocked,
    ApiKeyInsufficientScope,
    Forbidden,
    CsrfInvalid,
    TenantNotOnboarded,
    OrganizationSuspended,
    OrganizationDeleted,
    UserDisabled,
    NotFound,
    ValidationFailed,
    OnboardingLinkInvalid,
    InvalidState,
    MethodNotAllowed,
    Conflict,
    ConnectionRequired,
    ConnectionUnusable,
    IdempotencyKeyReused,
    ResyncRequired,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    RequestTimeout,
    HeadersTooLarge,
    RateLimited,
    UpstreamError,
    UpstreamTimeout,
    OauthTokenExchangeFailed,
    OauthNotConfigured,
    Unavailable,
    Internal,
}

impl ErrorCode {
    pub fn status(self) -> StatusCode {
        match self {
            Self::ValidationFailed | Self::InvalidState | Self::OnboardingLinkInvalid => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized
            | Self::InvalidRefreshToken
            | Self::SessionRevoked
            | Self::InteractionRequired
            | Self::ConsentRequired
            | Self::ApiKeyMissing
            | Self::ApiKeyInvalid
            | Self::ApiKeyRevoked
            | Self::ApiKeyExpired => StatusCode::UNAUTHORIZED,
            Self::ApiKeyIpBlocked
            | Self::ApiKeyInsufficientScope
            | Self::Forbidden
            | Self::CsrfInvalid
            | Self::TenantNotOnboarded
            | Self::OrganizationSuspended
            | Self::OrganizationDeleted
            | Self::UserDisabled => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict
            | Self::ConnectionRequired
            | Self::ConnectionUnusable
            | Self::IdempotencyKeyReused => StatusCode::CONFLICT,
            Self::ResyncRequired => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::UpstreamError | Self::OauthTokenExchangeFailed => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Unavailable | Self::OauthNotConfigured => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The word on the wire.
    pub fn word(self) -> String {
        match self.to_json() {
            Some(Value::String(word)) => word,
            _ => "INTERNAL".to_owned(),
        }
    }
}

/// What went wrong.
#[derive(Object)]
#[oai(rename = "Error", rename_all = "camelCase")]
pub(crate) struct ErrorView {
    /// The stable word for the reason.
    pub code: ErrorCode,
    /// The reason, for a person. It may change between versions.
    pub message: String,
    /// More about it, by code: for `VALIDATION_FAILED` a list of reasons for each field.
    #[oai(skip_serializing_if_is_none)]
    pub details: Option<Value>,
    /// The id of the request, as in the `X-Request-Id` header: name it when you ask for help.
    pub request_id: String,
}

/// The body of every answer that is not a success.
#[derive(Object)]
#[oai(rename = "ErrorResponse")]
pub(crate) struct ErrorBody {
    pub error: ErrorView,
}

/// `WWW-Authenticate` where a credential came and does not hold (RFC 6750 §3.1).
pub(crate) const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// Why a request fails. Becomes the envelope at the edge, which knows the request's id.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: Cow<'static, str>,
    pub details: Option<Value>,
    pub www_authenticate: Option<Cow<'static, str>>,
    pub retry_after: Option<Duration>,
    /// An earlier request with the same idempotency key did what was asked for.
    pub replayed: bool,
    /// For the log; the client never sees it.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let (details, www_authenticate, retry_after, cause) = (None, None, None, None);
        let replayed = false;
        Self { code, message: message.into(), details, www_authenticate, retry_after, replayed, cause }
    }

    /// `401`, as for every credential that does not hold (RFC 6750 §3).
    pub fn unauthorized(challenge: impl Into<Cow<'static, str>>) -> Self {
        let error = Self::new(ErrorCode::Unauthorized, "Invalid or expired access token");
        Self { www_authenticate: Some(challenge.into()), ..error }
    }

    /// The same refusal, saying that the token that was sent does not hold.
    #[must_use]
    pub fn challenged(self) -> Self {
        Self { www_authenticate: Some(INVALID_TOKEN.into()), ..self }
    }

    /// Where to consent is for `details` to say.
    pub fn tenant_not_onboarded() -> Self {
        Self::new(ErrorCode::TenantNotOnboarded, "An administrator of your organization has to consent first")
    }

    pub fn organization_suspended() -> Self {
        Self::new(ErrorCode::OrganizationSuspended, "Your organization is suspended")
    }

    pub fn organization_deleted() -> Self {
        Self::new(ErrorCode::OrganizationDeleted, "Your organization is deleted")
    }

    pub fn user_disabled() -> Self {
        Self::new(ErrorCode::UserDisabled, "Your account is disabled")
    }

    pub fn forbidden() -> Self {
        Self::new(ErrorCode::Forbidden, "You do not have access to this resource")
    }

    /// The same for what does not exist and what is another organization's.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is no such resource")
    }

    pub fn conflict(message: &'static str) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// The version that the client saw is not the present one.
    pub fn precondition_failed() -> Self {
        Self::new(ErrorCode::PreconditionFailed, "The resource has changed since you read it")
    }

    /// `400` with the reasons for each field.
    pub fn invalid(fields: &BTreeMap<String, Vec<String>>) -> Self {
        let error = Self::new(ErrorCode::ValidationFailed, "The request is not valid");
        Self { details: Some(json!(fields)), ..error }
    }

    /// `400` for one field.
    pub fn invalid_field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::invalid(&BTreeMap::from([(field.into(), vec![reason.into()])]))
    }

    pub fn rate_limited(retry_after: Duration) -> Self {
        let error = Self::new(ErrorCode::RateLimited, "Too many requests; try again later");
        Self { retry_after: Some(retry_after), ..error }
    }

    pub fn unavailable(retry_after: Duration) -> Self {
        let error = Self::new(ErrorCode::Unavailable, "The service cannot answer at the moment; try again");
        Self { retry_after: Some(retry_after), ..error }
    }

    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorCode::Internal, "Something went wrong on our side")
        }
    }

    /// The response, with the envelope.
    pub fn into_envelope(self, request_id: &str) -> Response {
        let body = ErrorBody {
            error: ErrorView {
                code: self.code,
                message: self.message.into_owned(),
                details: self.details,
                request_id: request_id.to_owned(),
            },
        };
        let mut response = Response::builder()
            .status(self.code.status())
            .content_type("application/json; charset=utf-8")
            .body(body.to_json_string());
        let headers = response.headers_mut();
        let challenge = self.www_authenticate.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.code.status()
    }
}

/// Error responses are added to every operation of the document in one place; see `openapi`.
impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        // The document's pass writes the rest. One is said here, since the framework drops schemas that it sees no
        // use of.
        let content = MetaMediaType { content_type: "application/json", schema: ErrorBody::schema_ref() };
        let response = MetaResponse {
            description: "",
            status: Some(ErrorCode::Internal.status().as_u16()),
            status_range: None,
            content: vec![content],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        <ErrorBody as Type>::register(registry);
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                Self { cause: Some(cause), ..Self::unavailable(Duration::from_secs(2)) }
            }
            StoreError::Unexpected(cause) => Self::internal(cause),
        }
    }
}

//! Errors in the forms of `SharePoint`.

use poem::{
    Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde_json::json;

use super::form::{Form, stamp};
use crate::{caller::Rejected, html::escaped};

/// Why there is no answer.
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    headers: Vec<(HeaderName, String)>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    /// No token, or one that is no good here.
    pub(super) fn rejected(rejected: &Rejected, host: &str, base: &str) -> Self {
        let page = format!("{base}/common/oauth2/authorize");
        let realm = "Bearer realm=\"\", client_id=\"00000003-0000-0ff1-ce00-000000000000\"";
        let mut challenge = format!("{realm}, authorization_uri=\"{page}\"");
        let reason = match rejected {
            Rejected::Missing => "There has been an error authenticating the request: no token".to_owned(),
            Rejected::Malformed => "ID3035: The request was not valid or is malformed.".to_owned(),
            Rejected::Signature => "Invalid issuer or signature.".to_owned(),
            Rejected::Audience(named) => {
                format!("Invalid audience Uri '{named}'; expected 'https://{host}'.")
            }
            Rejected::Expired => "The token is expired.".to_owned(),
            Rejected::Challenged { claims, .. } => {
                challenge = format!("{challenge}, error=\"insufficient_claims\", claims=\"{claims}\"");
                "Continuous access evaluation resulted in challenge.".to_owned()
            }
        };
        Self::unauthorized(reason, challenge)
    }

    /// A token for the host, from a tenant that does not own it.
    pub(super) fn other_tenant() -> Self {
        Self::unauthorized(
            "Invalid issuer: the host belongs to another tenant.".to_owned(),
            "Bearer".to_owned(),
        )
    }

    /// <https://learn.microsoft.com/sharepoint/dev/solution-guidance/security-apponly-azuread>
    pub(super) fn app_with_secret() -> Self {
        Self::unauthorized("Unsupported app only token.".to_owned(), "Bearer".to_owned())
    }

    fn unauthorized(reason: String, challenge: String) -> Self {
        let diagnostics = format!("3000003;reason=\"{reason}\";category=\"invalid_client\"");
        Self {
            headers: vec![
                (header::WWW_AUTHENTICATE, challenge),
                (HeaderName::from_static("x-ms-diagnostics"), diagnostics),
            ],
            ..Self::new(StatusCode::UNAUTHORIZED, "", reason)
        }
    }

    pub(super) fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "-2147024891, System.UnauthorizedAccessException",
            "Access denied. You do not have permission to perform this action or access this resource.",
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "-1, Microsoft.SharePoint.Client.ResourceNotFoundException",
            "Cannot find resource for the request: the emulator does not have it.",
        )
    }

    pub(super) fn no_list() -> Self {
        let code = "-2130575322, Microsoft.SharePoint.SPException";
        Self::new(StatusCode::NOT_FOUND, code, "List does not exist.")
    }

    pub(super) fn bad_query() -> Self {
        let code = "-1, Microsoft.SharePoint.Client.InvalidClientQueryException";
        Self::new(StatusCode::BAD_REQUEST, code, "The query string is not valid.")
    }

    pub(super) fn read_only() -> Self {
        let code = "-1, System.NotSupportedException";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, code, "The emulator's SharePoint is read only.")
    }

    pub(super) fn answer(&self, form: Form) -> Response {
        let Self { status, code, message, headers } = self;
        let error = json!({ "code": code, "message": { "lang": "en-US", "value": message } });
        let body = match form {
            // Before there is a caller, there is no OData.
            _ if code.is_empty() => json!({ "error_description": message }).to_string(),
            Form::Json => json!({ "odata.error": error }).to_string(),
            Form::Verbose => json!({ "error": error }).to_string(),
            Form::Atom => format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><m:error \
                 xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\"><m:code>{code}</m:code>\
                 <m:message xml:lang=\"en-US\">{}</m:message></m:error>",
                escaped(message)
            ),
        };
        let kind = if code.is_empty() { "application/json; charset=utf-8" } else { form.content_type() };
        let mut response = Response::builder().status(*status).content_type(kind).body(body);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().append(name, value);
            }
        }
        stamp(&mut response);
        response
    }
}

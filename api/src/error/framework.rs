//! The framework's errors in our form.

use poem::{
    error::{MethodNotAllowedError, NotFoundError, ParsePathError as PoemPathError, ReadBodyError},
    http::StatusCode,
};
use poem_openapi::error as openapi;

use super::{ApiError, ErrorCode};

/// Gives the framework's errors our form.
pub(crate) fn from_framework(error: poem::Error) -> ApiError {
    if error.is::<ApiError>() {
        return error.downcast::<ApiError>().unwrap_or_else(|_| ApiError::internal("an error lost its type"));
    }
    if let Some(error) = error.downcast_ref::<openapi::ParseParamError>() {
        let reason = plain_reason(&error.reason);
        return ApiError::invalid_field(
            error.name,
            split_name(&reason).map_or(reason.as_str(), |(_, reason)| reason),
        );
    }
    if let Some(error) = error.downcast_ref::<openapi::ParsePathError>() {
        // The framework knows the place of a path parameter and not its name; `Id` says it in the reason.
        let reason = plain_reason(&error.reason);
        let (name, reason) = split_name(&reason).unwrap_or((error.name, &reason));
        return ApiError::invalid_field(name, reason);
    }
    if let Some(error) = error.downcast_ref::<openapi::ParseRequestPayloadError>() {
        return ApiError::invalid_field("body", plain_reason(&error.reason));
    }
    if error.is::<PoemPathError>() {
        return ApiError::not_found();
    }
    if error.is::<openapi::ContentTypeError>() {
        return ApiError::new(ErrorCode::UnsupportedMediaType, "Send the body as application/json");
    }
    if let Some(ReadBodyError::PayloadTooLarge) = error.downcast_ref::<ReadBodyError>() {
        return ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large");
    }
    if let Some(ReadBodyError::Io(cause)) = error.downcast_ref::<ReadBodyError>()
        && cause.kind() == std::io::ErrorKind::TimedOut
    {
        return ApiError::new(ErrorCode::RequestTimeout, "The body did not arrive in time");
    }
    if error.is::<NotFoundError>() {
        return ApiError::not_found();
    }
    if error.is::<MethodNotAllowedError>() {
        return ApiError::new(ErrorCode::MethodNotAllowed, "This path does not have that method");
    }
    match error.status() {
        StatusCode::NOT_FOUND => ApiError::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(ErrorCode::MethodNotAllowed, "This path does not have that method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::new(ErrorCode::UnsupportedMediaType, "Send the body as application/json")
        }
        status if status.is_client_error() => {
            ApiError::new(ErrorCode::ValidationFailed, "The request is not valid")
        }
        _ => ApiError::internal(error.to_string()),
    }
}

/// The parameter's name and the reason, where the reason begins with a name: `termId: is not a UUID`.
fn split_name(reason: &str) -> Option<(&str, &str)> {
    reason.split_once(": ").filter(|(name, _)| name.ends_with("Id") && !name.contains(' '))
}

/// The framework's reason in the words that a body's have, without the names of its types:
/// `failed to parse "string_uuid": x` is `x`.
fn plain_reason(reason: &str) -> String {
    if let Some(limit) = reason.strip_prefix("verification failed. ") {
        return limit_reason(limit);
    }
    let reason = match reason.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": ")) {
        Some((_, reason)) => reason,
        None => reason,
    };
    let end = reason.find(" (occurred while parsing").unwrap_or(reason.len());
    match reason.get(..end).unwrap_or(reason) {
        // `std::num::ParseIntError` in its own words.
        "invalid digit found in string" | "cannot parse integer from empty string" => "is not a whole number",
        "number too large to fit in target type" => "is too large",
        "number too small to fit in target type" => "is too small",
        reason => reason,
    }
    .to_owned()
}

/// What a parameter's validator says of itself, `maximum(200, exclusive: false)`, as what is wrong with the value.
fn limit_reason(limit: &str) -> String {
    let parts = limit.strip_suffix(')').and_then(|limit| limit.split_once('('));
    match parts.map(|(name, value)| (name, value.trim_end_matches(", exclusive: false"))) {
        Some(("minimum", value)) => format!("is less than {value}"),
        Some(("maximum", value)) => format!("is more than {value}"),
        Some(("minLength", value)) => format!("is shorter than {value} characters"),
        Some(("maxLength", value)) => format!("is longer than {value} characters"),
        _ => "is not valid".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_lose_the_names_of_the_frameworks_types() {
        assert_eq!(plain_reason("failed to parse \"string_uuid\": is not a UUID"), "is not a UUID");
        assert_eq!(plain_reason("expected \"x\" (occurred while parsing \"Y\")"), "expected \"x\"");
        assert_eq!(plain_reason("as it is"), "as it is");
    }

    #[test]
    fn a_parameters_limits_read_like_a_bodys() {
        for (framework, reason) in [
            ("minimum(1, exclusive: false)", "is less than 1"),
            ("maximum(200, exclusive: false)", "is more than 200"),
            ("maxLength(400)", "is longer than 400 characters"),
            ("uniqueItems()", "is not valid"),
        ] {
            assert_eq!(plain_reason(&format!("verification failed. {framework}")), reason);
        }
        let number = "failed to parse \"integer_uint16\": number too large to fit in target type";
        assert_eq!(plain_reason(number), "is too large");
    }
}

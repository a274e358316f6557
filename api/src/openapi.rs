//! The OpenAPI document, from the handlers.
//!
//! The framework writes what it knows; what it has no place for is added here, in one pass over the document:
//! permissions, the error answers, and the headers that every answer has.

use poem_openapi::{OpenApi, OpenApiService, Tags, registry::Registry, types::Type};
use serde_json::{Map, Value, json};

use crate::{
    auth::PERMISSION_MARKER,
    error::{ErrorBody, ErrorCode},
};

/// The document's sections.
#[derive(Clone, Copy, Tags)]
pub(crate) enum Tag {
    /// Who the caller is.
    Identity,
    /// The caller's organization and its settings.
    Organization,
    /// Who belongs to the organization.
    Members,
    /// Named trees of terms.
    Taxonomies,
    /// Notes and terms on SharePoint and OneDrive items.
    Annotations,
}

const DESCRIPTION: &str = "\
Identity and Microsoft 365 access for products that are sold to organizations.

Send a Microsoft Entra ID access token as `Authorization: Bearer …`. Your organization and your membership are found \
by the token's tenant and object id, and everything you see and change is your organization's: what belongs to \
another one answers `404`, as if it did not exist.

Answers are `{\"data\": …}`; lists come by pages, newest first, with `nextCursor`. Things that can be edited have an \
`ETag`; send it as `If-Match` and a change that would undo somebody else's is refused with `412`. Every refusal has \
the form of `ErrorResponse`, with the request's id to quote when you ask for help.";

/// Makes the service of some APIs.
pub(crate) fn service<T: OpenApi + 'static>(api: T) -> OpenApiService<T, ()> {
    OpenApiService::new(api, "Tenantry", env!("CARGO_PKG_VERSION")).description(DESCRIPTION)
}

/// The finished document of a service.
pub(crate) fn document<T: OpenApi + 'static>(service: &OpenApiService<T, ()>) -> anyhow::Result<Value> {
    let mut document: Value = serde_json::from_str(&service.spec())?;
    remove_marker_schemes(&mut document);
    write_error_schemas(&mut document)?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                write_permission(operation);
                write_errors(operation, method, path.contains('{'));
                plain_content_type(operation);
            }
        }
    }
    Ok(document)
}

fn remove_marker_schemes(document: &mut Value) {
    if let Some(schemes) = document.pointer_mut("/components/securitySchemes").and_then(Value::as_object_mut)
    {
        schemes.retain(|name, _| !name.starts_with(PERMISSION_MARKER));
        if let Some(entra) = schemes.get_mut("entra").and_then(Value::as_object_mut) {
            entra.insert(
                "description".to_owned(),
                json!("An access token that Microsoft Entra ID issued for this API."),
            );
        }
    }
}

/// The framework leaves out schemas that no response of its own names, and the error answers are added here.
fn write_error_schemas(document: &mut Value) -> anyhow::Result<()> {
    let mut registry = Registry::new();
    <ErrorBody as Type>::register(&mut registry);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in registry.schemas {
            schemas.insert(name, serde_json::to_value(schema)?);
        }
    }
    Ok(())
}

/// `x-permission` is what the marker scheme says: a word, or `null` when being signed in is enough.
fn write_permission(operation: &mut Map<String, Value>) {
    let Some(security) = operation.get_mut("security").and_then(Value::as_array_mut) else { return };
    let mut permission = None;
    security.retain(|scheme| {
        let marker = scheme
            .as_object()
            .and_then(|scheme| scheme.keys().find_map(|name| name.strip_prefix(PERMISSION_MARKER)));
        if let Some(word) = marker {
            permission = Some(if word.is_empty() { Value::Null } else { json!(word) });
        }
        marker.is_none()
    });
    if let Some(permission) = permission {
        operation.insert("x-permission".to_owned(), permission);
    }
}

/// The refusals that an operation can give, by its form.
fn write_errors(operation: &mut Map<String, Value>, method: &str, has_path_parameter: bool) {
    let has_body = operation.contains_key("requestBody");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has_parameters = parameters.is_some_and(|list| !list.is_empty());
    let has_if_match =
        parameters.is_some_and(|list| list.iter().any(|parameter| parameter["name"] == json!("If-Match")));
    let mut codes = vec![
        ErrorCode::Unauthorized,
        ErrorCode::Forbidden,
        ErrorCode::TenantNotOnboarded,
        ErrorCode::OrganizationSuspended,
        ErrorCode::UserDisabled,
        ErrorCode::Internal,
        ErrorCode::Unavailable,
    ];
    if has_body || has_parameters {
        codes.push(ErrorCode::ValidationFailed);
    }
    if has_path_parameter || method == "patch" {
        codes.push(ErrorCode::NotFound);
    }
    if method != "get" {
        codes.push(ErrorCode::Conflict);
    }
    if has_if_match {
        codes.push(ErrorCode::PreconditionFailed);
    }
    if has_body {
        codes.extend([ErrorCode::PayloadTooLarge, ErrorCode::UnsupportedMediaType]);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for code in codes {
        let status = code.status();
        let word = format!("`{}`", code.word());
        let response = responses.entry(status.as_str()).or_insert_with(|| {
            json!({
                "description": "",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorResponse" } } },
                "headers": error_headers(code),
            })
        });
        let known = response["description"].as_str().unwrap_or_default();
        let description = if known.is_empty() { word } else { format!("{known}, {word}") };
        response["description"] = json!(description);
    }
}

fn error_headers(code: ErrorCode) -> Value {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let mut headers = Map::new();
    headers.insert("X-Request-Id".to_owned(), text("The id of the request."));
    if code == ErrorCode::Unauthorized {
        headers.insert("WWW-Authenticate".to_owned(), text("What kind of credential is wanted (RFC 6750)."));
    }
    if code == ErrorCode::Unavailable {
        headers.insert("Retry-After".to_owned(), text("After how many seconds to try again."));
    }
    Value::Object(headers)
}

/// One name for the content type: the framework adds a character set, which JSON does not have (RFC 8259 §11).
fn plain_content_type(operation: &mut Map<String, Value>) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(|responses| responses.values_mut()) {
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut)
            && let Some(schema) = content.remove("application/json; charset=utf-8")
        {
            content.insert("application/json".to_owned(), schema);
        }
    }
}

//! The OpenAPI document, from the handlers.
//!
//! The framework writes what it knows; what it has no place for is added here, in one pass over the document:
//! permissions, the error answers, and the headers that every answer has.

mod closed;
mod connector;
mod errors;
mod examples;
mod headers;
mod idempotency;
mod nullable;
mod proxy;
mod reach;
mod security;

use std::{collections::HashMap, marker::PhantomData};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService, Tags,
    registry::{MetaApi, Registry},
};
use serde_json::{Map, Value, json};

use crate::admin::OPERATOR;
use crate::auth::{DELEGATED_MARKER, KEY_MARKER, PERMISSION_MARKER, RECENT_MARKER};

pub(crate) use connector::connector;
pub(crate) use security::Published;

/// The document's sections.
#[derive(Clone, Copy, Tags)]
pub(crate) enum Tag {
    /// Who the caller is.
    Identity,
    /// The caller's organization and its settings.
    Organization,
    /// Who belongs to the organization.
    Members,
    /// Credentials of an organization's automations.
    ApiKeys,
    /// Tokens of connected accounts, and requests in their name, for automations with an API key.
    TokenHub,
    /// Microsoft accounts that were connected, and their tokens.
    Connections,
    /// Named trees of terms.
    Taxonomies,
    /// Notes and terms on SharePoint and OneDrive items.
    Annotations,
    /// Sites, drives, files and lists, as Microsoft shows them to the caller.
    SharePoint,
    /// What the service's own staff may do.
    Operator,
}

const DESCRIPTION: &str = "\
Identity and Microsoft 365 access for products that are sold to organizations.

## Signing in

Send a Microsoft Entra ID access token with every request, as `Authorization: Bearer …`. A person's application asks \
for the scope `api://{client id}/access_as_user`; an application that calls for itself uses the client credentials \
grant with `api://{client id}/.default`, and may do what its app roles grant. ID tokens and tokens for other APIs, \
Microsoft Graph included, are refused.

An automation sends an API key of its organization instead, as `X-Api-Key: ak_…` or `Authorization: ApiKey ak_…`. It may \
call what names its scopes in `x-api-key-scopes`; a person makes it with `POST /api/api-keys`.

Your organization is the token's tenant, and you are its object id in it (the claims `tid` and `oid`). Both are made when they are first seen; \
`GET /api/auth/me` shows them, with your permissions. Roles grant permissions: a `member` may read everything, and \
write annotations; an `admin` may do all that is here.

Everything you see and change is your organization's. What belongs to another one answers `404`, as if it did not \
exist.

## Requests and answers

- Bodies are JSON with `Content-Type: application/json`; unknown members are refused. Times are RFC 3339 in UTC, ids \
are UUIDs.
- An answer is `{\"data\": …}`. A list is `{\"data\": […], \"nextCursor\": …}`, newest first: send `nextCursor` as \
`cursor`, with the same filters, until it is `null`.
- What is below `/api/admin` is for the service's own staff. It answers without `data`, and its lists are \
`{\"items\": […], \"total\": …}`: send `limit` and `offset`.
- `PATCH` is JSON Merge Patch (RFC 7396): what is absent stays as it is, and `null` takes a value away.
- Things that can be edited have an `ETag`. Send it as `If-Match` and a change that would undo somebody else's is \
refused with `412`; without it the last write wins. Send it as `If-None-Match` with a `GET` and what you know already \
answers `304`.
- A `POST` that makes something takes an `Idempotency-Key`. Send one, and a request that got no answer can be sent again \
without making it twice.

## Refusals

Every refusal is `{\"error\": {\"code\", \"message\", \"details\"?, \"requestId\"}}`. Decide by the `code`, which is \
stable; the message is for people and may change. Quote the `requestId` (also the `X-Request-Id` header; send your own \
if you like) when you ask for help. `503` and `429` say in `Retry-After` how many seconds to wait.

A request is refused with `413` when its body is larger than 1 MiB (below `/api/proxy/`: 32 MiB), and before it is read at all, with a bare `431`, when \
its headers are larger than 32 KiB or more than 100. `RateLimit-*` on every answer says how many requests you have left.";

/// Makes the service of some APIs.
pub(crate) fn service<T: OpenApi + 'static>(api: T) -> OpenApiService<T, ()> {
    OpenApiService::new(api, "Tenantry", env!("CARGO_PKG_VERSION")).description(DESCRIPTION)
}

/// An API by its types alone: it can be described, and answers nothing.
struct Described<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// The finished document of some APIs.
pub(crate) fn document<T: OpenApi + 'static>(published: &Published) -> anyhow::Result<Value> {
    let described = service(Described::<T>(PhantomData)).spec();
    let mut document: Map<String, Value> = serde_json::from_str(&described)?;
    security::write(&mut document, published);
    proxy::write(&mut document);
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                let demands = errors::Demands {
                    is_delegated: take_marker(operation, DELEGATED_MARKER, "x-delegated"),
                    is_recent: take_marker(operation, RECENT_MARKER, "x-recent-sign-in"),
                };
                take_marker(operation, KEY_MARKER, "x-key-only");
                write_permission(operation);
                security::write_operation(operation, published);
                errors::write(operation, method, path.contains('{'), demands);
                idempotency::write(operation);
                headers::write_conditional(operation, method);
                headers::write_operation(operation);
                plain_content_type(operation);
                describe(operation);
            }
        }
    }
    order_sections(&mut document);
    name_client(&mut document, published);
    headers::write(&mut document);
    nullable::write(&mut document);
    closed::write(&mut document);
    examples::write(&mut document)?;
    let mut document = Value::Object(document);
    // Whether JSON keeps its order is up to the features that some other crate asks of serde_json.
    document.sort_all_objects();
    Ok(document)
}

/// Whether the operation has a marker; takes it out, and says it as an extension instead.
fn take_marker(operation: &mut Map<String, Value>, marker: &str, extension: &str) -> bool {
    let Some(security) = operation.get_mut("security").and_then(Value::as_array_mut) else { return false };
    let before = security.len();
    security.retain(|scheme| scheme.get(marker).is_none());
    let is_marked = security.len() < before;
    if is_marked {
        operation.insert(extension.to_owned(), json!(true));
    }
    is_marked
}

/// The sections in the order in which a reader needs them; others follow by name.
fn order_sections(document: &mut Map<String, Value>) {
    const FIRST: [&str; 3] = ["Identity", "Organization", "Members"];
    if let Some(sections) = document.get_mut("tags").and_then(Value::as_array_mut) {
        let place = |section: &Value| FIRST.iter().position(|name| section["name"] == *name);
        sections.sort_by_key(|section| place(section).unwrap_or(FIRST.len()));
    }
}

/// Where the service is known, so is its client id: the text need not leave it open.
fn name_client(document: &mut Map<String, Value>, published: &Published) {
    let Some(client_id) = &published.client_id else { return };
    let named = |text: &Value| json!(text.as_str().unwrap_or_default().replace("{client id}", client_id));
    if let Some(text) = document.get_mut("info").and_then(|info| info.get_mut("description")) {
        *text = named(text);
    }
    let schemes = document.get_mut("components").and_then(|components| components.get_mut("securitySchemes"));
    for scheme in schemes.and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut()) {
        scheme["description"] = named(&scheme["description"]);
    }
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
        say_permission(operation, &permission);
        operation.insert("x-permission".to_owned(), permission);
    }
}

/// Pages show no extensions, so the text says it too.
fn say_permission(operation: &mut Map<String, Value>, permission: &Value) {
    let Some(word) = permission.as_str() else { return };
    let needs = if word == OPERATOR {
        "For the service's own staff: a session of an account that is an operator, or the administration's secret."
            .to_owned()
    } else {
        format!("Needs the permission `{word}`.")
    };
    let known = operation.get("description").and_then(Value::as_str).unwrap_or_default();
    let text = if known.is_empty() { needs } else { format!("{known}\n\n{needs}") };
    operation.insert("description".to_owned(), json!(text));
}

/// What the framework has no text for: lists, and ids in paths.
fn describe(operation: &mut Map<String, Value>) {
    let success = operation.get_mut("responses").and_then(|responses| responses.get_mut("200"));
    let description = success.and_then(|success| success.get_mut("description"));
    if let Some(description) = description.filter(|text| *text == "") {
        *description = json!("What was asked for.");
    }
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter_map(Value::as_object_mut) {
        let noun = parameter.get("name").and_then(Value::as_str).and_then(|name| name.strip_suffix("Id"));
        if let Some(noun) = noun
            && !parameter.contains_key("description")
        {
            let description = json!(format!("The id of the {noun}."));
            parameter.insert("description".to_owned(), description);
        }
    }
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

//! How a caller gets and sends a credential, as the document says it.
//!
//! The framework takes the addresses of OAuth from literals in a macro, and ours are configured, so both schemes are
//! written here.

use domain::api_keys::NOT_FOR_KEYS;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use crate::{
    admin::{ADMIN_SECRET, OPERATOR},
    auth::BEARER,
    identity::REFRESH_TOKEN,
};

/// A token that the caller has already: an application's own, or one that was pasted. By its name it stands after
/// the other one, which is what a person wants.
const PLAIN_BEARER: &str = "token";

/// An API key. Its own name stands before the others in the alphabet, and after them in what a person wants.
const API_KEY: &str = "key";
/// A session of ours, in a cookie.
const SESSION: &str = "session";

/// What a document names of the place where it is published.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub authorization_url: String,
    pub token_url: String,
    /// The delegated permission of the API.
    pub scope: String,
    /// The client id of the API, where it is known.
    pub client_id: Option<String>,
    /// Where the service is; `None` in a document that is nobody's in particular.
    pub server: Option<String>,
}

impl Published {
    /// In the repository: the public cloud's work and school accounts, and no service in particular.
    pub(crate) fn nowhere() -> Self {
        Self::at("https://login.microsoftonline.com", "organizations", None, None)
    }

    /// By a running service.
    pub(crate) fn by(authority: &Url, tenant: &str, client_id: Uuid, public_url: &Url) -> Self {
        let server = public_url.as_str().trim_end_matches('/').to_owned();
        let host = authority.as_str().trim_end_matches('/');
        Self::at(host, tenant, Some(client_id.to_string()), Some(server))
    }

    fn at(host: &str, tenant: &str, client_id: Option<String>, server: Option<String>) -> Self {
        let audience = client_id.as_deref().unwrap_or("{client-id}");
        Self {
            authorization_url: format!("{host}/{tenant}/oauth2/v2.0/authorize"),
            token_url: format!("{host}/{tenant}/oauth2/v2.0/token"),
            scope: format!("api://{audience}/access_as_user"),
            client_id,
            server,
        }
    }
}

/// Writes the schemes and the server.
pub(super) fn write(document: &mut Map<String, Value>, published: &Published) {
    // The framework writes an empty list where there is none.
    document.remove("servers");
    if let Some(server) = &published.server {
        document.insert("servers".to_owned(), json!([{ "url": server }]));
    }
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    let scopes = json!({ published.scope.as_str(): "Call the API as the person who signs in." });
    let flow = json!({
        "authorizationUrl": published.authorization_url,
        "tokenUrl": published.token_url,
        "scopes": scopes,
    });
    let schemes = json!({
        BEARER: {
            "type": "oauth2",
            "description": "Sign in with Microsoft Entra ID (authorization code with PKCE) and call as yourself. There is no client \
                            secret.",
            "flows": { "authorizationCode": flow },
        },
        PLAIN_BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description":
                "An access token that you have already. An application that calls for itself gets one with the client \
                 credentials grant and the scope `api://{client id}/.default`.",
        },
        API_KEY: {
            "type": "apiKey",
            "in": "header",
            "name": "X-Api-Key",
            "description":
                "An API key of your organization (`ak_` and 48 hexadecimal digits), which needs the scopes that \
                 `x-api-key-scopes` names. `Authorization: ApiKey …` and `Authorization: Bearer ak_…` do as well.",
        },
        SESSION: {
            "type": "apiKey",
            "in": "cookie",
            "name": "accessToken",
            "description":
                "A session, begun by `GET /api/oauth/microsoft/start` in a browser. Over https the cookie's name begins with `__Host-`, \
                 or with `__Secure-` where it is for a whole domain. Whatever changes something needs the value of the \
                 `csrf-token` cookie as `X-CSRF-Token`. The session's access token is also taken as a bearer.",
        },
        ADMIN_SECRET: {
            "type": "http",
            "scheme": "bearer",
            "description":
                "The administration's secret (`ADMIN_SECRET`), from an address that may use it (`ADMIN_ALLOWED_IPS`). People \
                 who are operators use their session.",
        },
        REFRESH_TOKEN: {
            "type": "apiKey",
            "in": "cookie",
            "name": "refreshToken",
            "description":
                "The refresh token of a session, for going on with it and for ending it. Over https the cookie's name begins \
                 with `__Secure-`. Clients without cookies send it in the body.",
        },
    });
    components.insert("securitySchemes".to_owned(), schemes);
}

/// Any scheme will do for an operation that takes credentials, but for those that API keys are kept from.
pub(super) fn write_operation(operation: &mut Map<String, Value>, published: &Published) {
    let permission = operation.get("x-permission").and_then(Value::as_str).map(str::to_owned);
    // It ends whatever session the request shows, by whichever token, and is content with none.
    let is_sign_out = operation.get("operationId") == Some(&json!("signOut"));
    let Some(security) = operation.get_mut("security").and_then(Value::as_array_mut) else { return };
    if is_sign_out {
        security.extend([json!({ PLAIN_BEARER: [] }), json!({ SESSION: [] }), json!({})]);
        return;
    }
    if !security.iter().any(|scheme| scheme.get(BEARER).is_some()) {
        return;
    }
    if permission.as_deref() == Some(OPERATOR) {
        *security = vec![json!({ ADMIN_SECRET: [] }), json!({ SESSION: [] })];
        return;
    }
    *security =
        vec![json!({ BEARER: [published.scope] }), json!({ PLAIN_BEARER: [] }), json!({ SESSION: [] })];
    if operation.contains_key("x-key-only") {
        let only = operation.get_mut("security").and_then(Value::as_array_mut);
        only.into_iter().for_each(Vec::clear);
    }
    // A key is nobody in whose name Microsoft 365 could be asked.
    let is_delegated = operation.contains_key("x-delegated");
    let Some(security) = operation.get_mut("security").and_then(Value::as_array_mut) else { return };
    if !is_delegated && permission.as_deref().is_none_or(|word| !NOT_FOR_KEYS.contains(&word)) {
        security.push(json!({ API_KEY: [] }));
        let scopes: Vec<String> = permission.into_iter().collect();
        operation.insert("x-api-key-scopes".to_owned(), json!(scopes));
    }
}

/// Whether API keys may call an operation.
pub(super) fn takes_api_key(operation: &Map<String, Value>) -> bool {
    operation.contains_key("x-api-key-scopes")
}

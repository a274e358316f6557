//! `POST /oauth/token`: client credentials (RFC 6749 §4.4) for tools that know nothing but OAuth 2.0. The client is an
//! API key, its id and itself the secret; what comes back is Microsoft's token of one connection.
//!
//! What a reader would get wrong: errors have OAuth's form and not ours, since it is OAuth's clients that read them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use domain::{
    access::{AuthenticationError, Authorized},
    api_keys::{Outcome, RawKey},
    clock::Clock,
    connections::{
        ConnectionFilter, ConnectionTokenError, ConnectionTokens, HandedToken, ReadTokens, ResourceRequest,
        Sight, Target,
    },
    id::{ConnectionId, TypedId},
    page::PageRequest,
    store::Store,
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::form_urlencoded;

use crate::{
    auth::{Gate, chain},
    context::RequestContext,
    error::ApiError,
    rate_limit,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth/token";
/// A request has some hundred bytes.
const MOST_BYTES: usize = 16 * 1024;

/// The token endpoint.
pub(crate) struct TokenEndpoint {
    pub gate: Arc<Gate>,
    pub store: Arc<dyn Store>,
    pub tokens: ConnectionTokens,
    pub clock: Arc<dyn Clock>,
}

/// What a client sent, read.
struct Asked {
    client_id: String,
    secret: SecretString,
    /// It came as `Authorization: Basic`, which the refusal has to answer in kind (RFC 6749 §5.2).
    is_basic: bool,
    wanted: Wanted,
}

/// What a scope names.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    target: Target,
    connection: Option<ConnectionId>,
}

/// A refusal in OAuth's form.
#[derive(Debug)]
struct Refused {
    error: &'static str,
    description: String,
    status: StatusCode,
    is_basic: bool,
    retry_after: Option<std::time::Duration>,
}

impl Refused {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self { error, description: description.into(), status, is_basic: false, retry_after: None }
    }

    /// Whoever asks is not who they say, or may not come in.
    fn client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }

    fn unavailable(retry_after: std::time::Duration) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some(retry_after),
            ..Self::new("temporarily_unavailable", "Try again in a while")
        }
    }

    fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error.cause = chain(cause), "a token request failed");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, ..Self::new("server_error", "Something went wrong on our side") }
    }
}

impl From<ApiError> for Refused {
    /// The limits of requests, whose status and wait are kept.
    fn from(error: ApiError) -> Self {
        let refused = Self::new("temporarily_unavailable", error.message.into_owned());
        Self { status: error.code.status(), retry_after: error.retry_after, ..refused }
    }
}

impl Endpoint for TokenEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.method() != Method::POST {
            return Err(poem::error::MethodNotAllowedError.into());
        }
        let (asked, is_basic) = match read(&mut request).await {
            Ok(asked) => {
                let is_basic = asked.is_basic;
                (Ok(asked), is_basic)
            }
            Err(refused) => {
                let is_basic = refused.is_basic;
                (Err(refused), is_basic)
            }
        };
        let answer = match asked {
            Ok(asked) => Box::pin(self.hand_out(&request, asked)).await,
            Err(refused) => Err(refused),
        };
        Ok(answer.unwrap_or_else(|refused| Refused { is_basic, ..refused }.into_response()))
    }
}

impl TokenEndpoint {
    async fn hand_out(&self, request: &Request, asked: Asked) -> Result<Response, Refused> {
        let caller = self.caller(request, &asked).await?;
        let id = match asked.wanted.connection {
            Some(id) => id,
            None => self.only_one(&caller).await?,
        };
        let wanted = ResourceRequest::all_of(asked.wanted.target.clone());
        let handed = self.tokens.access_token(&caller, id, &wanted, TimeDelta::zero()).await;
        Ok(granted(&handed.map_err(refused)?, &asked.wanted.target, self.clock.as_ref()))
    }

    /// The key that asks, if it is one and its id is the client's.
    async fn caller(&self, request: &Request, asked: &Asked) -> Result<Authorized<ReadTokens>, Refused> {
        let origin = RequestContext::origin(request);
        let secret = asked.secret.expose_secret();
        if !RawKey::is_meant(secret) {
            return Err(Refused::client("The client secret is no API key"));
        }
        let caller = self.gate.api_key(request, secret).await.map_err(|error| not_let_in(&error))?;
        let principal = Arc::clone(caller.principal());
        let identity = principal.api_key().ok_or_else(|| Refused::client("The client is no API key"))?;
        if identity.key.id.to_string() != asked.client_id.to_ascii_lowercase() {
            return Err(Refused::client("The client id is not the id of the API key"));
        }
        let note = |outcome| {
            principal.known_key().into_iter().for_each(|key| self.gate.note(request, key, outcome));
        };
        let limited = rate_limit::take_caller(request, &principal).await;
        limited.inspect_err(|_| note(Outcome::RateLimited))?;
        let caller = caller.authorize::<ReadTokens>(origin);
        let is_encrypted = identity.key.public_key.is_some();
        note(match &caller {
            Err(_) => Outcome::InsufficientScope,
            Ok(_) if is_encrypted => Outcome::EncryptionRequired,
            Ok(_) => Outcome::Allowed,
        });
        if is_encrypted {
            return Err(Refused::new(
                "unauthorized_client",
                "The API key has a public key, and plain tokens are not for it",
            ));
        }
        caller.map_err(|_| Refused::new("unauthorized_client", "The API key lacks the scope tokens:read"))
    }

    /// The connection of a key that sees one alone.
    async fn only_one(&self, caller: &Authorized<ReadTokens>) -> Result<ConnectionId, Refused> {
        let sight = Sight::of(caller.principal());
        let page = PageRequest { limit: 2, after: None };
        let reader = self.store.read(&caller.scope()).await.map_err(|error| Refused::internal(&error))?;
        let found = reader.connections().list(&sight, &ConnectionFilter::default(), page).await;
        match found.map_err(|error| Refused::internal(&error))?.items.as_slice() {
            [one] => Ok(one.id),
            _ => Err(Refused::new("invalid_scope", "Name the connection: scope=graph connection:{id}")),
        }
    }
}

fn not_let_in(error: &AuthenticationError) -> Refused {
    match error {
        AuthenticationError::Unavailable { retry_after } => Refused::unavailable(*retry_after),
        AuthenticationError::Store(error) => Refused::internal(error),
        AuthenticationError::ApiKey { reason, .. } => {
            Refused::client(format!("The API key is refused: {reason}"))
        }
        AuthenticationError::Rejected(_)
        | AuthenticationError::TenantNotOnboarded { .. }
        | AuthenticationError::OrganizationSuspended
        | AuthenticationError::OrganizationDeleted
        | AuthenticationError::UserDisabled
        | AuthenticationError::SessionRevoked => Refused::client("The API key is refused"),
    }
}

fn refused(error: ConnectionTokenError) -> Refused {
    match error {
        // Also one that is another's: both do not exist.
        ConnectionTokenError::NotFound => Refused::new("invalid_scope", "There is no such connection"),
        ConnectionTokenError::ResourceNotAllowed | ConnectionTokenError::RefreshTokenNotAllowed => {
            Refused::new("invalid_scope", "The API key may not have tokens for this resource")
        }
        ConnectionTokenError::NoSuchResource => {
            Refused::new("invalid_scope", "The account's tenant does not have this resource")
        }
        ConnectionTokenError::NotUnderstood { .. } => {
            Refused::new("invalid_scope", "Microsoft does not understand what is asked for")
        }
        ConnectionTokenError::Trouble { trouble, .. } => Refused::new("invalid_grant", trouble.next_step()),
        ConnectionTokenError::OwnerDisabled { .. } => {
            Refused::new("invalid_grant", "The connection's member is suspended, or gone")
        }
        ConnectionTokenError::OwnRegistration => Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            ..Refused::new(
                "temporarily_unavailable",
                "This service's registration at Microsoft is refused; its operator was told",
            )
        },
        ConnectionTokenError::Unavailable { retry_after } => Refused::unavailable(retry_after),
        ConnectionTokenError::TooShort { .. } => {
            Refused::new("invalid_scope", "Microsoft gives no token that lasts long enough")
        }
        error @ (ConnectionTokenError::ReplacedBefore
        | ConnectionTokenError::Seal(_)
        | ConnectionTokenError::Store(_)
        | ConnectionTokenError::Shared(_)
        | ConnectionTokenError::Unread(_)
        | ConnectionTokenError::Unwritten(_)) => Refused::internal(&error),
    }
}

/// RFC 6749 §5.1.
fn granted(handed: &HandedToken, target: &Target, clock: &dyn Clock) -> Response {
    let resource = match target {
        Target::Graph => "graph".to_owned(),
        Target::SharePoint => "sharepoint".to_owned(),
        Target::SharePointHost(host) => format!("sharepoint:{host}"),
        Target::Uri(uri) => uri.clone(),
    };
    let body = json!({
        "access_token": handed.access_token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": (handed.expires_at - clock.now()).num_seconds().max(0),
        "scope": format!("{resource} connection:{}", handed.connection_id),
    });
    respond(StatusCode::OK, body.to_string())
}

fn respond(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .content_type("application/json")
        .body(body)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = respond(self.status, body.to_string());
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED && self.is_basic {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"tenantry\""));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

async fn read(request: &mut Request) -> Result<Asked, Refused> {
    let basic = basic(request)?;
    let is_basic = basic.is_some();
    let mut form = Form::read(request).await.map_err(|refused| Refused { is_basic, ..refused })?;
    let asked = || -> Result<Asked, Refused> {
        let grant = form.take("grant_type")?;
        let scope = form.take("scope")?;
        let posted = (form.take("client_id")?, form.take("client_secret")?);
        let (client_id, secret) = match (basic, posted) {
            // RFC 6749 §2.3: no more than one method. A client id alone is said again by some.
            (Some(basic), (id, None)) if id.as_ref().is_none_or(|id| *id == basic.0) => basic,
            (Some(_), _) => {
                return Err(Refused::new("invalid_request", "The client's credentials came twice"));
            }
            (None, (Some(id), Some(secret))) => (id, secret),
            (None, _) => return Err(Refused::client("The client's credentials are missing")),
        };
        match grant.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(Refused::new("unsupported_grant_type", "Only client_credentials is known here"));
            }
            None => return Err(Refused::new("invalid_request", "grant_type is missing")),
        }
        let wanted = wanted(scope.as_deref().unwrap_or_default())?;
        Ok(Asked { client_id, secret: SecretString::from(secret), is_basic, wanted })
    };
    asked().map_err(|refused| Refused { is_basic, ..refused })
}

/// The members of a form, each once (RFC 6749 §3.2).
struct Form(Vec<(String, String)>);

impl Form {
    async fn read(request: &mut Request) -> Result<Self, Refused> {
        let kind = request.content_type().unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::new("invalid_request", "The body is not application/x-www-form-urlencoded"));
        }
        let bytes = request.take_body().into_bytes_limit(MOST_BYTES).await;
        let bytes = bytes.map_err(|_| Refused::new("invalid_request", "The body is too long"))?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// An empty member is as if it were not there (RFC 6749 §3.2).
    fn take(&mut self, name: &str) -> Result<Option<String>, Refused> {
        let mut values = self.0.extract_if(.., |(other, value)| other == name && !value.is_empty());
        let value = values.next().map(|(_, value)| value);
        if values.next().is_some() {
            return Err(Refused::new("invalid_request", format!("{name} came twice")));
        }
        Ok(value)
    }
}

/// `Authorization: Basic`, both parts encoded as in a form (RFC 6749 §2.3.1).
fn basic(request: &Request) -> Result<Option<(String, String)>, Refused> {
    let refused = || Refused { is_basic: true, ..Refused::client("The Authorization header cannot be read") };
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| refused())?;
    let (scheme, credentials) = text.split_once(' ').ok_or_else(refused)?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused());
    }
    let bytes = STANDARD.decode(credentials.trim()).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let (id, secret) = text.split_once(':').ok_or_else(refused)?;
    let decoded = |text: &str| -> String {
        form_urlencoded::parse(format!("={text}").as_bytes())
            .next()
            .map_or_else(String::new, |(_, value)| value.into_owned())
    };
    Ok(Some((decoded(id), decoded(secret))))
}

/// What a scope names: a resource, which is Graph if none is named, and perhaps a connection. A tool that insists on
/// Microsoft's own form may say `https://graph.microsoft.com/.default`.
fn wanted(scope: &str) -> Result<Wanted, Refused> {
    let refused = |word: &str| {
        Refused::new("invalid_scope", format!("{word} is neither a resource nor connection:{{id}}"))
    };
    let (mut target, mut connection) = (None, None);
    for word in scope.split_ascii_whitespace() {
        if let Some(id) = word.strip_prefix("connection:") {
            let id = id.parse().map(ConnectionId::from_uuid).map_err(|_| refused(word))?;
            if connection.replace(id).is_some() {
                return Err(Refused::new("invalid_scope", "A token is of one connection"));
            }
            continue;
        }
        let named = Target::parse(word.trim_end_matches("/.default")).map_err(|_| refused(word))?;
        if target.replace(named).is_some() {
            return Err(Refused::new("invalid_scope", "A token is for one resource"));
        }
    }
    Ok(Wanted { target: target.unwrap_or(Target::Graph), connection })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_a_resource_and_a_connection() {
        let id = ConnectionId::from_uuid(uuid::Uuid::from_u128(7));
        for (scope, target, connection) in [
            ("", Target::Graph, None),
            ("graph", Target::Graph, None),
            ("sharepoint", Target::SharePoint, None),
            ("https://vault.azure.net/.default", Target::Uri("https://vault.azure.net".to_owned()), None),
            (&format!("graph connection:{id}"), Target::Graph, Some(id)),
            (&format!("connection:{id}  sharepoint"), Target::SharePoint, Some(id)),
        ] {
            assert_eq!(wanted(scope).unwrap(), Wanted { target, connection }, "{scope}");
        }
        for scope in [
            "User.Read",
            "graph sharepoint",
            "connection:",
            "connection:x",
            &format!("connection:{id} connection:{id}"),
            "graph offline_access",
        ] {
            assert_eq!(wanted(scope).unwrap_err().error, "invalid_scope", "{scope}");
        }
    }

    #[test]
    fn basic_credentials_are_encoded_twice() {
        let read = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text));
            basic(&Request::builder().header(header::AUTHORIZATION, value).finish())
        };
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("id:ak_1").unwrap(), pair("id", "ak_1"));
        assert_eq!(read("i%2Fd:a+b%3A").unwrap(), pair("i/d", "a b:"));
        assert_eq!(read("id:").unwrap(), pair("id", ""));
        assert!(read("id").is_err());
        assert_eq!(basic(&Request::builder().finish()).unwrap(), None);
        for value in ["Bearer x", "Basic", "Basic !"] {
            let request = Request::builder().header(header::AUTHORIZATION, value).finish();
            assert_eq!(basic(&request).unwrap_err().error, "invalid_client", "{value}");
        }
    }
}

//! `/api/connections`: Microsoft accounts that were connected, and their tokens.

mod devices;
mod error;
mod view;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    api_keys::TokenEncryption,
    clock::Clock,
    connections::{
        ConnectionFilter, ConnectionTokens, Connections, ConsentLink, Read, ReadTokens, ResourceRequest,
        Sight, Write,
    },
    delegation::ClaimsChallenge,
    id::{ConnectionId, UserId},
    store::Store,
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use secrecy::ExposeSecret;
use url::Url;

use self::view::ConnectionView;
pub(crate) use self::{
    devices::DevicesApi,
    error::{failed, unusable},
};
use crate::{
    auth::Caller,
    error::ApiError,
    http::{Data, Listed, NoContent, PageQuery, WithSecret},
    id::Id,
    openapi::Tag,
};

/// How a token is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum TokenType {
    /// In `Authorization: Bearer`.
    Bearer,
    /// Encrypted to the API key's public key (JWE, RFC 7516); what is in it is a bearer.
    #[oai(rename = "JWE")]
    Jwe,
}

/// An access token for one resource.
#[derive(Debug, Object)]
#[oai(rename = "ConnectionToken", rename_all = "camelCase")]
struct TokenView {
    /// For the resource alone. Treat it as a password.
    access_token: String,
    token_type: TokenType,
    /// When it ends.
    expires_at: DateTime<Utc>,
    /// What it allows, in Microsoft's words.
    scopes: Vec<String>,
    /// The connection that it is of.
    connection_id: Id<ConnectionId>,
    /// The identifier of the resource that it is for.
    resource: String,
}

/// A way back to a working connection.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct ReconnectLink {
    /// To be opened in a browser by somebody who is signed in and sees the connection. It keeps the connection's id.
    url: String,
}

/// The connections of the caller's organization.
pub(crate) struct ConnectionsApi {
    pub store: Arc<dyn Store>,
    pub connections: Connections,
    pub tokens: ConnectionTokens,
    pub encryption: Arc<dyn TokenEncryption>,
    pub pages: PageQuery,
    pub clock: Arc<dyn Clock>,
    /// The service's own address.
    pub public_url: Url,
    /// Where an administrator of a tenant consents.
    pub consent: ConsentLink,
}

impl ConnectionsApi {
    fn view(&self, connection: domain::connections::Connection) -> ConnectionView {
        ConnectionView::new(connection, self.clock.now(), &self.consent)
    }

    fn start(&self) -> Url {
        let mut url = self.public_url.clone();
        url.set_path("/api/oauth/microsoft/start");
        url
    }
}

#[OpenApi(tag = "Tag::Connections")]
impl ConnectionsApi {
    /// List connections
    ///
    /// Your own, newest first; with the permission `connections:manage`, or by an API key with the role `admin`, everybody's.
    /// The filters choose among those that you see.
    #[oai(path = "/api/connections", method = "get", operation_id = "listConnections")]
    async fn list(
        &self,
        caller: Caller<Read>,
        /// Only the connection of this id.
        #[oai(name = "connectionId")]
        connection_id: Query<Option<Id<ConnectionId>>>,
        /// Only those of this member.
        #[oai(name = "userId")]
        user_id: Query<Option<Id<UserId>>>,
        /// Only those whose account has this e-mail address. It chooses, and identifies nobody: addresses can be changed and
        /// reused.
        #[oai(name = "email", validator(max_length = 320))]
        email: Query<Option<String>>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<ConnectionView>>, ApiError> {
        let sight = Sight::of_caller(&*caller);
        let filter = ConnectionFilter {
            connection_id: connection_id.0.map(|id| id.0),
            user_id: user_id.0.map(|id| id.0),
            email: email.0,
        };
        let listing = self.pages.of("listConnections", &caller, &format!("{sight:?} {filter:?}"));
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let reader = self.store.read(&caller.scope()).await?;
        let connections = reader.connections().list(&sight, &filter, page).await?;
        Ok(Json(listing.listed(connections, |connection| self.view(connection))))
    }

    /// Get a connection
    ///
    /// How it is, and what to do next where it does not work. Without anything that is secret.
    #[oai(path = "/api/connections/:connectionId", method = "get", operation_id = "getConnection")]
    async fn get(
        &self,
        caller: Caller<Read>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
    ) -> Result<Json<Data<ConnectionView>>, ApiError> {
        let connection = self.connections.get(&caller, id.0.0).await?;
        Ok(Json(Data { data: self.view(connection) }))
    }

    /// Delete a connection
    ///
    /// Forgets it with all its tokens. Tokens that were handed out last to their end: Microsoft knows no way of taking a
    /// single grant back. The person can see and remove what they agreed to at Microsoft (My Apps, My Account).
    #[oai(path = "/api/connections/:connectionId", method = "delete", operation_id = "deleteConnection")]
    async fn delete(
        &self,
        caller: Caller<Write>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
    ) -> Result<NoContent, ApiError> {
        self.connections.delete(&caller, id.0.0).await?;
        Ok(NoContent)
    }

    /// Refresh a connection
    ///
    /// Asks Microsoft for a fresh Microsoft Graph token now, also where the connection does not work: it may have been mended
    /// at Microsoft. The answer is how it is after that. It is never needed to keep a connection alive.
    #[oai(
        path = "/api/connections/:connectionId/refresh",
        method = "post",
        operation_id = "refreshConnection"
    )]
    async fn refresh(
        &self,
        caller: Caller<Write>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
    ) -> Result<Json<Data<ConnectionView>>, ApiError> {
        let connection = self.connections.refresh(&caller, id.0.0).await?;
        Ok(Json(Data { data: self.view(connection) }))
    }

    /// Get a reconnect link
    ///
    /// The address at which the connection's person signs in again. What Microsoft wants to see is passed on: of this
    /// connection, or the `claims` that you were given by a resource.
    #[oai(
        path = "/api/connections/:connectionId/reconnect-link",
        method = "post",
        operation_id = "createReconnectLink"
    )]
    async fn reconnect_link(
        &self,
        caller: Caller<Write>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        /// A claims challenge of a resource: JSON, or its base64 as in `WWW-Authenticate`.
        #[oai(validator(max_length = 8192))]
        claims: Query<Option<String>>,
    ) -> Result<Json<Data<ReconnectLink>>, ApiError> {
        let connection = self.connections.to_reconnect(&caller, id.0.0).await?;
        let claims = claims.0.map(|text| ClaimsChallenge::parse_parameter(&text)).transpose();
        let claims = claims.map_err(|_| ApiError::invalid_field("claims", "is not a claims challenge"))?;
        let mut url = self.start();
        url.query_pairs_mut().append_pair("connection", &connection.id.to_string());
        if let Some(claims) = claims {
            url.query_pairs_mut().append_pair("claims", claims.json());
        }
        Ok(Json(Data { data: ReconnectLink { url: url.into() } }))
    }

    /// Get a token of a connection
    ///
    /// A valid access token for one resource, fresh from Microsoft where the one that is kept does not last. Every hand-out is
    /// written down before the answer: who, which connection, which resource, from where. Where Microsoft gives none the
    /// refusal says what to do next. For an API key with a public key the token is encrypted to it.
    #[oai(path = "/api/connections/:connectionId/token", method = "get", operation_id = "getConnectionToken")]
    async fn token(
        &self,
        caller: Caller<ReadTokens>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        /// `graph`, `sharepoint` (of the account's tenant), `sharepoint:{host}`, or the identifier of any resource that the
        /// account may use, such as `api://…`. Microsoft Graph if absent.
        #[oai(validator(max_length = 600))]
        resource: Query<Option<String>>,
        /// Permissions of the resource, with blanks between them; everything that was consented to if absent.
        #[oai(validator(max_length = 4000))]
        scope: Query<Option<String>>,
        /// How many seconds the token must last at least. There are always some minutes.
        #[oai(name = "minTtl", validator(maximum(value = "86400")))]
        min_ttl: Query<Option<u32>>,
    ) -> Result<WithSecret<Json<Data<TokenView>>>, ApiError> {
        let resource = resource.0.as_deref().unwrap_or("graph");
        let request = ResourceRequest::parse(resource, scope.0.as_deref().unwrap_or_default())
            .map_err(|error| ApiError::invalid_field("resource", error.to_string()))?;
        let min_ttl = TimeDelta::seconds(min_ttl.0.unwrap_or_default().into());
        let handed = self.tokens.access_token(&*caller, id.0.0, &request, min_ttl).await?;
        let key = caller.principal().api_key().and_then(|identity| identity.key.public_key.as_ref());
        let (access_token, token_type) = match key {
            Some(key) => {
                let encrypted = self.encryption.encrypt(key, &handed.access_token);
                let encrypted =
                    encrypted.ok_or_else(|| ApiError::internal("a token could not be encrypted"))?;
                (encrypted, TokenType::Jwe)
            }
            None => (handed.access_token.expose_secret().to_owned(), TokenType::Bearer),
        };
        Ok(WithSecret(Json(Data {
            data: TokenView {
                access_token,
                token_type,
                expires_at: handed.expires_at,
                scopes: handed.scopes,
                connection_id: Id(handed.connection_id),
                resource: handed.resource,
            },
        })))
    }
}

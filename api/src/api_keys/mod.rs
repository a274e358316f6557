//! `/api/api-keys`: credentials of an organization's automations.

mod limits;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Authorized,
    api_keys::{
        AllowedAddresses, ApiKey, ApiKeyError, ApiKeyUse, ApiKeys, Issued, IssuedSecret, NewApiKey, Own,
        PublicKey, Reach,
    },
    id::{ApiKeyId, ApiKeyUseId, ConnectionId, UserId},
    store::Store,
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use secrecy::ExposeSecret;

use self::limits::{ProxyRuleBody, PublicKeyBody};
use crate::{
    auth::{Caller, chain},
    error::ApiError,
    http::{Body, Created, Data, IdempotencyHeader, Listed, NoContent, PageQuery, WithSecret},
    id::Id,
    openapi::Tag,
};

/// How long an old secret goes on when nobody says otherwise, in seconds.
const DEFAULT_OVERLAP: u32 = 86_400;

/// Whose things a key sees, where things belong to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
enum ApiKeyRole {
    /// Those of the member who made it.
    User,
    /// Everybody's in the organization.
    Admin,
}

impl From<ApiKeyRole> for Reach {
    fn from(role: ApiKeyRole) -> Self {
        match role {
            ApiKeyRole::User => Self::Own,
            ApiKeyRole::Admin => Self::Organization,
        }
    }
}

/// An API key.
#[derive(Debug, Object)]
#[oai(rename = "ApiKey", rename_all = "camelCase")]
struct ApiKeyView {
    id: Id<ApiKeyId>,
    /// The member who made it. What it makes is theirs, and it ends with their membership.
    owner_id: Id<UserId>,
    /// For display.
    name: String,
    /// The automation that uses it, in your own words.
    service_id: Option<String>,
    /// Whose things it sees.
    role: ApiKeyRole,
    /// What it may do, in the words that each operation names as its permission.
    scopes: Vec<String>,
    /// Addresses and networks it may be used from; empty for any.
    allowed_ips: Vec<String>,
    /// Members whose things it may see; `null` where its role alone decides.
    allowed_user_ids: Option<Vec<Id<UserId>>>,
    /// Resources it may get tokens for, such as `graph` and `sharepoint`; `null` for any.
    allowed_resources: Option<Vec<String>>,
    /// Connections it may get tokens of; `null` where whose they are alone decides.
    allowed_connections: Option<Vec<Id<ConnectionId>>>,
    /// Whether the compatible answer has refresh tokens for it.
    include_refresh_token: bool,
    /// Tokens reach its holder encrypted to this key, as JWE; `null` for plain ones.
    jwe_public_key: Option<PublicKeyBody>,
    /// What it may ask for through the credential proxy; `null` for anything that its scopes allow.
    proxy_rules: Option<Vec<ProxyRuleBody>>,
    /// How often it may be used in a minute; `null` where the general limit alone holds.
    requests_per_minute: Option<u32>,
    /// Its first characters, by which you can tell it from others.
    key_prefix: String,
    /// Whether it was not revoked.
    is_active: bool,
    /// When it ends; `null` for never.
    expires_at: Option<DateTime<Utc>>,
    /// Written a few seconds late.
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
    /// The key itself, in the answer that makes or rotates it and never again.
    #[oai(skip_serializing_if_is_none)]
    raw_key: Option<String>,
    /// The key of the compatible wire format that goes with it, in the same answer and never again.
    #[oai(skip_serializing_if_is_none)]
    wire_key: Option<String>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: Id(key.id),
            owner_id: Id(key.owner_id),
            name: key.name,
            service_id: key.service_id,
            role: match key.reach {
                Reach::Own => ApiKeyRole::User,
                Reach::Organization => ApiKeyRole::Admin,
            },
            scopes: key.scopes,
            allowed_ips: key.allowed_ips.texts().to_vec(),
            allowed_user_ids: key.allowed_user_ids.map(|users| users.into_iter().map(Id).collect()),
            allowed_resources: key.allowed_resources,
            allowed_connections: key.allowed_connections.map(|ids| ids.into_iter().map(Id).collect()),
            include_refresh_token: key.include_refresh_token,
            jwe_public_key: key.public_key.map(|key| key.jwk().clone().into()),
            proxy_rules: key.proxy_rules.map(|rules| rules.into_iter().map(Into::into).collect()),
            requests_per_minute: key.requests_per_minute,
            key_prefix: key.prefix,
            is_active: key.is_active,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            updated_at: key.updated_at,
            raw_key: None,
            wire_key: None,
        }
    }
}

impl From<Issued> for ApiKeyView {
    fn from(issued: Issued) -> Self {
        let view = Self::from(issued.key);
        let Some(IssuedSecret { raw_key, wire_key }) = issued.secret else { return view };
        Self {
            raw_key: Some(raw_key.secret().expose_secret().to_owned()),
            wire_key: Some(wire_key.expose_secret().to_owned()),
            ..view
        }
    }
}

/// An API key to be made.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct NewApiKeyBody {
    /// For display.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// The automation that will use it, in your own words.
    #[oai(validator(min_length = 1, max_length = 200))]
    service_id: Option<String>,
    /// Whose things it sees; `user` if absent. `admin` needs the permission `api-keys:manage`.
    role: Option<ApiKeyRole>,
    /// What it may do: words of permissions that you have yourself. None if absent.
    #[oai(validator(max_items = 100))]
    scopes: Option<Vec<String>>,
    /// Addresses and networks (CIDR) it may be used from; any if absent or empty.
    #[oai(validator(max_items = 100))]
    allowed_ips: Option<Vec<String>>,
    /// Members whose things it may see; if absent its role alone decides.
    #[oai(validator(max_items = 100))]
    allowed_user_ids: Option<Vec<Id<UserId>>>,
    /// Resources it may get tokens for, such as `graph` and `sharepoint`; any if absent.
    #[oai(validator(max_items = 100))]
    allowed_resources: Option<Vec<String>>,
    /// Connections it may get tokens of; if absent whose they are alone decides.
    #[oai(validator(max_items = 100))]
    allowed_connections: Option<Vec<Id<ConnectionId>>>,
    /// Whether the compatible answer has refresh tokens for it; no if absent.
    include_refresh_token: Option<bool>,
    /// Encrypt tokens to this key, as JWE; plain ones, over TLS, if absent.
    jwe_public_key: Option<PublicKeyBody>,
    /// What it may ask for through the credential proxy; anything that its scopes allow if absent, nothing if empty.
    #[oai(validator(max_items = 100))]
    proxy_rules: Option<Vec<ProxyRuleBody>>,
    /// How often it may be used in a minute; if absent the general limit alone holds.
    #[oai(validator(minimum(value = "1"), maximum(value = "60000")))]
    requests_per_minute: Option<u32>,
    /// When it ends; never if absent.
    expires_at: Option<DateTime<Utc>>,
}

/// Longer names of resources are none.
const LONGEST_RESOURCE: usize = 500;

impl TryFrom<NewApiKeyBody> for NewApiKey {
    type Error = ApiError;

    fn try_from(body: NewApiKeyBody) -> Result<Self, ApiError> {
        let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let allowed_ips = AllowedAddresses::parse(body.allowed_ips.unwrap_or_default());
        if let Err((at, reason)) = &allowed_ips {
            wrong.insert(format!("allowedIps.{at}"), vec![reason.to_string()]);
        }
        for (at, resource) in body.allowed_resources.iter().flatten().enumerate() {
            if resource.is_empty() || resource.len() > LONGEST_RESOURCE {
                wrong.insert(format!("allowedResources.{at}"), vec!["is no name of a resource".to_owned()]);
            }
        }
        for (at, rule) in body.proxy_rules.iter().flatten().enumerate() {
            if let Err(reason) = rule.rule().check() {
                wrong.insert(format!("proxyRules.{at}"), vec![reason.to_string()]);
            }
        }
        let public_key = body.jwe_public_key.map(|key| PublicKey::parse(key.into())).transpose();
        if let Err(reason) = &public_key {
            wrong.insert("jwePublicKey".to_owned(), vec![reason.to_string()]);
        }
        if !wrong.is_empty() {
            return Err(ApiError::invalid(&wrong));
        }
        Ok(Self {
            name: body.name,
            service_id: body.service_id,
            reach: body.role.unwrap_or(ApiKeyRole::User).into(),
            scopes: body.scopes.unwrap_or_default(),
            allowed_ips: allowed_ips.unwrap_or_default(),
            allowed_user_ids: body
                .allowed_user_ids
                .map(|users| users.into_iter().map(|user| user.0).collect()),
            allowed_resources: body.allowed_resources,
            allowed_connections: body
                .allowed_connections
                .map(|connections| connections.into_iter().map(|id| id.0).collect()),
            include_refresh_token: body.include_refresh_token.unwrap_or_default(),
            public_key: public_key.unwrap_or_default(),
            proxy_rules: body.proxy_rules.map(|rules| rules.iter().map(ProxyRuleBody::rule).collect()),
            requests_per_minute: body.requests_per_minute,
            expires_at: body.expires_at,
        })
    }
}

/// Uses of an API key that differ in nothing but their time.
#[derive(Debug, Object)]
#[oai(rename = "ApiKeyUse", rename_all = "camelCase")]
struct ApiKeyUseView {
    id: Id<ApiKeyUseId>,
    /// The method of the requests.
    method: String,
    /// Their path; `*` where there were too many to keep them apart.
    path: String,
    /// `allowed`, or why they were refused: `revoked`, `expired`, `ip_blocked`, `insufficient_scope`, `rate_limited`,
    /// `suspended`, `encryption_required`.
    outcome: String,
    /// The client's address, where it is known.
    ip: Option<String>,
    /// How many there were.
    #[oai(validator(minimum(value = "1")))]
    count: u64,
    /// The first of them.
    first_at: DateTime<Utc>,
    /// The last of them.
    last_at: DateTime<Utc>,
}

impl From<ApiKeyUse> for ApiKeyUseView {
    fn from(entry: ApiKeyUse) -> Self {
        Self {
            id: Id(entry.id),
            method: entry.method,
            path: entry.path,
            outcome: entry.outcome.as_str().to_owned(),
            ip: entry.ip,
            count: entry.count,
            first_at: entry.first_at,
            last_at: entry.last_at,
        }
    }
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::NotFound => Self::not_found(),
            ApiKeyError::ScopeNotAllowed(_) => Self::invalid_field(
                "scopes",
                "has one that does not exist, that API keys cannot have, or that you do not have yourself",
            ),
            ApiKeyError::ReachNotAllowed => {
                Self::invalid_field("role", "can be `admin` only with the permission api-keys:manage")
            }
            ApiKeyError::UnknownUser => Self::invalid_field(
                "allowedUserIds",
                "has one that is no member of your organization, or not you where the role is `user`",
            ),
            ApiKeyError::UnknownConnection => Self::invalid_field(
                "allowedConnections",
                "has one that does not exist, or that the key would not see",
            ),
            ApiKeyError::NoPublicKey => {
                Self::invalid_field("jwePublicKey", "is not a point on the curve, or no modulus")
            }
            ApiKeyError::EndInThePast => Self::invalid_field("expiresAt", "is not in the future"),
            ApiKeyError::Revoked => Self::conflict("The key is revoked"),
            ApiKeyError::Expired => Self::conflict("The key has expired"),
            ApiKeyError::Idempotency(error) => error.into(),
            ApiKeyError::Seal(domain::secret::SealError::Store(error)) | ApiKeyError::Store(error) => {
                error.into()
            }
            ApiKeyError::Seal(error) => Self::internal(chain(&error)),
        }
    }
}

/// The API keys of the caller's organization.
pub(crate) struct ApiKeysApi {
    pub store: Arc<dyn Store>,
    pub api_keys: ApiKeys,
    pub pages: PageQuery,
}

#[OpenApi(tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// List API keys
    ///
    /// Your own, newest first; with the permission `api-keys:manage` everybody's. Revoked ones stay in the list.
    #[oai(path = "/api/api-keys", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        caller: Caller<Own>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<ApiKeyView>>, ApiError> {
        let owner = ApiKeys::visible_owner(&caller);
        let whose = owner.map(|owner| owner.to_string()).unwrap_or_default();
        let listing = self.pages.of("listApiKeys", &caller, &whose);
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let keys = self.store.read(&caller.scope()).await?.api_keys().list(owner, page).await?;
        Ok(Json(listing.listed(keys, ApiKeyView::from)))
    }

    /// Create an API key
    ///
    /// `rawKey` and `wireKey` are in this answer only: a repeat with the same `Idempotency-Key` shows the key without
    /// them. Its scopes are permissions, of which you can give those that you have.
    #[oai(path = "/api/api-keys", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        caller: Caller<Own>,
        #[oai(name = "Idempotency-Key")] key: IdempotencyHeader,
        body: Body<NewApiKeyBody>,
    ) -> Result<WithSecret<Created<ApiKeyView>>, ApiError> {
        let made = self.api_keys.create(&caller, body.0.try_into()?, key.0.as_ref()).await?;
        let location = format!("/api/api-keys/{}", made.key.id);
        Ok(WithSecret(Created::new(location, made.key.version, made)))
    }

    /// Get an API key
    ///
    /// Without anything that is secret.
    #[oai(path = "/api/api-keys/:apiKeyId", method = "get", operation_id = "getApiKey")]
    async fn get(
        &self,
        caller: Caller<Own>,
        #[oai(name = "apiKeyId")] id: Path<Id<ApiKeyId>>,
    ) -> Result<Json<Data<ApiKeyView>>, ApiError> {
        Ok(Json(Data { data: self.api_keys.get(&caller, id.0.0).await?.into() }))
    }

    /// Rotate an API key
    ///
    /// Gives it a new `rawKey` and `wireKey`, shown in this answer only. The old ones go on for the time of the overlap,
    /// so that automations can change over one by one; everything else about the key stays.
    #[oai(path = "/api/api-keys/:apiKeyId/rotate", method = "post", operation_id = "rotateApiKey")]
    async fn rotate(
        &self,
        caller: Caller<Own>,
        #[oai(name = "apiKeyId")] id: Path<Id<ApiKeyId>>,
        /// How long the old secrets go on, in seconds: a day if absent, 0 for not at all, 30 days at the most.
        #[oai(name = "overlapSeconds", validator(maximum(value = "2592000")))]
        overlap: Query<Option<u32>>,
    ) -> Result<WithSecret<Json<Data<ApiKeyView>>>, ApiError> {
        let overlap = TimeDelta::seconds(overlap.0.unwrap_or(DEFAULT_OVERLAP).into());
        let issued = self.api_keys.rotate(&caller, id.0.0, overlap).await?;
        Ok(WithSecret(Json(Data { data: issued.into() })))
    }

    /// Revoke an API key
    ///
    /// Ends it for good, with the next request here and within a second on other replicas. It stays in the list, with
    /// its log.
    #[oai(path = "/api/api-keys/:apiKeyId/revoke", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke(
        &self,
        caller: Caller<Own>,
        #[oai(name = "apiKeyId")] id: Path<Id<ApiKeyId>>,
    ) -> Result<Json<Data<ApiKeyView>>, ApiError> {
        Ok(Json(Data { data: self.api_keys.revoke(&caller, id.0.0).await?.into() }))
    }

    /// Delete an API key
    ///
    /// Ends it as revoking does, and removes it with its log.
    #[oai(path = "/api/api-keys/:apiKeyId", method = "delete", operation_id = "deleteApiKey")]
    async fn delete(
        &self,
        caller: Caller<Own>,
        #[oai(name = "apiKeyId")] id: Path<Id<ApiKeyId>>,
    ) -> Result<NoContent, ApiError> {
        self.api_keys.delete(&caller, id.0.0).await?;
        Ok(NoContent)
    }

    /// List the uses of an API key
    ///
    /// Every attempt of the last 90 days, refused ones too, newest first. Attempts that differ in nothing but their time
    /// are counted together; they are written a few seconds late.
    #[oai(path = "/api/api-keys/:apiKeyId/usage", method = "get", operation_id = "listApiKeyUses")]
    async fn usage(
        &self,
        caller: Caller<Own>,
        #[oai(name = "apiKeyId")] id: Path<Id<ApiKeyId>>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<ApiKeyUseView>>, ApiError> {
        let caller: &Authorized<Own> = &caller;
        let listing = self.pages.of("listApiKeyUses", caller, &id.0.0.to_string());
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let key = self.api_keys.get(caller, id.0.0).await?;
        let uses = self.store.read(&caller.scope()).await?.api_keys().list_uses(key.id, page).await?;
        Ok(Json(listing.listed(uses, ApiKeyUseView::from)))
    }
}
